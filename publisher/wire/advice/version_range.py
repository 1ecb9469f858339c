"""Versions that follow one another: from one on, before another, or both."""

from __future__ import annotations

from dataclasses import dataclass

from publisher.wire.errors import FeedError
from publisher.wire.json_object import JsonObject, version_at
from publisher.wire.version import Version

__all__ = ["VersionRange", "range_in"]


@dataclass(frozen=True)
class VersionRange:
    """At least one of the limits is there."""

    first: Version | None
    """The first version of it; None: all before `before`."""
    before: Version | None
    """The first version after it; None: all from `first` on."""

    @classmethod
    def parse(cls, text: str) -> VersionRange:
        """The range of "4.1.0..4.1.2", "4.1.0.." or "..4.1.2". Raises ValueError in plain words."""
        first, dots, before = text.partition("..")
        if not dots or not (first or before):
            raise ValueError(f"{text!a} is not a range like 4.1.0..4.1.2, 4.1.0.. or ..4.1.2")
        versions = cls(Version.parse(first) if first else None, Version.parse(before) if before else None)
        if versions.is_empty:
            raise ValueError(f"{text!a} has no version in it, since {before} is not later than {first}")
        return versions

    @property
    def is_empty(self) -> bool:
        return self.first is not None and self.before is not None and self.before <= self.first

    def __contains__(self, version: Version) -> bool:
        return (self.first is None or version >= self.first) and (self.before is None or version < self.before)

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.first} and later"
        return f"before {self.before}" if self.first is None else f"from {self.first}, before {self.before}"


def range_in(item: JsonObject) -> VersionRange:
    """The range that an object gives in `from` and `before`. Raises FeedError."""
    versions = VersionRange(item.optional("from", version_at), item.optional("before", version_at))
    if versions.first is None and versions.before is None:
        raise FeedError(f"{item.path} must have from, before or both")
    if versions.is_empty:
        raise FeedError(f"{item.path}.before must be later than from")
    return versions
