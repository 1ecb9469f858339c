"""From a directory and the release's patterns to the files that will be published."""

from __future__ import annotations

import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from publisher.channel.manifests import BOM_SUFFIXES, MANIFEST_FILE, SIGNATURE_SUFFIX, SUMS_FILE
from publisher.channel.size_limits import COMPANION_LIMIT, FILE_LIMIT
from publisher.errors import InputError
from publisher.model.content.release import Release
from publisher.model.file_names import same_but_for_case
from publisher.pipeline.artifacts.platform_patterns import platforms, shown
from publisher.pipeline.progress import Advance
from publisher.signing.digests import FileDigests, digest_file
from publisher.signing.private_keys import LARGEST, private_key_in
from publisher.wire.device_names import is_device_name
from publisher.wire.version import Version

WORKERS = 4
"""Files hashed at once; hashing leaves the interpreter free."""

_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+~-]{0,199}")
_COMPANIONS: tuple[tuple[str, Literal["cyclonedx", "spdx"]], ...] = tuple(
    (suffix, "spdx" if suffix == ".spdx.json" else "cyclonedx") for suffix in BOM_SUFFIXES
)


@dataclass(frozen=True)
class ArtifactFile:
    """A file of the release, and the bills of materials that lie beside it."""

    path: Path
    platform: str
    companions: tuple[tuple[Path, Literal["cyclonedx", "spdx"]], ...] = ()


@dataclass(frozen=True)
class Collected:
    """What a directory holds for a release."""

    files: tuple[ArtifactFile, ...]
    ignored: tuple[str, ...]
    """Names in the directory that no pattern wants."""


@dataclass(frozen=True)
class HashedFile:
    """A file with its size and digests, read once."""

    path: Path
    digests: FileDigests


@dataclass(frozen=True)
class HashedArtifact:
    """An artifact with its companions, all hashed."""

    file: HashedFile
    platform: str
    companions: tuple[tuple[HashedFile, Literal["cyclonedx", "spdx"]], ...]


def collect(release: Release, directory: Path, known: Iterable[Version] = ()) -> Collected:
    """Match every pattern of the release to exactly one file.

    `known` are the versions of the product's releases. Raises InputError when a pattern matches no file or several,
    when a file matches two platforms, and for files that must not be published: those of another version, empty ones,
    links out of the directory, private keys, names that mean something to a shell or to Windows.
    """
    if not directory.is_dir():
        raise InputError(f"there is no directory {directory}", fix="name the directory of built files with --artifacts")
    names = sorted(entry.name for entry in directory.iterdir() if entry.is_symlink() or not entry.is_dir())
    platform_of = platforms(release, directory, names, known)
    files = tuple(
        ArtifactFile(_checked(directory, name), platform, _companions(directory, name, names))
        for name, platform in platform_of.items()
    )
    used = {path.name for file in files for path in _paths(file)}
    if twins := same_but_for_case(sorted(used)):
        raise InputError(
            f"{twins[0]} and {twins[1]} differ only in case; Windows and macOS treat them as the same file",
            fix="give one of the two another name",
        )
    return Collected(files, tuple(shown(name) for name in names if name not in used))


def hash_files(collected: Collected, progress: Advance) -> tuple[HashedArtifact, ...]:
    """Digest every file in one pass each, several at once. Raises InputError when a file changes meanwhile."""
    paths = [path for file in collected.files for path in _paths(file)]
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="hash") as pool:
        digests = pool.map(lambda path: HashedFile(path, digest_file(path, progress)), paths)
        hashed = dict(zip(paths, digests, strict=True))
    return tuple(
        HashedArtifact(hashed[file.path], file.platform, tuple((hashed[path], kind) for path, kind in file.companions))
        for file in collected.files
    )


def total_size(collected: Collected) -> int:
    """Bytes of all files, for progress."""
    return sum(path.stat().st_size for file in collected.files for path in _paths(file))


def _paths(file: ArtifactFile) -> tuple[Path, ...]:
    return (file.path, *(path for path, _ in file.companions))


def _companions(directory: Path, name: str, names: list[str]) -> tuple[tuple[Path, Literal["cyclonedx", "spdx"]], ...]:
    return tuple((_checked(directory, name + suffix), kind) for suffix, kind in _COMPANIONS if name + suffix in names)


def _checked(directory: Path, name: str) -> Path:
    path = directory / name
    if not _SAFE_NAME.fullmatch(name) or ".." in name or name.endswith(".") or is_device_name(name):
        raise InputError(
            f"{shown(name)} is not a name to publish",
            fix="use letters, digits, and . - _ + ~ within; no double dots, no dot at the end, no blanks, no line"
            " breaks, and no name of a Windows device such as con or nul",
        )
    if name.lower() in (MANIFEST_FILE.lower(), SUMS_FILE.lower()) or name.lower().endswith(SIGNATURE_SUFFIX):
        raise InputError(
            f"{name} is a name that publishing itself uses", fix="name the built file differently, or remove a leftover"
        )
    if path.is_symlink() and directory.resolve() not in path.resolve().parents:
        raise InputError(
            f"{name} is a link to {path.resolve()}, which is outside of {directory}",
            fix="copy the file into the directory",
        )
    if not path.is_file():
        raise InputError(f"{name} is not a regular file")
    size = path.stat().st_size
    limit = COMPANION_LIMIT if name.endswith(BOM_SUFFIXES) else FILE_LIMIT
    if size == 0:
        raise InputError(f"{name} is empty", fix="build it again; an empty file is never published")
    if size > limit:
        raise InputError(f"{name} has {size:,} bytes; at most {limit:,} are published in one file", fix="split it")
    if size <= LARGEST and (kind := private_key_in(path.read_bytes())):
        raise InputError(f"{name} contains {kind}; nothing was published", fix="remove it from the built files")
    return path
