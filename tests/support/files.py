"""What lies in a directory."""

from __future__ import annotations

from pathlib import Path


def everything(root: Path) -> dict[str, bytes | None]:
    """All there is below a directory; None for what is no plain file."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() and not path.is_symlink() else None
        for path in root.rglob("*")
    }
