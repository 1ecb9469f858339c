"""Describe the publication that won a race, for the error message of the one that lost: release, time, signers."""

from __future__ import annotations

from datetime import timedelta

from publisher.channel.candidates.candidate import read_pointer, signed_by
from publisher.channel.repository import read_repository
from publisher.channel.state import feeds
from publisher.model.values import format_time
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.rules.english import listed


def what_others_did(role: str, trusted_root: bytes, timestamp_life: timedelta, storage: Readable) -> str:
    """A clause in brackets: what the role works on or offers now; empty when there is nothing to tell.

    `timestamp_life` is how long a timestamp is signed for, from which the time of signing follows.
    """
    read = reader(storage)
    pointer = read_pointer(read, role)
    if pointer.candidate is not None and pointer.staged_at is not None:
        return f" ({role} works on {pointer.release}, staged {format_time(pointer.staged_at)})"
    live = read_repository(read, trusted_root)
    names = signed_by(live, role)
    if live is None or not names:
        return ""
    product, _, channel = role.partition(".")
    offered = feeds(read, live, product, channel).values()
    versions = sorted({feed.release.version for feed in offered if feed.release is not None})
    since = live.timestamp.signed.expires - timestamp_life
    return f" ({role} offers {', '.join(map(str, versions))}, live by {format_time(since)}, signed by {listed(names)})"
