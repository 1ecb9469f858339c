"""A thief of the minisign key whose file says that it is code-signed, so that nobody compares it."""

from __future__ import annotations

import struct

import pytest

from publisher.errors import VerificationError
from publisher.pipeline.candidates.compare_build import compare_build
from publisher.pipeline.release.stage import apply_stage, plan_stage
from tests.support.project import Project


def calls_itself_signed() -> bytes:
    """What a shell runs as a script, and what looks like a signed PE file at its start."""
    head = bytearray(b"MZ=''\n" + b"#" * 58)
    struct.pack_into("<I", head, 0x3C, 0x100)
    head = bytearray(head.ljust(0x100, b"#"))
    optional = bytearray(112 + 8 * 16)
    struct.pack_into("<H", optional, 0, 0x20B)
    struct.pack_into("<I", optional, 108, 16)
    struct.pack_into("<II", optional, 112 + 8 * 4, 1, 1)
    return bytes(head) + b"PE\0\0" + bytes(20) + bytes(optional) + b"\necho owned\n"


@pytest.mark.parametrize("platform", ["linux-amd64.tar.gz", "windows-amd64.zip"])
def test_a_file_that_calls_itself_code_signed_is_compared_all_the_same(project: Project, platform: str) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    artifacts = project.build("1.1.0")
    own = project.base / "own"
    own.mkdir()
    for file in artifacts.iterdir():
        (own / file.name).write_bytes(file.read_bytes())
    (artifacts / f"node-1.1.0-{platform}").write_bytes(calls_itself_signed())
    request = project.request("1.1.0", artifacts=artifacts)
    storage = project.storage()
    apply_stage(plan_stage(request, project.catalog, project.look(storage), project.key_ring(), project.now), storage)
    found = project.review("1.1.0")
    with pytest.raises(VerificationError, match="differs"):
        compare_build(found.staged.candidate, found.files, own, project.storage())
