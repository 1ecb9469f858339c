"""Versions of products: dotted numbers with an optional pre-release, as users write them.

Product versions are not all semantic versions ("3.00", "4.4.3.1"), so the release part may have any number of
components. Pre-releases compare as in Semantic Versioning 2.0.0, section 11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from itertools import zip_longest
from typing import Literal

__all__ = ["MAX_LENGTH", "Bump", "Version"]

MAX_LENGTH = 64
"""The longest version that is accepted, in characters."""

Bump = Literal["major", "minor", "patch", "prerelease", "none"]
"""Which part of a version changed."""

_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_IDENTIFIER = re.compile(r"[0-9A-Za-z-]+")

_Identifier = tuple[int, int, str]


@total_ordering
@dataclass(frozen=True, eq=False)
class Version:
    """One version. Equality and order go by value (3.0 == 3.00 == 3); `str()` gives the text as written."""

    text: str
    """The version as it was written."""
    release: tuple[int, ...]
    """The numbers before any hyphen, without trailing zeros."""
    prerelease: tuple[str, ...]
    """The identifiers after the hyphen; empty for a release."""

    @classmethod
    def parse(cls, text: str) -> Version:
        """The version written in `text`.

        Raises ValueError, in plain words, for anything that is not one. Build metadata ("+...") is refused:
        two builds that differ only there would be equal, and a client could not tell which one it runs.
        """
        if not text:
            raise ValueError("is empty; write a version like 4.1.0")
        if len(text) > MAX_LENGTH:
            raise ValueError(f"is longer than {MAX_LENGTH} characters; write a version like 4.1.0")
        if "+" in text:
            raise ValueError(f"{text!a} has build metadata after the plus sign; leave it out")
        numbers, hyphen, tail = text.partition("-")
        if not _RELEASE.fullmatch(numbers):
            hint = "; leave out the leading letter" if numbers[:1] in ("v", "V") else ""
            raise ValueError(f"{text!a} is not a version like 4.1.0 or 4.1.0-rc.1{hint}")
        identifiers = tuple(tail.split(".")) if hyphen else ()
        for identifier in identifiers:
            if not _IDENTIFIER.fullmatch(identifier):
                raise ValueError(f"{text!a} has a pre-release that is not letters, digits and hyphens, like rc.1")
            if identifier.isdigit() and len(identifier) > 1 and identifier.startswith("0"):
                raise ValueError(f"{text!a} has a pre-release number with a leading zero; write rc.1, not rc.01")
        return cls(text, _without_trailing_zeros(numbers), identifiers)

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, Version) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._key < other._key if isinstance(other, Version) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def bump_from(self, previous: Version) -> Bump:
        """The most significant part in which this version differs from `previous`, in either direction.

        The third and all later numbers count as "patch". A release after its own pre-release is "prerelease".
        """
        parts: tuple[Bump, ...] = ("major", "minor", "patch")
        for place, (new, old) in enumerate(zip_longest(self.release, previous.release, fillvalue=0)):
            if new != old:
                return parts[min(place, 2)]
        return "none" if self.prerelease == previous.prerelease else "prerelease"

    @property
    def _key(self) -> tuple[tuple[int, ...], bool, tuple[_Identifier, ...]]:
        # Section 11.3: a release comes after its pre-releases.
        return self.release, not self.prerelease, tuple(_precedence(part) for part in self.prerelease)


def _without_trailing_zeros(numbers: str) -> tuple[int, ...]:
    release = [int(number) for number in numbers.split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    return tuple(release)


def _precedence(identifier: str) -> _Identifier:
    """Section 11.4: numbers compare as numbers and come before words; words compare in ASCII order."""
    return (0, int(identifier), "") if identifier.isdigit() else (1, 0, identifier)
