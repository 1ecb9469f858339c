"""Notices on this machine: fetched by digest when a brake concerns it, kept so that each is fetched once.

A notice says why, what to do and when there will be more. The signed brakes alone say what is stopped; so a notice that
cannot be had makes an answer say less, and never offer more.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import FetcherInterface

from publisher.client.durable_files import is_plain_file, open_plain, write_durably
from publisher.wire.errors import ClientError, FeedError
from publisher.wire.feed_words import BrakeKind
from publisher.wire.limits import within
from publisher.wire.stopping.brakes import Brake
from publisher.wire.stopping.notice import MAX_BYTES, BrakeNotice, notice_of, notice_path

__all__ = ["Notices"]

_SUFFIX = ".notice.json"


@dataclass(frozen=True)
class Notices:
    """The notices of one channel."""

    product: str
    channel: str
    targets_url: str
    """The address of the folder with all targets, with a slash at its end."""
    directory: Path
    """Where they are kept."""
    fetcher: FetcherInterface | None
    """None: ask nobody."""

    def read(self, kind: BrakeKind, brake: Brake, in_force: Collection[str]) -> BrakeNotice | None:
        """The notice of a brake of this kind; None if it cannot be fetched or read, whatever the cause.

        `in_force` are the ids of all brakes: what is kept of others is removed when a new one comes.
        """
        kept = self.directory / f"{brake.id}{_SUFFIX}"
        with contextlib.suppress(ClientError, OSError):
            if is_plain_file(kept):
                with open_plain(kept) as file:
                    return self._parse(kind, brake, file.read(MAX_BYTES + 1))
        if self.fetcher is None:
            return None
        try:
            data = b"".join(within(self.fetcher.fetch(self._address(brake)), MAX_BYTES))
            notice = self._parse(kind, brake, data)
        except (ClientError, DownloadError, RepositoryError, OSError):
            return None
        # A disk that is full takes nothing from the answer.
        with contextlib.suppress(OSError):
            self._forget_others({brake.id, *in_force})
            write_durably(kept, data)
        return notice

    def _parse(self, kind: BrakeKind, brake: Brake, data: bytes) -> BrakeNotice:
        notice = notice_of(brake, self.product, self.channel, data)
        if notice.kind is not kind:
            raise FeedError(f"the notice is about a {notice.kind}, and the brakes list a {kind}")
        return notice

    def _address(self, brake: Brake) -> str:
        folder, _, name = notice_path(self.product, self.channel).rpartition("/")
        return f"{self.targets_url}{folder}/{brake.id}.{name}"

    def _forget_others(self, ids: Collection[str]) -> None:
        for path in self.directory.glob(f"*{_SUFFIX}"):
            if path.name.removesuffix(_SUFFIX) not in ids:
                path.unlink(missing_ok=True)
