"""What this client has seen: the highest version of each role and the last time, in one small durable file.

python-tuf remembers too, by the metadata files that it keeps. Where one of those is lost, an older state would verify
without a word. This record lies outside their folder and reaches the disk before an answer is given, so that what is
older than the record is noticed. It also stops a clock that was set back from bringing an expired channel back to life.

Numbers may start again when keys change, since that is how clients recover from numbers that a thief drove up (TUF
specification, 5.3.11). A number is forgotten when a key that counted at the time no longer does: one of the role's own,
or one of the role that vouches for its number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from publisher.client.durable_files import open_plain, write_durably
from publisher.wire import strict_json
from publisher.wire.errors import ClientInputError, ClientVerificationError, Code

__all__ = ["MAX_BYTES", "RoleSeen", "Seen", "read_seen", "write_seen"]

FORMAT = "tidegate-seen/1"

MAX_BYTES = 64 * 1024
"""The largest record that is read, in bytes."""

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_DIGEST = re.compile("[0-9a-f]{64}")
_KEYID = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True)
class RoleSeen:
    """One role's metadata as it verified."""

    version: int
    keys: frozenset[str]
    """The key ids that counted for the role."""
    sha256: str
    """Of its signed part: two that have one number are not both the publisher's last word."""


@dataclass(frozen=True)
class Seen:
    """Everything that is remembered about one channel."""

    last_seen: datetime = _LONG_AGO
    """The latest moment at which this client has looked at the channel."""
    roles: Mapping[str, RoleSeen] = field(default_factory=dict)

    def at(self, moment: datetime) -> Seen:
        """The record with the moment, unless a later one was seen."""
        return replace(self, last_seen=max(self.last_seen, moment.astimezone(UTC).replace(microsecond=0)))

    def with_roles(self, roles: Mapping[str, RoleSeen]) -> Seen:
        """The record with these roles as they are now, without the numbers that changed keys have made void."""
        kept = {name: role for name, role in self.roles.items() if not self._may_start_again(name, roles)}
        return replace(self, roles={**kept, **roles})

    def refuse_older(self, roles: Mapping[str, RoleSeen], place: Path) -> None:
        """Raise ClientVerificationError if a role has a lower number than was seen, or other bytes under the same one.

        Under other keys it may.
        """
        for name, now in roles.items():
            before = self.roles.get(name)
            if before is None or now.version > before.version or self._may_start_again(name, roles):
                continue
            if now.version == before.version:
                if now.sha256 == before.sha256:
                    continue
                raise ClientVerificationError(
                    f"the server offers a version {now.version} of {name} that differs from the one seen before",
                    fix="keep what you run, try again later, and tell the publisher if this goes on",
                    code=Code.OLDER_THAN_SEEN,
                )
            raise ClientVerificationError(
                f"the server offers version {now.version} of {name}, but this machine has already seen version"
                f" {before.version}: the server replays an old state",
                fix="keep what you run, try again later, and tell the publisher if this goes on;"
                f" remove {place} only if the publisher says that the channel was started afresh",
                code=Code.OLDER_THAN_SEEN,
            )

    def _may_start_again(self, name: str, roles: Mapping[str, RoleSeen]) -> bool:
        if name == "root":
            return False
        # The timestamp vouches for the number of the snapshot, and the snapshot for those of all other roles.
        vouching = {"timestamp": "timestamp", "snapshot": "timestamp"}.get(name, "snapshot")
        return any(
            role in self.roles and role in roles and bool(self.roles[role].keys - roles[role].keys)
            for role in (name, vouching)
        )


def read_seen(path: Path) -> Seen:
    """The record, or an empty one if there is none. Raises ClientInputError for a damaged one, OSError."""
    if path.is_symlink():
        raise ClientInputError(f"{path} is a symbolic link; it was not followed", fix="remove the link")
    try:
        with open_plain(path) as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Seen()
    try:
        if len(data) > MAX_BYTES:
            raise ValueError("it is too large")
        return _parse(strict_json.loads(data.decode("utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ClientInputError(
            f"{path}, the record of what this machine has seen, is damaged",
            fix=f"remove {path}; the next check starts a new record, and replayed old states are detected from then on",
        ) from None


def write_seen(path: Path, seen: Seen) -> None:
    """Replace the record; it is on the disk when this returns. Raises OSError."""
    fields = {
        "format": FORMAT,
        "last_seen": seen.last_seen.strftime(_TIME),
        "roles": {name: _fields_of(role) for name, role in seen.roles.items()},
    }
    write_durably(path, (json.dumps(fields, indent=2, sort_keys=True) + "\n").encode())


def _fields_of(role: RoleSeen) -> dict[str, Any]:
    return {"version": role.version, "sha256": role.sha256, "keys": sorted(role.keys)}


def _parse(fields: Any) -> Seen:
    if fields["format"] != FORMAT:
        raise ValueError("unknown format")
    last_seen = datetime.strptime(fields["last_seen"], _TIME).replace(tzinfo=UTC)
    return Seen(last_seen, {name: _role(role) for name, role in fields["roles"].items()})


def _role(fields: Any) -> RoleSeen:
    version, keys, sha256 = fields["version"], fields["keys"], fields["sha256"]
    if type(version) is not int or version < 1 or not isinstance(keys, list):
        raise ValueError("no role")
    if not all(isinstance(key, str) and _KEYID.fullmatch(key) for key in keys):
        raise ValueError("no key ids")
    if not isinstance(sha256, str) or not _DIGEST.fullmatch(sha256):
        raise ValueError("no digest")
    return RoleSeen(version, frozenset(keys), sha256)
