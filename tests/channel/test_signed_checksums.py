"""What the minisign key vouches for, from the files beside the binaries alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from publisher.channel.manifests import MANIFEST_FILE, SUMS_FILE, manifest_bytes, sums, trusted_comment
from publisher.channel.signed_checksums import VouchedRelease, vouched_release
from publisher.errors import VerificationError
from publisher.model.records.channel_state import Companion, Manifest, PublishedArtifact
from publisher.signing.digests import digest_bytes
from publisher.wire.version import Version
from tests.support.channel import minisign_key

Files = dict[str, bytes]
BINARIES = {"linux-amd64": "node.tar.gz", "darwin-arm64": "node.pkg"}
BOM = b'{"bomFormat": "CycloneDX"}'


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest(**changes: object) -> Manifest:
    artifacts = tuple(
        PublishedArtifact(
            file=file,
            platform=platform,
            size=len(file),
            sha256=sha256(file.encode()),
            companions=(Companion(file=f"{file}.cdx.json", kind="cyclonedx", size=len(BOM), sha256=sha256(BOM)),),
        )
        for platform, file in BINARIES.items()
    )
    made = Manifest(product="node", version=Version.parse("1.0.0"), artifacts=artifacts)
    return made.model_copy(update=changes)


def published(facts: bytes | None = None, more: dict[str, str] | None = None, key: str = "minisign-ben") -> Files:
    """SHA256SUMS, release.json and signatures, for binaries whose bytes are their names."""
    facts = manifest_bytes(manifest()) if facts is None else facts
    digests = {file: sha256(file.encode()) for file in BINARIES.values()}
    digests |= {f"{file}.cdx.json": sha256(BOM) for file in BINARIES.values()}
    listed = sums({**digests, MANIFEST_FILE: sha256(facts), **(more or {})}.items())
    files = {SUMS_FILE: listed, MANIFEST_FILE: facts}
    files[f"{SUMS_FILE}.minisig"] = signature(SUMS_FILE, listed, key=key)
    return files | {f"{file}.minisig": signature(file, file.encode(), key=key) for file in BINARIES.values()}


def signature(file: str, data: bytes, version: str = "1.0.0", key: str = "minisign-ben") -> bytes:
    comment = trusted_comment("node", version, file)
    return minisign_key(key).sign(digest_bytes(data).blake2b512, trusted_comment=comment)


def vouched(files: Files) -> VouchedRelease:
    return vouched_release("node", "1.0.0", files.get, minisign_key().public_file())


def test_binaries_are_named_by_platform_and_what_lies_beside_them_by_its_digest() -> None:
    files = published()
    release = vouched(files)
    assert [(file.platform, file.file) for file in release.files] == sorted(BINARIES.items())
    assert release.documents == files
    beside = {name: sha256(data) for name, data in files.items()}
    assert release.digests == beside | {f"{file}.cdx.json": sha256(BOM) for file in BINARIES.values()}


@pytest.mark.parametrize("name", sorted(published()))
def test_a_file_that_is_missing_is_named(name: str) -> None:
    files = published()
    del files[name]
    with pytest.raises(VerificationError, match=f"^{name} of node 1.0.0 is missing"):
        vouched(files)


def resigned(files: Files, name: str, data: bytes, version: str = "1.0.0") -> Files:
    return files | {f"{name}.minisig": signature(name, data, version)}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        (lambda: published(key="minisign-eva"), "minisign"),
        (lambda: published() | {SUMS_FILE: published()[SUMS_FILE].replace(b"node.pkg", b"evil.pkg")}, "minisign"),
        (
            lambda: published() | {MANIFEST_FILE: b"{}"},
            "release.json of node 1.0.0 is not the one that SHA256SUMS lists",
        ),
        (lambda: published(b"{}"), "release.json of node 1.0.0 cannot be read"),
        (lambda: published(manifest_bytes(manifest()) + b"\n"), "release.json is not the manifest of node 1.0.0"),
        (
            lambda: published(manifest_bytes(manifest(product="desktop"))),
            "release.json is not the manifest of node 1.0.0",
        ),
        (
            lambda: published(manifest_bytes(manifest(version=Version.parse("1.0.1")))),
            "release.json is not the manifest of node 1.0.0",
        ),
        (lambda: published(more={"more.bin": "a" * 64}), "do not name the same files"),
        (lambda: published(more={"node.pkg": "a" * 64}), "do not name the same files"),
        (
            lambda: published(manifest_bytes(manifest(artifacts=manifest().artifacts[:1]))),
            "do not name the same files",
        ),
        (
            lambda: published(manifest_bytes(manifest(artifacts=manifest().artifacts * 2))),
            "do not name the same files",
        ),
        (
            lambda: resigned(published(), "node.pkg", b"node.pkg", "0.9.0"),
            "the minisign signature of node.pkg was made for something else: product:node version:0.9.0",
        ),
        (
            lambda: published() | {"node.pkg.minisig": published()["node.tar.gz.minisig"]},
            "the minisign signature of node.pkg was made for something else",
        ),
        (
            lambda: resigned(published(), SUMS_FILE, published()[SUMS_FILE], "0.9.0"),
            "the minisign signature of SHA256SUMS was made for something else",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused(files: Callable[[], Files], words: str) -> None:
    with pytest.raises(VerificationError, match=words):
        vouched(files())
