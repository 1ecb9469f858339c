"""The files of a directory that others may write into, read without following a link.

A link in a pull request can lead to keys or to /proc, and two of them to a walk without end; so links are refused by
name at every depth, and so is whatever is no plain file, dot-files that nobody knows, and a file with a private key.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from publisher.errors import InputError, Place, Problem
from publisher.signing.private_keys import private_key_in
from publisher.wire.plain_text import find_hidden

LARGEST = 5 * 1024 * 1024
"""Bytes; no file of content is larger."""

_LEFT_ALONE = (
    ".gitkeep",
    ".gitignore",
    ".DS_Store",
    ".directory",
    ".*.sw?",
    ".sw?",
    ".#*",
    ".~lock.*#",
    ".*.part",
    ".*.tmp",
)
"""Dot-files of git, desktops and editors, and half-written ones; they are not read, whatever they are."""
_LEFT_ALONE_AT_THE_TOP = (".git", ".vscode", ".idea")
"""The same, beside the folders of content: an overlay may be a repository of its own."""


@dataclass(frozen=True)
class Tree:
    """What a directory holds, in the order of paths."""

    root: Path
    files: dict[Path, bytes]
    folders: tuple[Path, ...]
    problems: tuple[Problem, ...]
    refused: frozenset[Path]
    """Paths that a problem names, so that nobody reads them or calls them missing."""


def read_tree(root: Path) -> Tree:
    """Read every plain file below `root`. Raises InputError when `root` itself is a link or cannot be read."""
    if root.is_symlink():
        raise InputError(f"{root} is a link", fix="name the directory that it leads to; links are not followed")
    files: dict[Path, bytes] = {}
    folders: list[Path] = []
    problems: list[Problem] = []

    def refuse(path: Path, what: str, fix: str = "") -> None:
        problems.append(Problem(what, Place(str(path)), fix))

    for path, mode in _walk(root, root):
        if find_hidden(path.name) is not None or any(char in path.name for char in "\t\r\n"):
            shown = path.with_name(path.name.encode("unicode_escape", "backslashreplace").decode("ascii"))
            problems.append(Problem("has an invisible character in its name", Place(str(shown)), "rename it"))
        elif stat.S_ISLNK(mode):
            refuse(path, "is a link, and links are not followed", "put the file itself here, or remove the link")
        elif path.name.startswith("."):
            refuse(path, "is a hidden file, which is not used", _fix_for_hidden(path))
        elif stat.S_ISDIR(mode):
            folders.append(path)
        elif not stat.S_ISREG(mode):
            refuse(path, "cannot be read: it is not a plain file", "remove it; only plain files belong here")
        else:
            try:
                content = read_file(path)
            except OSError as error:
                refuse(path, f"cannot be read: {error.strerror}")
                continue
            if len(content) > LARGEST:
                refuse(path, f"the file is larger than {LARGEST // 1024**2} MiB", "make it smaller")
            elif kind := private_key_in(content):
                refuse(path, f"contains {kind}", "remove it, also from git's history, and replace that key")
            else:
                files[path] = content
    refused = frozenset(Path(problem.place.file) for problem in problems)
    return Tree(root, files, tuple(folders), tuple(problems), refused)


def _fix_for_hidden(path: Path) -> str:
    if path.name.startswith(".git"):
        return "remove it, or move it to the top of the repository"
    return "remove it, or name it without the dot"


def _walk(directory: Path, root: Path) -> Iterator[tuple[Path, int]]:
    """Every entry with its mode, each folder before what is in it."""
    try:
        entries = sorted(directory.iterdir())
    except OSError as error:
        raise InputError(f"{directory} cannot be read: {error.strerror}") from None
    left_alone = (*_LEFT_ALONE, *(_LEFT_ALONE_AT_THE_TOP if directory == root else ()))
    for path in entries:
        if any(fnmatchcase(path.name, pattern) for pattern in left_alone):
            continue
        mode = path.lstat().st_mode
        yield path, mode
        if stat.S_ISDIR(mode) and not path.name.startswith(".") and find_hidden(path.name) is None:
            yield from _walk(path, root)


def read_file(path: Path) -> bytes:
    """The bytes of a plain file, at most a little more than `LARGEST`. Raises OSError.

    What was exchanged for a link or a pipe since the walk is refused.
    """
    if path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link, and links are not followed")
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, flags), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise OSError(0, "it is not a plain file")
        return stream.read(LARGEST + 1)
