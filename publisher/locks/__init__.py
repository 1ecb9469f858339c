"""The exact versions that everything is installed from, and the SHA-256 of each of their files.

`make lock` writes the files beside this module, in pip's format for `--require-hashes`: `run` for this program,
`refresh` for a job that only refreshes a channel, `client` for what the update client holds, one for each kind of
device that keys can be on, and `dev`, which only a checkout has.
"""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

_ENTRY = re.compile(
    r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)(?: ; (?P<marker>[^\\]+?))?(?P<digests>(?: --hash=sha256:[0-9a-f]{64})+)"
)


@dataclass(frozen=True)
class Locked:
    """One version of one distribution."""

    name: str
    """Normalised, as in `typing-extensions`."""
    version: str
    digests: frozenset[str]
    """SHA-256 of each of its files, in hexadecimal digits."""
    marker: str | None = None
    """On which machines it is installed; None for all."""


def lock_file(name: str) -> Path:
    """Where the lock `name` lies."""
    return Path(__file__).with_name(f"{name}.txt")


def locked(text: str) -> tuple[Locked, ...]:
    """What a lock lists. Raises ValueError for a line that is no exact version with its digests."""
    lines = [line for line in text.replace(" \\\n    ", " ").splitlines() if line]
    return tuple(_entry(line) for line in lines)


def install_command(name: str) -> str:
    """The command that installs what the lock `name` lists, for the Python that runs this program."""
    return shlex.join([sys.executable, "-m", "pip", "install", "--require-hashes", "-r", str(lock_file(name))])


def _entry(line: str) -> Locked:
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise ValueError(f"not an exact version with its digests: {line[:100]}")
    digests = frozenset(re.findall(r"sha256:([0-9a-f]{64})", match["digests"]))
    return Locked(match["name"], match["version"], digests, match["marker"])
