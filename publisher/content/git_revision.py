"""Content as it was at a revision of git, laid out in a directory to be read like any other.

Objects are read as they are (`ls-tree`, `cat-file`): `git archive` would leave out what a `.gitattributes` of that
very revision tells it to, so whoever writes content could hide what they change.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from publisher.content.load import load_catalog
from publisher.content.safe_directory import LARGEST
from publisher.errors import ContentError, InputError
from publisher.model.catalog import Catalog

_KINDS = {"120000": "a link", "160000": "a submodule"}
_FILES = ("100644", "100755", "100664")
"""Modes of plain files; the last is of old repositories."""


def catalog_at(revision: str, content: tuple[Path, ...], config: Path) -> Catalog:
    """The catalog of a revision of git. Raises InputError where there is none, or its content had problems."""
    with tempfile.TemporaryDirectory(prefix="tidegate-since-") as scratch:
        *before, before_config = at_revision((*content, config), revision, Path(scratch))
        try:
            return load_catalog(before, before_config)
        except ContentError as error:
            raise InputError(
                f"the content of {revision} has a problem of its own: {error.problems[0]}",
                fix="compare with a valid revision",
            ) from error


def at_revision(directories: Sequence[Path], revision: str, into: Path) -> tuple[Path, ...]:
    """Lay out each directory as it was at a revision of its repository, below `into`; gives the new places.

    Raises InputError outside of a repository, and for a revision or directory that it does not have.
    """
    if revision.startswith("-"):
        raise InputError(f"{revision} is not a revision", fix="name a commit, branch or tag, such as main")
    return tuple(_laid_out(directory, revision, into / str(number)) for number, directory in enumerate(directories))


def _laid_out(directory: Path, revision: str, to: Path) -> Path:
    top = Path(_git(directory, "rev-parse", "--show-toplevel").decode().rstrip("\n"))
    folder = _git(directory, "rev-parse", "--show-prefix").decode().rstrip("\n")
    listing = _git(top, "ls-tree", "-r", "-l", "-z", "--full-tree", f"{revision}:{folder}")
    entries = list(_entries(listing, f"{directory} at {revision}"))
    blobs = _git(top, "cat-file", "--batch", given="".join(f"{name}\n" for name, _ in entries).encode())
    at = 0
    to.mkdir(parents=True, exist_ok=True)
    for _, path in entries:
        # "<name> blob <size>", a line end, the content, a line end (git-cat-file(1), "BATCH OUTPUT").
        header, _, _ = blobs[at : at + 200].partition(b"\n")
        start, size = at + len(header) + 1, int(header.split()[-1])
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).write_bytes(blobs[start : start + size])
        at = start + size + 1
    return to


def _entries(listing: bytes, where: str) -> Iterator[tuple[str, str]]:
    """Object name and path of each file. Raises InputError for what is no plain file."""
    for line in listing.split(b"\0")[:-1]:
        facts, _, raw = line.partition(b"\t")
        mode, _, name, size = facts.decode().split()
        path = os.fsdecode(raw)
        if mode not in _FILES:
            what = _KINDS.get(mode, "not a plain file")
            raise InputError(f"{path!a} in {where} is {what}", fix="compare with a revision of plain files")
        if any(part in ("", ".", "..") for part in path.split("/")):
            raise InputError(f"{path!a} in {where} is not a path", fix="compare with a valid revision")
        if not size.isdigit():
            raise InputError(f"git lacks {path!a} in {where}", fix="fetch the whole history first")
        if int(size) > LARGEST:
            raise InputError(
                f"{path!a} in {where} is larger than {LARGEST // 1024**2} MiB", fix="compare with a valid revision"
            )
        yield name, path


def _git(directory: Path, *words: str, given: bytes = b"") -> bytes:
    # A replacement ref would put another object in the place of the one that is named.
    command = ["git", "--no-replace-objects", "-C", str(directory), *words]
    try:
        ran = subprocess.run(command, check=False, capture_output=True, timeout=60, input=given)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(
            f"git cannot be run in {directory}: {error}", fix="install git, or leave --since out"
        ) from error
    if ran.returncode != 0:
        message = ran.stderr.decode(errors="replace").strip()
        if allow := re.search(r"git config --global --add safe\.directory .+", message):
            raise InputError(
                f"git refuses to read {directory}, since its repository belongs to another user",
                fix=f"run this as its owner; or, if you trust its content: {allow[0]}",
            )
        last = message.splitlines()[-1] if message else "no reason given"
        raise InputError(
            f"git does not have {directory} at that revision: {last}",
            fix="name a commit, branch or tag that has it; in CI, fetch the history first",
        )
    return ran.stdout
