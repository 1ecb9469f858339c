"""The reproducible single-file client: `tidegate.pyz`, which needs nothing but Python.

It holds the reference client, the pure-Python packages that it needs with their licences, the trusted root
and the address of one channel. The same inputs and the same installed packages give the same bytes: entries
are sorted, times and modes are fixed, and nothing that an installer writes gets in.
"""

from __future__ import annotations

import importlib.metadata
import io
import re
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from publisher.client.cli import VERSION_RESOURCE
from publisher.client.trusted import RESOURCE, Trusted
from publisher.client.version import Version
from publisher.errors import InputError

__all__ = ["DEPENDENCIES", "Trusted", "build_zipapp"]

DEPENDENCIES = ("securesystemslib", "tuf", "urllib3")
"""The distributions that go in. A new one must be named here, so that somebody looks at it first."""

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


def build_zipapp(*, trusted: Trusted, version: Version) -> bytes:
    """The zipapp's bytes, for the channel and root in `trusted`; `version` is what --version tells.

    Raises InputError if an installed package is missing, has compiled code, or needs more than DEPENDENCIES.
    """
    entries = {"__main__.py": _MAIN, **_client()}
    entries[f"publisher/client/{RESOURCE}"] = trusted.to_json()
    entries[f"publisher/client/{VERSION_RESOURCE}"] = f"{version}\n".encode("ascii")
    entries["LICENSE"] = _own_licence()
    for name in DEPENDENCIES:
        entries |= _dependency(_distribution(name))
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
    """The client's own modules, and the package that they live in."""
    entries = {"publisher/__init__.py": (files("publisher") / "__init__.py").read_bytes()}
    return entries | _modules(files("publisher.client"), "publisher/client")


def _modules(directory: Traversable, path: str) -> dict[str, bytes]:
    return {f"{path}/{file.name}": file.read_bytes() for file in directory.iterdir() if file.name.endswith(".py")}


def _distribution(name: str) -> importlib.metadata.Distribution:
    try:
        return importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        raise InputError(f"{name} is not installed", fix="install tidegate's own dependencies") from None


def _dependency(distribution: importlib.metadata.Distribution) -> dict[str, bytes]:
    """A distribution's modules and licences: no tests, no bytecode, nothing that an installer wrote."""
    for requirement in distribution.requires or ():
        name, _, marker = requirement.partition(";")
        needed = _REQUIREMENT.match(name)
        if "extra" not in marker and (needed is None or needed[0].lower() not in DEPENDENCIES):
            raise InputError(
                f"{distribution.name} {distribution.version} needs {requirement}, which the zipapp lacks",
                fix="look at it, then name it in DEPENDENCIES of the zipapp builder",
            )
    entries = _licences(distribution)
    for path in _files(distribution):
        if path.name.endswith(_COMPILED):
            raise InputError(
                f"{distribution.name} {distribution.version} has compiled code ({path}), "
                "which runs on one kind of machine only",
                fix=f"install the pure-Python wheel of {distribution.name}",
            )
        if path.suffix == ".py" and not path.name.startswith("test_"):
            entries[str(path)] = _read(distribution, path)
    return entries


def _own_licence() -> bytes:
    """The licence of Tidegate itself, wherever this kind of installation keeps it."""
    own = _distribution("tidegate")
    for path in _files(own):
        if path.name == "LICENSE":
            return _read(own, path)
    raise InputError("the installation of tidegate lacks its LICENSE", fix="install it again with pip")


def _licences(distribution: importlib.metadata.Distribution) -> dict[str, bytes]:
    return {str(path): _read(distribution, path) for path in _files(distribution) if _LICENCE.match(path.name)}


def _files(distribution: importlib.metadata.Distribution) -> list[PurePosixPath]:
    """What was installed, without what lies outside of the packages (scripts)."""
    if distribution.files is None:
        raise InputError(f"{distribution.name} has no list of its files", fix="install it with pip")
    return [path for path in distribution.files if ".." not in path.parts]


def _read(distribution: importlib.metadata.Distribution, path: PurePosixPath) -> bytes:
    try:
        return Path(str(distribution.locate_file(path))).read_bytes()
    except OSError as error:
        raise InputError(
            f"{path} of {distribution.name} cannot be read: {error.strerror}", fix="install it anew"
        ) from None
