"""Two ways out of memory: a directory of plain files, and the rule by which a directory may be replaced."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from publisher.errors import InputError, StorageError

MARKER = ".made-by-tidegate"
"""The file that says that a directory was made here and may be replaced."""


def read_prose(directory: Path) -> dict[str, bytes]:
    """Every file of `content/pages`, by its path with slashes; hidden ones are left out."""
    found = {}
    for file in sorted(directory.rglob("*")):
        parts = file.relative_to(directory).parts
        if file.is_file() and not any(part.startswith(".") for part in parts):
            found["/".join(parts)] = file.read_bytes()
    return found


def write_directory(target: Path, files: Mapping[str, bytes]) -> None:
    """Replace `target` by exactly these files.

    Raises InputError when it holds something that was not made here, StorageError when it cannot be written; what
    was there then stays.
    """

    def fill(directory: Path) -> None:
        for path, content in files.items():
            place = directory.joinpath(*path.split("/"))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)

    replace_directory(target, fill)


def replace_directory(target: Path, fill: Callable[[Path], None]) -> None:
    """Fill a new directory beside `target` and put it in its place; when `fill` fails, `target` stays as it was."""
    refuse_foreign(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    except OSError as error:
        raise StorageError(f"{target} cannot be made: {error.strerror}", fix="choose another --to") from error
    try:
        fill(building)
        (building / MARKER).write_text("This directory is replaced as a whole; keep nothing of yours here.\n")
        building.chmod(0o755)
        if target.exists():
            shutil.rmtree(target)
        building.rename(target)
    except OSError as error:
        raise StorageError(f"{target} cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def refuse_foreign(target: Path) -> None:
    """Raise InputError unless `target` is absent, empty, or was made here."""
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InputError(f"{target} is not a directory", fix="choose another --to")
    if target.is_dir() and any(target.iterdir()) and not (target / MARKER).is_file():
        raise InputError(
            f"{target} holds files that were not made by this command; nothing was written",
            fix="choose an empty directory, or remove it yourself",
        )
