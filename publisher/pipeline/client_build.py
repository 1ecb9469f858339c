"""The reproducible single-file client: `tidegate.pyz`, which needs nothing but Python.

It holds the reference client, the pure-Python packages that it needs with their licences, the trusted root
and the address of one channel. The same inputs and the same wheels give the same bytes: entries are sorted, and times
and modes are fixed.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence, Set
from email import message_from_bytes
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import distribution
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from publisher.client.cli import VERSION_RESOURCE
from publisher.client.embedded import RESOURCE, Trusted
from publisher.errors import InputError
from publisher.pipeline.client_wheels import Wheel
from publisher.wire.version import Version

_SHEBANG = b"#!/usr/bin/env python3\n"
_MAIN = b"""\
import sys

if sys.version_info < (3, 11):
    sys.exit("tidegate: needs Python 3.11 or newer; this is %d.%d" % sys.version_info[:2])

from publisher.client.cli import main

sys.exit(main())
"""
_COMPILED = (*EXTENSION_SUFFIXES, ".so", ".pyd", ".dll", ".dylib")
_LICENCE = re.compile(r"(?i)(licen[cs]e|copying|notice)")
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")


def build_zipapp(*, trusted: Trusted, version: Version, wheels: Sequence[Wheel]) -> bytes:
    """The zipapp's bytes, for the channel and root in `trusted`; `version` is what --version tells.

    Raises InputError if a wheel has compiled code, or needs a package that is not among them.
    """
    entries = {"__main__.py": _MAIN, **_client()}
    entries[f"publisher/client/{RESOURCE}"] = trusted.to_json()
    entries[f"publisher/client/{VERSION_RESOURCE}"] = f"{version}\n".encode("ascii")
    entries["LICENSE"] = _own_licence()
    for wheel in wheels:
        brought = _dependency(wheel, {other.name for other in wheels})
        if twice := sorted(entries.keys() & brought.keys()):
            raise InputError(
                f"{wheel.name} {wheel.version} brings {twice[0]}, which is there already",
                fix="take another version of it",
            )
        entries |= brought
    return _SHEBANG + _archive(entries)


def _archive(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    # zipfile writes offsets from the start of the file that it is given; readers allow for the shebang.
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(entries | _directories(entries)):
            info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            info.create_system = 3
            info.external_attr = (0o040755 if name.endswith("/") else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, entries.get(name, b""), compresslevel=9)
    return buffer.getvalue()


def _directories(entries: dict[str, bytes]) -> dict[str, bytes]:
    """Entries for the directories: without them zipimport does not find packages that have no __init__.py."""
    parents = {parent for name in entries for parent in PurePosixPath(name).parents}
    return {f"{parent}/": b"" for parent in parents if parent.name}


def _client() -> dict[str, bytes]:
    """The client's own modules, those that it shares with us, and the package that they live in."""
    entries = {"publisher/__init__.py": (files("publisher") / "__init__.py").read_bytes()}
    for room in ("client", "wire"):
        entries |= _modules(files(f"publisher.{room}"), f"publisher/{room}")
    return entries


def _modules(directory: Traversable, path: str) -> dict[str, bytes]:
    """The modules of a package and of those in it, by their paths below `path`."""
    modules: dict[str, bytes] = {}
    for entry in directory.iterdir():
        if entry.is_dir():
            modules |= _modules(entry, f"{path}/{entry.name}")
        elif entry.name.endswith(".py"):
            modules[f"{path}/{entry.name}"] = entry.read_bytes()
    return modules


def _dependency(wheel: Wheel, names: Set[str]) -> dict[str, bytes]:
    """A wheel's modules and licences: no tests, and nothing that only an installer reads."""
    files = wheel.files()
    for requirement in _requirements(files):
        name, _, marker = requirement.partition(";")
        needed = _REQUIREMENT.match(name)
        if "extra" not in marker and (needed is None or needed[0].lower() not in names):
            raise InputError(
                f"{wheel.name} {wheel.version} needs {requirement}, which the zipapp lacks",
                fix="check it, then add it to the group `client` of pyproject.toml",
            )
    compiled = next((path for path in files if path.endswith(_COMPILED)), None)
    if compiled is not None:
        raise InputError(
            f"{wheel.name} {wheel.version} has compiled code ({compiled}), which runs on one kind of machine only",
            fix=f"take the pure-Python wheel of {wheel.name}",
        )
    return {path: data for path, data in files.items() if _goes_in(PurePosixPath(path))}


def _goes_in(path: PurePosixPath) -> bool:
    return bool(_LICENCE.match(path.name)) or (path.suffix == ".py" and not path.name.startswith("test_"))


def _requirements(files: dict[str, bytes]) -> list[str]:
    """What the wheel's metadata asks for (core metadata, Requires-Dist)."""
    [metadata] = [data for path, data in files.items() if PurePosixPath(path).match("*.dist-info/METADATA")]
    return [str(line) for line in message_from_bytes(metadata).get_all("Requires-Dist") or ()]


def _own_licence() -> bytes:
    """The licence of Tidegate itself, wherever this kind of installation keeps it."""
    path = next((path for path in distribution("tidegate").files or () if path.name == "LICENSE"), None)
    if path is None:
        raise InputError("the installation of tidegate lacks its LICENSE", fix="install it again")
    return Path(str(path.locate())).read_bytes()
