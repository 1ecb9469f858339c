"""A target on its way to this machine: streamed, counted, verified on the disk, and only then named."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tuf.api.exceptions import LengthOrHashMismatchError, RepositoryError
from tuf.api.metadata import TargetFile
from tuf.ngclient import FetcherInterface

from publisher.client.durable_files import is_plain_file, open_plain, rename_to_new
from publisher.client.transfer.part_file import verify_whole, write_whole
from publisher.wire.errors import ClientInputError, LocalError
from publisher.wire.limits import within

__all__ = ["Downloaded", "Remote", "already_there", "keep"]


@dataclass(frozen=True)
class Downloaded:
    """A verified file on this machine."""

    path: Path
    already_there: bool
    """True if the very same bytes were there before."""
    refused: tuple[str, ...] = ()
    """Addresses that sent wrong bytes before another one had the right ones."""


@dataclass(frozen=True)
class Remote:
    """A target as a repository serves it."""

    fetcher: FetcherInterface
    address: str
    info: TargetFile

    def chunks(self) -> Iterator[bytes]:
        """Its bytes as they come, never more than were signed; not verified yet."""
        return within(self.fetcher.fetch(self.address), self.info.length)

    def write_to(self, part: Path) -> None:
        """Write the bytes and verify what has reached the disk."""
        with part.open("r+b", buffering=0) as file:
            file.truncate()
            for chunk in self.chunks():
                write_whole(file, chunk)
            verify_whole(file, self.info)

    def check(self) -> None:
        """Verify the bytes and keep none of them."""
        digest, count = hashlib.sha256(), 0
        for chunk in self.chunks():
            digest.update(chunk)
            count += len(chunk)
        if (count, digest.hexdigest()) != (self.info.length, self.info.hashes.get("sha256")):
            raise LengthOrHashMismatchError(f"{self.info.path} differs from the signed file")


def keep(part: Path, info: TargetFile, final: Path) -> Downloaded:
    """Give the verified part its name. What came there meanwhile stays, and is looked at like any file before."""
    try:
        rename_to_new(part, final)
    except (FileExistsError, FileNotFoundError):
        if there := already_there(info, final):
            return there
        raise LocalError(f"{final} appears and disappears", fix="choose another directory with --to") from None
    return Downloaded(final, already_there=False)


def already_there(info: TargetFile, final: Path) -> Downloaded | None:
    """The file if it has the wanted bytes, None if there is none. Raises ClientInputError for anything else."""
    if final.is_symlink():
        raise ClientInputError(
            f"{final} is a symbolic link; it was not followed",
            fix="remove the link, or choose another directory with --to",
        )
    if not os.path.lexists(final):
        return None
    try:
        if not is_plain_file(final):
            raise RepositoryError("not a file")
        with open_plain(final) as file:
            info.verify_length_and_hashes(file)
    except FileNotFoundError:
        return None
    except RepositoryError:
        raise ClientInputError(
            f"{final} exists and is a different file; it was not changed",
            fix="move it away, or choose another directory with --to",
        ) from None
    return Downloaded(final, already_there=True)
