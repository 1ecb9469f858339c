"""Two ways out of memory: a directory of plain files, and the rule by which a directory may be replaced."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from publisher.errors import InputError, StorageError
from publisher.signing.private_keys import private_key_in

MARKER = ".made-by-tidegate"
"""The file that says that a directory was made here and may be replaced."""


def read_files(site: Path, paths: Iterable[str]) -> dict[str, bytes]:
    """Some files of a site that lies in a directory, by path, without those that cannot be read."""
    files = {}
    for path in paths:
        with suppress(OSError):
            files[path] = (site / path).read_bytes()
    return files


def write_directory(target: Path, files: Mapping[str, bytes]) -> None:
    """Replace `target` by exactly these files, or leave it. Raises InputError for foreign files, StorageError."""

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
        _refuse_keys(building)
        (building / MARKER).write_text("This directory is replaced as a whole; do not keep your own files here.\n")
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
            fix="choose an empty directory, or remove this one yourself",
        )


def _refuse_keys(directory: Path) -> None:
    """Whatever a template or theme brought in: a private key is never built."""
    for file in sorted(directory.rglob("*")):
        if file.is_file() and (kind := private_key_in(file.read_bytes())):
            raise InputError(
                f"{file.relative_to(directory)} of the built site contains {kind}; nothing was written",
                fix="remove it from the site's sources, and replace that key",
            )
