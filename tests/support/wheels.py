"""The client's libraries as wheels without a network: what is installed, packed again, and a lock for these files."""

from __future__ import annotations

import importlib.metadata
import io
import zipfile
from hashlib import sha256
from pathlib import Path

from publisher.locks import Locked
from publisher.pipeline.client_wheels import Wheel, client_lock


def a_wheel(name: str, version: str, files: dict[str, bytes], requires: tuple[str, ...] = ()) -> Wheel:
    """A wheel with these files, and the metadata that says what it needs."""
    lines = [f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}", *(f"Requires-Dist: {one}" for one in requires)]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        metadata = {f"{name}-{version}.dist-info/METADATA": "\n".join(lines).encode()}
        for path, data in (metadata | files).items():
            archive.writestr(zipfile.ZipInfo(path), data)
    return Wheel(name, version, sha256(buffer.getvalue()).hexdigest(), buffer.getvalue())


def installed_wheels() -> tuple[Wheel, ...]:
    """What the client needs, from the distributions that are installed here."""
    return tuple(_packed(entry.name) for entry in client_lock())


def lock_of(wheels: tuple[Wheel, ...]) -> tuple[Locked, ...]:
    """A lock that names just these files."""
    return tuple(Locked(wheel.name, wheel.version, frozenset({wheel.digest})) for wheel in wheels)


def write_wheels(directory: Path, wheels: tuple[Wheel, ...]) -> Path:
    """The directory, with these wheels as files in it."""
    directory.mkdir(parents=True, exist_ok=True)
    for wheel in wheels:
        (directory / f"{wheel.name}-{wheel.version}-py3-none-any.whl").write_bytes(wheel.data)
    return directory


def _packed(name: str) -> Wheel:
    distribution = importlib.metadata.distribution(name)
    paths = [path for path in distribution.files or () if ".." not in path.parts and path.suffix != ".pyc"]
    files = {str(path): Path(str(path.locate())).read_bytes() for path in paths if path.name != "METADATA"}
    return a_wheel(name, distribution.version, files, tuple(distribution.requires or ()))
