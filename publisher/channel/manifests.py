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

WITHDRAWN_FILE = "WITHDRAWN.txt"
"""What lies beside the files of a version that was withdrawn once; it is written once, and does not say what holds."""

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


def withdrawn_text(product: str, version: str) -> bytes:
    """WITHDRAWN.txt: points at the signed state and says nothing of its own; the same version has the same bytes."""
    return f"""\
{product} {version} was withdrawn by its publisher. Do not install it before you have looked.

On which platforms, why, what to do instead, and whether it still holds: that is signed, and this file is not.
Ask the update client, which verifies it:

    tidegate check --current {version}

or read the newest N.brakes.json below tuf/metadata/. SHA256SUMS still verifies: the files are the ones that were
published, and that is not the question.
""".encode()
