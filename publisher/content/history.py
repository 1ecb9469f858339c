"""Content as it was at a revision of git, laid out in a directory to be read like any other."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path

from publisher.errors import InputError


def at_revision(directories: Sequence[Path], revision: str, into: Path) -> tuple[Path, ...]:
    """Lay out each directory as it was at a revision of its repository, below `into`; gives the new places.

    Raises InputError outside of a repository, and for a revision or directory that it does not have.
    """
    if revision.startswith("-"):
        raise InputError(f"{revision} is not a revision", fix="name a commit, branch or tag, such as main")
    return tuple(_laid_out(one, revision, into / str(number)) for number, one in enumerate(directories))


def _laid_out(directory: Path, revision: str, to: Path) -> Path:
    folder = _git(directory, "rev-parse", "--show-prefix").decode().strip()
    archive = _git(directory, "archive", "--format=tar", f"{revision}:{folder}", top=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(to, filter="data")
    return to


def _git(directory: Path, *words: str, top: bool = False) -> bytes:
    try:
        where = directory
        if top:
            where = Path(_git(directory, "rev-parse", "--show-toplevel").decode().strip())
        ran = subprocess.run(["git", "-C", str(where), *words], check=False, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(
            f"git cannot be run in {directory}: {error}", fix="install git, or leave --since out"
        ) from error
    if ran.returncode != 0:
        said = ran.stderr.decode(errors="replace").strip().splitlines()
        raise InputError(
            f"git does not know {directory} at that revision: {said[-1] if said else 'it does not say why'}",
            fix="name a commit, branch or tag that has it; in CI, fetch the history first",
        )
    return ran.stdout
