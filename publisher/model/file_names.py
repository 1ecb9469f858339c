"""Names that are fine on one system and something else on another."""

from __future__ import annotations

from collections.abc import Iterable

from publisher.wire.device_names import is_device_name

LARGEST_NUMBER = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly (RFC 8259, section 6)."""


def refuse_device_name(name: str) -> str:
    """The name; raises ValueError for one that cannot be a file or folder on Windows."""
    if is_device_name(name):
        raise ValueError(f"is the name of a device on Windows, where no file can be called {name}; choose another")
    return name


def same_but_for_case(names: Iterable[str]) -> tuple[str, str] | None:
    """The first two names that differ only in case, so that Windows and macOS take them for one path."""
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.setdefault(name.lower(), name)) != name:
            return other, name
    return None
