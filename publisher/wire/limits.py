"""How much is ever read: our own caps, whatever signed metadata claims.

TUF bounds a file by the length that the metadata above it names (specification, 5.4 to 5.7). Whoever holds a single
online key writes that length, so it bounds nothing by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tuf.api.exceptions import DownloadLengthMismatchError
from tuf.api.metadata import Root, Snapshot, Timestamp
from tuf.ngclient import UpdaterConfig

from publisher.wire.errors import ClientVerificationError, Code

__all__ = ["LIMITS", "limit_of", "refuse_web_page", "within"]

LIMITS = UpdaterConfig(
    max_root_rotations=64,
    max_delegations=8,
    root_max_length=128 * 1024,
    timestamp_max_length=16 * 1024,
    snapshot_max_length=256 * 1024,
    targets_max_length=2 * 1024 * 1024,
)
"""Lengths in bytes, against endless data; counts, against endless chains."""

_NUMBERED = re.compile(r"(?:[0-9]+\.)?(.*)\.json")
_WEB_PAGE = re.compile(rb"\s*<(?:!doctype|html|head|body|!--|\?xml)", re.IGNORECASE)


def limit_of(name: str) -> int:
    """How many bytes of a metadata file are read at most, by its name, such as `7.snapshot.json`."""
    match = _NUMBERED.fullmatch(name)
    return {
        Root.type: LIMITS.root_max_length,
        Timestamp.type: LIMITS.timestamp_max_length,
        Snapshot.type: LIMITS.snapshot_max_length,
    }.get(match[1] if match else "", LIMITS.targets_max_length)


def within(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """The chunks, up to `limit` bytes. Raises DownloadLengthMismatchError before anything beyond is passed on."""
    count = 0
    for chunk in chunks:
        count += len(chunk)
        if count > limit:
            raise DownloadLengthMismatchError(f"at least {count} bytes where at most {limit} are allowed")
        yield chunk


def refuse_web_page(name: str, data: bytes) -> None:
    """Refuse HTML where something signed should be, in words that help: a network that wants a sign-in sends it."""
    if _WEB_PAGE.match(data[:1024]):
        raise ClientVerificationError(
            f"the server sent a web page instead of {name}",
            fix="sign in with a browser first if this network requires it; "
            "otherwise check the channel's address, then tell the publisher",
            code=Code.WEB_PAGE,
        )
