"""A thief with one key and the bucket exchanges a build that is staged: nobody is shown it, nothing of it ships."""

from __future__ import annotations

import hashlib

import pytest

from publisher.errors import TidegateError
from publisher.signing.minisign import MinisignKey
from tests.support.approving import ROLE, promote
from tests.support.exchanging import (
    EVIL,
    exchange_build,
    people_files,
    rewrite_sums,
    stage_as_thief,
    with_people_files,
)
from tests.support.planting import offered
from tests.support.project import Project, tree

KEYS = (
    "timestamp-ben",
    "snapshot-ben",
    "channels-ana",
    "channels-ben",
    "channels-eva",
    "brakes-ben",
    "rollout-ben",
    "notes-coco",
    "targets-ana",
    "root-ana",
)
PEOPLE_OF_THE_CHANNEL = ("channels-ana", "channels-ben", "channels-eva")


def exchange(project: Project, key: str, *, sums: bool = False) -> str:
    """The staged 1.1.0 with another binary for Linux; with `sums`, in SHA256SUMS and release.json too."""
    storage = project.storage()
    honest = project.staged().candidate
    files = people_files(storage, ROLE, honest.digest)
    [old] = [
        target.hashes["sha256"]
        for path, target in honest.metadata.signed.targets.items()
        if path.startswith("artifacts/node/stable/1.1.0/") and "linux" in path
    ]
    payload = exchange_build(storage, ROLE, honest.metadata, "1.1.0", "linux-amd64", EVIL)
    if sums:
        files = rewrite_sums(files, old, hashlib.sha256(EVIL).hexdigest())
        payload = with_people_files(payload, files)
    return stage_as_thief(storage, ROLE, payload, files, project.key(key), project.root, project.now)


@pytest.mark.parametrize("sums", [False, True], ids=["genuine-sums", "rewritten-sums"])
@pytest.mark.parametrize("key", KEYS)
def test_an_exchanged_build_is_not_shown_to_those_who_approve(staged: Project, key: str, sums: bool) -> None:
    digest = exchange(staged, key, sums=sums)
    assert staged.staged().candidate.digest == digest
    before = tree(staged.bucket)
    why = "no entry of the ledger" if key not in PEOPLE_OF_THE_CHANNEL else "is not what the minisign key vouches for"
    if key in PEOPLE_OF_THE_CHANNEL and not sums:
        why = "tells clients on linux-amd64 something else"
    with pytest.raises(TidegateError, match=why):
        staged.review("1.1.0")
    assert tree(staged.bucket) == before
    assert offered(staged) == "1.0.0"


def test_bytes_exchanged_under_a_good_name_after_the_approvals_do_not_go_live(staged: Project) -> None:
    """The metadata is honest, and the object that it names is not: clients would refuse it, and see no update."""
    staged.approve("1.1.0")
    target = next(path for path in (staged.bucket / "tuf/targets/artifacts/node/stable/1.1.0").iterdir())
    target.chmod(0o600)
    target.write_bytes(EVIL)
    with pytest.raises(TidegateError, match="nothing was made live"):
        promote(staged)
    assert offered(staged) == "1.0.0"


def test_a_signature_for_people_that_is_of_another_build_does_not_go_live(staged: Project) -> None:
    """Its comment fits, since it was made for the same version; the bytes do not."""
    staged.build("1.1.0", extra="another build")
    storage, [honest] = staged.storage(), [staged.staged().candidate]
    name = "node-1.1.0-linux-amd64.tar.gz.minisig"
    other = MinisignKey.open(
        next(signer for signer in staged.catalog.signers.signers if "minisign" in signer.roles),
        base=staged.keys,
        passphrase=lambda _name: None,
    ).sign(b"\0" * 64, trusted_comment=f"product:node version:1.1.0 file:{name.removesuffix('.minisig')}")
    files = {**people_files(storage, ROLE, honest.digest), name: other}
    payload = with_people_files(honest.metadata, files)
    stage_as_thief(storage, ROLE, payload, files, staged.key("channels-ana"), staged.root, staged.now)
    staged.approve("1.1.0")
    with pytest.raises(TidegateError, match="nothing was made live"):
        promote(staged)
    assert offered(staged) == "1.0.0"
