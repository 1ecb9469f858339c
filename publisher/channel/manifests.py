"""What people check by hand: SHA256SUMS and release.json of one version."""

from __future__ import annotations

import json
from collections.abc import Iterable

from publisher.errors import VerificationError
from publisher.model.records.channel_state import Manifest

SUMS_FILE = "SHA256SUMS"
MANIFEST_FILE = "release.json"
BOM_SUFFIXES = (".cdx.json", ".bom.json", ".spdx.json")
"""How the names of bills of materials end; what comes before is the binary that they are about."""

SIGNATURE_SUFFIX = ".minisig"


def sums(files: Iterable[tuple[str, str]]) -> bytes:
    """The format that `sha256sum -c` reads, from (file name, digest), sorted by name."""
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(files)).encode()


def parse_sums(text: bytes) -> dict[str, str]:
    """File name -> digest. Raises VerificationError for a line that is not in the format of `sums`."""
    digests: dict[str, str] = {}
    for line in text.decode("utf-8", "replace").splitlines():
        digest, separator, name = line.partition("  ")
        if len(digest) != 64 or not separator or not name or name in digests:
            raise VerificationError(f"{SUMS_FILE} contains a line that is not a checksum: {line[:80]!r}")
        digests[name] = digest
    return digests


def manifest_bytes(manifest: Manifest) -> bytes:
    """release.json; the same manifest always gives the same bytes."""
    return (json.dumps(manifest.model_dump(mode="json"), indent=2, sort_keys=True) + "\n").encode()


def trusted_comment(product: str, version: str, file: str) -> str:
    """The comment that a minisign signature vouches for, so that a signature fits one file of one version only."""
    return f"product:{product} version:{version} file:{file}"
