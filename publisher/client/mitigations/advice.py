"""Which mitigations help here: their notices are fetched by digest when they concern this machine, and kept.

A notice that cannot be had, or names what the channel's people have not signed, makes an answer say less.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient import FetcherInterface

from publisher.client.durable_files import is_plain_file, open_plain, write_durably
from publisher.client.metadata.trusted import make_directory
from publisher.client.mitigations.notes_role import VerifiedNotes
from publisher.wire.advice.mitigation import (
    Advice,
    MitigationNotice,
    mitigation_notice_of,
    mitigation_path,
    mitigations_for,
)
from publisher.wire.advice.notes import ListedMitigation, listed_mitigations
from publisher.wire.errors import ClientError, ClientVerificationError
from publisher.wire.feed_parser import ParsedFeed
from publisher.wire.limits import within
from publisher.wire.stopping.notice import MAX_BYTES
from publisher.wire.version import Version

__all__ = ["MitigationNotices"]

SECONDS = 120.0
"""How long all notices of one check may take: others wait for it, since the state is locked meanwhile."""

_SUFFIX = ".notice.json"
_UNREAD = "A notice about this version could not be fetched or read: try again later."
_MALFORMED = "The channel's notes cannot be read: advice for the version that you run may be missing."


@dataclass(frozen=True)
class MitigationNotices:
    """The notices of a channel's mitigations."""

    targets_url: str
    """The address of the folder with all targets, with a slash at its end."""
    directory: Path
    """Where they are kept."""
    fetcher: FetcherInterface | None
    """None: ask nobody."""

    def advice(self, notes: VerifiedNotes, feed: ParsedFeed, version: Version, platform: str, now: datetime) -> Advice:
        """What helps whoever runs `version` of the feed's product, and a sentence for each reason to miss some.

        `platform` is that of this machine; the feed's may be `any`. The caller holds the lock of the state directory.
        Raises nothing that a server or a full disk can cause.
        """
        if notes.role is None:
            return Advice((), (notes.problem,) if notes.problem else ())
        try:
            listed = listed_mitigations(notes.role, feed.product)
        except ClientVerificationError:
            return Advice((), (_MALFORMED,))
        platforms = {platform, feed.platform}
        concerning = [item for item in listed if item.concerns(version, platforms, now)]
        ids, ends = {item.id for item in listed}, monotonic() + SECONDS
        notices = {item.id: self._read(item, feed.product, ids, ends) for item in concerning}
        readable = {id_: notice for id_, notice in notices.items() if notice is not None}
        advice = mitigations_for(concerning, readable, feed.settings, version, platforms, now)
        unread = (_UNREAD,) if len(readable) < len(notices) else ()
        return Advice(advice.mitigations, (*advice.left_out, *unread))

    def _read(
        self, item: ListedMitigation, product: str, listed: Collection[str], ends: float
    ) -> MitigationNotice | None:
        kept = self.directory / f"{item.id}{_SUFFIX}"
        with contextlib.suppress(ClientError, OSError):
            if is_plain_file(kept):
                with open_plain(kept) as file:
                    return mitigation_notice_of(item, product, file.read(MAX_BYTES + 1))
        if self.fetcher is None or monotonic() >= ends:
            return None
        folder, _, name = mitigation_path(product).rpartition("/")
        try:
            data = b"".join(within(self.fetcher.fetch(f"{self.targets_url}{folder}/{item.id}.{name}"), MAX_BYTES))
            notice = mitigation_notice_of(item, product, data)
        except (ClientError, DownloadError, RepositoryError, OSError):
            return None
        # A disk that is full takes nothing from the answer.
        with contextlib.suppress(ClientError, OSError):
            make_directory(self.directory)
            for path in self.directory.glob(f"*{_SUFFIX}"):
                if path.name.removesuffix(_SUFFIX) not in listed:
                    path.unlink(missing_ok=True)
            write_durably(kept, data)
        return notice
