"""Steps that make the same files of the same files are taken once in a process; then their files are laid down again.

A test project is made of fixed seeds at a fixed time, so its keys and its releases are the same in every test. What a
step makes is known by everything that lies in its directory before, by name, mode and bytes.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

Tree = Mapping[str, tuple[int, bytes]]
"""Path -> mode, and bytes of a file or the place that a link names; of all below a directory, parents first."""


@dataclass(frozen=True)
class _Taken:
    result: Any
    changed: Tree
    gone: tuple[str, ...]
    """Deepest first."""
    linked: tuple[tuple[str, ...], ...]
    """Names of one file, where it has several."""


_taken: dict[Hashable, _Taken] = {}
_off = False


@contextmanager
def nothing_remembered() -> Iterator[None]:
    """Every step is really taken, as whoever patches something in it wants."""
    global _off  # noqa: PLW0603
    _off, before = True, _off
    try:
        yield
    finally:
        _off = before


def remembered(base: Path, what: Hashable, step: Callable[[], T]) -> T:
    """Take a step that depends on `what` and the files below `base` alone, and writes nowhere else; or do as it did."""
    if _off:
        return step()
    before = _tree(base)
    key = (what, _digest(before))
    if key not in _taken:
        result = step()
        after = _tree(base)
        changed = {path: entry for path, entry in after.items() if before.get(path) != entry}
        gone = tuple(sorted(set(before) - set(after), reverse=True))
        _taken[key] = _Taken(result, changed, gone, _linked(base, after))
        return result
    taken = _taken[key]
    _lay_down(base, taken)
    return taken.result  # type: ignore[no-any-return]


def _tree(base: Path) -> Tree:
    tree: dict[str, tuple[int, bytes]] = {}
    for path in sorted(base.rglob("*")):
        mode = path.lstat().st_mode
        tree[str(path.relative_to(base))] = mode, _bytes(path, mode)
    return tree


def _bytes(path: Path, mode: int) -> bytes:
    if stat.S_ISLNK(mode):
        return str(path.readlink()).encode()
    return path.read_bytes() if stat.S_ISREG(mode) else b""


def _digest(tree: Tree) -> str:
    digest = hashlib.sha256()
    for path, (mode, data) in tree.items():
        digest.update(f"{path}\0{mode}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def _linked(base: Path, tree: Tree) -> tuple[tuple[str, ...], ...]:
    by_file: dict[int, list[str]] = {}
    for path, (mode, _) in tree.items():
        status = (base / path).lstat()
        if stat.S_ISREG(mode) and status.st_nlink > 1:
            by_file.setdefault(status.st_ino, []).append(path)
    return tuple(tuple(paths) for paths in by_file.values() if len(paths) > 1)


def _lay_down(base: Path, taken: _Taken) -> None:
    for name in taken.gone:
        path = base / name
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, (mode, data) in taken.changed.items():
        path = base / name
        if stat.S_ISDIR(mode):
            path.mkdir(exist_ok=True)
        else:
            path.unlink(missing_ok=True)  # never into a file that has another name as well
            path.symlink_to(data.decode()) if stat.S_ISLNK(mode) else path.write_bytes(data)
        if not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode))
    for first, *others in taken.linked:
        for name in others:
            (base / name).unlink()
            (base / name).hardlink_to(base / first)
