"""Names that mean a device to Windows, with any ending (Microsoft, "Naming files, paths, and namespaces")."""

from __future__ import annotations

import re

__all__ = ["is_device_name"]

_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9]|lpt[0-9]) *(?:\..*)?", re.IGNORECASE)


def is_device_name(name: str) -> bool:
    """Whether Windows takes a file of this name for a device."""
    return _DEVICE.fullmatch(name) is not None
