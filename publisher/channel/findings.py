"""What an auditor writes down, and what it has looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from publisher.channel.layout import METADATA, TIMESTAMP_KEY
from publisher.errors import StorageForeign
from publisher.signing.digests import FileDigests, more_than
from publisher.wire.limits import LIMITS

BROKEN_OFF = "an interrupted publication leaves it like this, and running it again completes it"


REMOVED = "the holder of the break-glass identity may delete it"


class Level(StrEnum):
    """An error refutes the channel; a warning asks for a look; a note is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One thing that an auditor would write down."""

    level: Level
    what: str
    where: str = ""
    """The object's key."""


class AuditSource(Protocol):
    """A bucket as an auditor sees it."""

    def read(self, key: str) -> bytes | None:
        """A small object; None when there is none. Raises StorageForeign for what is too large, or no object."""
        ...

    def digest(self, key: str, limit: int) -> FileDigests | None:
        """Size and digests of an object; None when there is none. A size above `limit` says no more than that.

        Raises StorageForeign for what is no object.
        """
        ...

    def keys(self) -> Iterable[str] | None:
        """All keys; None where the place cannot be listed."""
        ...


@dataclass
class Findings:
    """The auditor's book: findings, and which objects something signed leads to."""

    source: AuditSource
    findings: list[Finding] = field(default_factory=list)
    signatures: int = 0
    """Signatures that verified."""
    accounted: set[str] = field(default_factory=set)
    """Keys that something signed leads to."""
    _digests: dict[str, FileDigests | None] = field(default_factory=dict)

    @property
    def hashed(self) -> int:
        """Objects whose bytes were read and hashed."""
        return sum(digests is not None for digests in self._digests.values())

    def add(self, level: Level, what: str, where: str = "") -> None:
        self.findings.append(Finding(level, what, where))

    def error(self, what: str, where: str = "") -> None:
        self.add(Level.ERROR, what, where)

    def peek(self, key: str) -> bytes | None:
        """A small object, whether something leads to it or not; empty, with a finding, for what is none."""
        try:
            return self.source.read(key)
        except StorageForeign as error:
            self._foreign(key, error)
            return b""

    def read(self, key: str) -> bytes | None:
        """A small object that something leads to. Metadata larger than clients read is an error."""
        self.accounted.add(key)
        data = self.peek(key)
        limit = metadata_limit(key)
        if data is not None and limit is not None and len(data) > limit:
            self.error(f"has {len(data)} bytes, and clients read at most {limit}", key)
        return data

    def digest(self, key: str, limit: int) -> FileDigests | None:
        """Digests of an object that something leads to, read once; of nothing, with a finding, for what is none."""
        self.accounted.add(key)
        return self.look(key, limit)

    def look(self, key: str, limit: int) -> FileDigests | None:
        """The same, whether something leads to it or not."""
        if key not in self._digests:
            try:
                self._digests[key] = self.source.digest(key, limit)
            except StorageForeign as error:
                self._foreign(key, error)
                self._digests[key] = more_than(limit)
        return self._digests[key]

    def _foreign(self, key: str, error: StorageForeign) -> None:
        """Told once, however often it is asked for."""
        if not any(finding.where == key and finding.level is Level.ERROR for finding in self.findings):
            self.error(f"cannot be ours: {error.what}", key)

    def account_for_prefix(self, prefix: str) -> None:
        """What lies below a prefix has been judged as a whole."""
        self.accounted.update(key for key in self.source.keys() or () if key.startswith(prefix))


def metadata_limit(key: str) -> int | None:
    """How much of a metadata object our client reads; None for other objects."""
    if not key.startswith(METADATA):
        return None
    if key == TIMESTAMP_KEY:
        return LIMITS.timestamp_max_length
    if key.endswith(".root.json"):
        return LIMITS.root_max_length
    return LIMITS.snapshot_max_length if key.endswith(".snapshot.json") else LIMITS.targets_max_length
