"""What the minisign key vouches for: the files of one version, by the SHA256SUMS that it signed.

Sizes and digests of a candidate's files follow from here alone. Whatever else says them (the candidate, its feeds, the
record beside it) is compared with this, never with itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from publisher.channel.manifests import (
    MANIFEST_FILE,
    SIGNATURE_SUFFIX,
    SUMS_FILE,
    manifest_bytes,
    parse_sums,
    trusted_comment,
)
from publisher.errors import VerificationError
from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import Manifest
from publisher.signing.digests import digest_bytes
from publisher.signing.minisign import signed_comment
from publisher.signing.minisign import verify as verify_minisign

ReadFile = Callable[[str], bytes | None]
"""Reads a file beside SHA256SUMS by its plain name; None when there is none."""


@dataclass(frozen=True)
class VouchedRelease:
    """The files of one version, as the minisign key vouches for them."""

    manifest: Manifest
    digests: Mapping[str, str]
    """Name -> SHA-256 of each file that lies beside the binaries: SHA256SUMS, what it lists, and the signatures."""
    documents: Mapping[str, bytes]
    """Name -> bytes of the files that were read to prove it; bills of materials are not among them."""

    @property
    def files(self) -> tuple[PublishedFile, ...]:
        """The binaries, by platform."""
        return tuple(sorted(self.manifest.artifacts, key=lambda artifact: artifact.platform))


def vouched_release(product: str, version: str, read: ReadFile, public: bytes) -> VouchedRelease:
    """Verify SHA256SUMS, release.json and the signatures beside the binaries, whose bytes are not read here.

    `public` is the minisign public key that the configuration names. A signature beside a binary is bound to it by its
    signed comment; whether it fits the binary's bytes shows whoever reads them. Raises VerificationError.
    """
    documents: dict[str, bytes] = {}

    def take(name: str) -> bytes:
        data = read(name)
        if data is None:
            raise VerificationError(f"{name} of {product} {version} is missing")
        documents[name] = data
        return data

    sums = take(SUMS_FILE)
    comment = verify_minisign(public, take(SUMS_FILE + SIGNATURE_SUFFIX), digest_bytes(sums).blake2b512)
    _check_comment(comment, product, version, SUMS_FILE)
    listed = parse_sums(sums)
    manifest = _manifest(take(MANIFEST_FILE), product, version, listed)
    for artifact in manifest.artifacts:
        name = artifact.file + SIGNATURE_SUFFIX
        _check_comment(signed_comment(public, take(name)), product, version, artifact.file)
    binaries = {artifact.file for artifact in manifest.artifacts}
    digests = {name: sha256 for name, sha256 in listed.items() if name not in binaries}
    digests |= {name: digest_bytes(data).sha256 for name, data in documents.items()}
    return VouchedRelease(manifest, digests, documents)


def _manifest(data: bytes, product: str, version: str, listed: Mapping[str, str]) -> Manifest:
    """release.json, if SHA256SUMS lists just what it says. Raises VerificationError."""
    if listed.get(MANIFEST_FILE) != digest_bytes(data).sha256:
        raise VerificationError(f"{MANIFEST_FILE} of {product} {version} is not the one that {SUMS_FILE} lists")
    try:
        manifest = Manifest.model_validate_json(data)
    except ValueError as error:
        raise VerificationError(f"{MANIFEST_FILE} of {product} {version} cannot be read") from error
    if (manifest.product, str(manifest.version)) != (product, version) or manifest_bytes(manifest) != data:
        raise VerificationError(f"{MANIFEST_FILE} is not the manifest of {product} {version}")
    files = [(artifact.file, artifact.sha256) for artifact in manifest.artifacts]
    files += [(file.file, file.sha256) for artifact in manifest.artifacts for file in artifact.companions]
    named = {**dict(files), MANIFEST_FILE: listed[MANIFEST_FILE]}
    if named != dict(listed) or len(named) != len(files) + 1:
        raise VerificationError(f"{SUMS_FILE} and {MANIFEST_FILE} of {product} {version} do not name the same files")
    return manifest


def _check_comment(comment: str, product: str, version: str, file: str) -> None:
    if comment != trusted_comment(product, version, file):
        raise VerificationError(
            f"the minisign signature of {file} was made for something else: {comment}",
            fix=f"sign {file} of {product} {version}",
        )
