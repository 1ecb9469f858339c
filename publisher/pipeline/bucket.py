"""A bucket as one command sees it: a store, the root that it trusts, and what is live there, verified once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self

from tuf.api.metadata import Metadata, Root

from publisher.channel.advance import Advance, KeysAtHand
from publisher.channel.layout import TIMESTAMP_KEY
from publisher.channel.repository import Read, Repository, follow_roots, read_repository
from publisher.channel.state import feeds
from publisher.errors import StorageError
from publisher.model.config.signer import Signers
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.wire.feed_parser import ParsedFeed


@dataclass(frozen=True)
class Bucket:
    """What is live is read when it is first asked for; whoever wants to know what is live by then looks anew."""

    storage: Readable
    trusted_root: bytes
    """The first root; everything in the bucket must lead back to it."""

    @property
    def read(self) -> Read:
        """Its small objects by key."""
        return reader(self.storage)

    @cached_property
    def tag(self) -> str | None:
        """Of timestamp.json; None when there is none. Read before `live`, so that no other state is ever replaced."""
        stat = self.storage.stat(TIMESTAMP_KEY)
        return stat.tag if stat is not None else None

    @cached_property
    def live(self) -> Repository | None:
        """Everything that clients see; None when nothing is published yet. Raises VerificationError, StorageError."""
        _ = self.tag
        return read_repository(self.read, self.trusted_root)

    @cached_property
    def root(self) -> Metadata[Root]:
        """The newest root that clients can get. Raises VerificationError."""
        if self.live is not None:
            return self.live.root
        return tuple(follow_roots(self.read, self.trusted_root))[-1]

    def published(self, fix: str = "publish a release first") -> Repository:
        """What is live. Raises StorageError when nothing is, with the `fix`."""
        if self.live is None:
            raise StorageError("nothing is published here yet", fix=fix)
        return self.live

    def offered(self, product: str, channel: str) -> Mapping[str, ParsedFeed]:
        """What a channel offers now, by platform."""
        return feeds(self.read, self.live, product, channel) if self.live is not None else {}

    def over(self, storage: Readable) -> Bucket:
        """What was live when it was looked at, with other objects around it: those that are planned, or newer ones."""
        return Bucket.as_if(storage, self.trusted_root, self.live, self.tag)

    @classmethod
    def as_if(cls, storage: Readable, trusted_root: bytes, live: Repository | None, tag: str | None) -> Self:
        """A bucket in which this were live, for plans that build on it; `tag` is what they replace."""
        bucket = cls(storage, trusted_root)
        bucket.__dict__.update(tag=tag, live=live)
        return bucket

    def advance(self, signers: Signers, keys: KeysAtHand, now: datetime, root: Metadata[Root] | None = None) -> Advance:
        """From what is live to what shall be; `root` is a new one that is made live along with it."""
        return Advance(self.live, root or self.root, signers, keys, self.read, now)
