"""Names that are fine on one system and something else on another."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["LARGEST_NUMBER", "is_device_name", "refuse_device_name", "same_but_for_case"]

LARGEST_NUMBER = 2**53 - 1
"""The largest whole number that every JSON reader holds exactly (RFC 8259, section 6)."""

_DEVICE = re.compile(r"(con|nul|aux|prn|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
"""Names that mean a device to Windows, with any ending (Microsoft, "Naming files, paths, and namespaces")."""


def is_device_name(name: str) -> bool:
    """Whether Windows takes a file of this name for a device."""
    return _DEVICE.fullmatch(name) is not None


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
