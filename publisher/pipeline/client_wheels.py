"""The wheels that go into the client: the files that the lock names, whatever is installed here.

Read once and hashed before anything looks into them: what is packed is what the lock's SHA-256 vouches for.
"""

from __future__ import annotations

import io
import shlex
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

from publisher.errors import InputError
from publisher.locks import Locked, lock_file, locked

_LIMIT = 64 * 1024**2
"""No wheel that we read is larger, in bytes; real ones have a few hundred thousand."""

Download = Callable[[Path], None]
"""Brings the wheels of the client's lock into a directory."""


@dataclass(frozen=True)
class Wheel:
    """A wheel that the lock names."""

    name: str
    version: str
    digest: str
    """SHA-256 of the file."""
    data: bytes

    def files(self) -> dict[str, bytes]:
        """Path -> bytes of what it would install."""
        with zipfile.ZipFile(io.BytesIO(self.data)) as archive:
            names = [name for name in archive.namelist() if not name.endswith("/")]
            return {name: archive.read(name) for name in names if ".." not in PurePosixPath(name).parts}


def client_lock() -> tuple[Locked, ...]:
    """What goes into the client besides its own modules."""
    return locked(lock_file("client").read_text(encoding="ascii"))


def wheels_in(directory: Path, lock: Sequence[Locked]) -> tuple[Wheel, ...]:
    """The wheels of a directory that the lock names. Raises InputError when one is missing or has another digest."""
    wheels = [_find(directory, entry) for entry in lock]
    missing = [f"{entry.name} {entry.version}" for entry, wheel in zip(lock, wheels, strict=True) if wheel is None]
    if missing:
        raise InputError(
            f"{directory} lacks the wheels of {', '.join(missing)}",
            fix=f"run `{_command(directory)}` where there is a network, and bring the directory here",
        )
    return tuple(wheel for wheel in wheels if wheel is not None)


def cached_wheels(cache: Path, lock: Sequence[Locked], download: Download) -> tuple[Wheel, ...]:
    """The wheels from a cache of just what the lock names, downloaded where not whole. Raises InputError."""
    try:
        return wheels_in(cache, lock)
    except InputError:
        pass
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="download-") as scratch:
            download(Path(scratch))
            wheels = wheels_in(Path(scratch), lock)
            for file in Path(scratch).iterdir():
                file.replace(cache / file.name)
    except OSError as error:
        raise InputError(
            f"the wheels of the client cannot be kept in {cache}: {error.strerror}",
            fix="name another place with XDG_CACHE_HOME, or bring them with --wheels DIR",
        ) from None
    return wheels


def download(directory: Path) -> None:
    """Have pip download the client's wheels, from wherever it is set up to. Raises InputError when it cannot."""
    words = [*_pip_words(directory), "--quiet", "--disable-pip-version-check", "--no-input"]
    ran = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ran.returncode != 0:
        errors = [line.strip() for line in ran.stderr.splitlines() if line.strip()]
        reasons = [line for line in errors if line.startswith("ERROR:")] or errors or ["it does not say why"]
        raise InputError(
            f"pip cannot download the wheels of the client: {reasons[-1].removeprefix('ERROR: ')}",
            fix="reach the registry once, or bring them from a machine that can: "
            f"`{_command(Path('DIR'))}` there, --wheels DIR here",
        )


def _find(directory: Path, entry: Locked) -> Wheel | None:
    """The first of its wheels whose digest is in the lock; None without any."""
    wrong = None
    for file in sorted(directory.glob(f"{entry.name.replace('-', '_')}-{entry.version}-*.whl")):
        data = _read(file)
        digest = sha256(data).hexdigest()
        if digest in entry.digests:
            return Wheel(entry.name, entry.version, digest, data)
        wrong = InputError(
            f"{file} is not the wheel that the lock lists: its SHA-256 is {digest}",
            fix=f"remove it, and find out where it came from; `{_command(directory)}` brings the right one",
        )
    if wrong is not None:
        raise wrong
    return None


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(_LIMIT + 1)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}", fix="correct the problem") from None
    if len(data) > _LIMIT:
        raise InputError(f"{file} is larger than any wheel of the client", fix="remove it")
    return data


def _pip_words(directory: Path) -> list[str]:
    # Nothing is built, and nothing is resolved: exact files by their digests.
    exact = ("--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(lock_file("client")))
    return [sys.executable, "-m", "pip", "download", *exact, "-d", str(directory)]


def _command(directory: Path) -> str:
    return shlex.join(_pip_words(directory))
