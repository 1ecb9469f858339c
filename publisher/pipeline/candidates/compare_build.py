"""Compare a build of one's own with what a candidate ships: `publish approve --artifacts DIR`.

What is compared with is what the minisign key vouches for. A file that a code-signing service has signed never comes
out of a build again: of a Windows program what was built is compared without the signature; a macOS program is not
compared. A file of any other kind, whatever it says of itself, is the same or differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from publisher.channel.candidates.release_candidate import ReleaseCandidate
from publisher.channel.layout import artifact_target, target_key
from publisher.channel.size_limits import FILE_LIMIT
from publisher.errors import InputError, StorageMissing, VerificationError
from publisher.model.published_file import PublishedFile
from publisher.model.records.approval import BuiltFile, Comparison
from publisher.rules import english
from publisher.signing.code_signature import read_program
from publisher.signing.digests import digest_file
from publisher.storage.protocol import Storage

SIGNING_PLATFORMS = ("windows-", "macos-")
"""Platforms whose programs carry code signatures."""


def compare_build(
    candidate: ReleaseCandidate, files: Sequence[PublishedFile], directory: Path, storage: Storage
) -> tuple[BuiltFile, ...]:
    """How the candidate's files compare with those in `directory`. Raises VerificationError; InputError without any."""
    if not directory.is_dir():
        raise InputError(f"there is no directory {directory}", fix="name the directory of your build with --artifacts")
    compared = tuple(_compare(candidate, file, directory / file.file, storage) for file in files)
    if differing := [built.file for built in compared if built.result is Comparison.DIFFERS]:
        raise VerificationError(
            f"{english.listed(differing)} in {directory} {'differs' if len(differing) == 1 else 'differ'} from what was"
            f" staged as {candidate.product} {candidate.release}",
            fix="find out which of the two builds is wrong before anybody signs",
        )
    if all(built.result is Comparison.MISSING for built in compared):
        raise InputError(
            f"{directory} contains none of the files of {candidate.product} {candidate.release}",
            fix=f"build {english.listed([file.file for file in files])} there",
        )
    return compared


def _compare(candidate: ReleaseCandidate, file: PublishedFile, path: Path, storage: Storage) -> BuiltFile:
    if not path.exists():
        result = Comparison.MISSING
    elif digest_file(path).sha256 == file.sha256:
        result = Comparison.SAME
    else:
        result = _compare_programs(candidate, file, path, storage)
    return BuiltFile(file=file.file, sha256=file.sha256, result=result)


def _compare_programs(candidate: ReleaseCandidate, file: PublishedFile, path: Path, storage: Storage) -> Comparison:
    """How a program for a system whose programs are signed compares with one that was not, or not by the same."""
    if not file.platform.startswith(SIGNING_PLATFORMS):
        return Comparison.DIFFERS
    target = artifact_target(candidate.product, candidate.channel, candidate.release, file.file)
    try:
        with storage.open(target_key(target, file.sha256), FILE_LIMIT) as stream:
            published = read_program(stream)
    except StorageMissing:
        return Comparison.DIFFERS
    with path.open("rb") as stream:
        own = read_program(stream)
    if published is None or own is None or published.kind != own.kind or not published.signed:
        return Comparison.DIFFERS
    if published.unsigned_sha256 is None:
        return Comparison.CODE_SIGNED
    return Comparison.SAME_BUT_SIGNED if published.unsigned_sha256 == own.unsigned_sha256 else Comparison.DIFFERS
