"""Values of options, read from the words of the command line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

from publisher.wire.errors import ClientInputError
from publisher.wire.version import Version

__all__ = ["read_install_id", "read_moment", "read_root", "read_version"]

_ROOT_BYTES = 128 * 1024
"""The largest root that is read, in bytes."""

_INSTALL_ID = re.compile("[A-Za-z0-9-]{1,128}")


def read_root(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            # No root is larger; whatever is, is cut here and refused as none.
            return file.read(_ROOT_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ClientInputError(f"{path}: {reason}", fix="give the publisher's root.json with --root") from None


def read_version(text: str | None) -> Version | None:
    try:
        return None if text is None else Version.parse(text)
    except ValueError as error:
        raise ClientInputError(f"--current {error}", fix="write it like 4.1.0") from None


def read_install_id(text: str | None) -> str | None:
    if text is not None and not _INSTALL_ID.fullmatch(text):
        raise ClientInputError(
            f"--install-id {text!a} is not an id", fix="write letters, digits and hyphens, at most 128 of them"
        )
    return text


def read_moment(text: str) -> datetime:
    fix = "write it like 2027-03-31T12:00:00Z"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ClientInputError(f"--at {text!a} has no time zone", fix=fix)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ClientInputError(f"--at {text!a} is not a time", fix=fix) from None
