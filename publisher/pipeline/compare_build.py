"""Compare a build of one's own with what a candidate ships: `publish approve --artifacts DIR`.

What is compared with is what the minisign key vouches for. A file that a code-signing service has signed never comes
out of a build again, so it is not compared; which files those are is read from the published file itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from publisher.channel.layout import artifact_target, target_key
from publisher.channel.limits import FILE_LIMIT
from publisher.channel.release_candidate import ReleaseCandidate
from publisher.errors import InputError, StorageMissing, VerificationError
from publisher.model.approval import BuiltFile, Comparison
from publisher.model.evidence import ArtifactFact
from publisher.rules import words
from publisher.signing.code_signature import HEAD, carries_code_signature
from publisher.signing.digests import digest_file
from publisher.storage.protocol import Storage


def compare_build(
    candidate: ReleaseCandidate, files: Sequence[ArtifactFact], directory: Path, storage: Storage
) -> tuple[BuiltFile, ...]:
    """How each of the candidate's files compares with the file of its name in `directory`.

    Raises VerificationError when a file differs, InputError when there is no such directory or nothing to compare.
    """
    if not directory.is_dir():
        raise InputError(f"there is no directory {directory}", fix="name the directory of your build with --artifacts")
    compared = tuple(_compare(candidate, file, directory / file.file, storage) for file in files)
    if differing := [built.file for built in compared if built.result is Comparison.DIFFERS]:
        raise VerificationError(
            f"{words.listed(differing)} in {directory} {'differs' if len(differing) == 1 else 'differ'} from what was"
            f" staged as {candidate.product} {candidate.release}",
            fix="find out which of the two builds is wrong before anybody signs",
        )
    if all(built.result is Comparison.MISSING for built in compared):
        raise InputError(
            f"{directory} holds none of the files of {candidate.product} {candidate.release}",
            fix=f"build {words.listed([file.file for file in files])} there",
        )
    return compared


def _compare(candidate: ReleaseCandidate, file: ArtifactFact, path: Path, storage: Storage) -> BuiltFile:
    if not path.exists():
        result = Comparison.MISSING
    elif digest_file(path).sha256 == file.sha256:
        result = Comparison.SAME
    elif _is_code_signed(candidate, file, storage):
        result = Comparison.CODE_SIGNED
    else:
        result = Comparison.DIFFERS
    return BuiltFile(file=file.file, sha256=file.sha256, result=result)


def _is_code_signed(candidate: ReleaseCandidate, file: ArtifactFact, storage: Storage) -> bool:
    path = artifact_target(candidate.product, candidate.channel, candidate.release, file.file)
    try:
        with storage.open(target_key(path, file.sha256), FILE_LIMIT) as stream:
            return carries_code_signature(stream.read(HEAD))
    except StorageMissing:
        return False
