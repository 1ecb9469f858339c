"""The history of holds and withdrawals in a bucket, from the entries of its ledger."""

from __future__ import annotations

from contextlib import suppress
from itertools import islice

from publisher.channel.brakes import notice_key
from publisher.channel.layout import TARGETS
from publisher.channel.ledger.brake_history import brake_history
from publisher.channel.ledger.entries import verified_entry
from publisher.channel.repository import Repository
from publisher.errors import VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.channel_state import PastBrake
from publisher.model.records.ledger_entry import Entry
from publisher.pipeline.bucket_reader import Readable, reader
from publisher.pipeline.ledger_append import batches_from_the_end, keys_ever_named

BATCH, MOST_BATCHES = 500, 40
"""Entries that are read at once, and how often: no history goes back further than 20,000 entries."""

_NOTICES = f"{TARGETS}brakes/"


def read_history(storage: Readable, trusted_root: bytes, live: Repository, signers: Signers) -> tuple[PastBrake, ...]:
    """The latest holds and withdrawals, the latest first. Raises VerificationError, StorageError.

    The ledger is read from its end until each notice in the bucket has its entry; not at all where there is no notice.
    As in an audit, an entry counts that any key signed which the channel has ever named.
    """
    missing = {stat.key for stat in storage.list(_NOTICES) if stat.key.endswith(".notice.json")}
    if not missing:
        return ()
    keys = keys_ever_named(storage, trusted_root, signers)
    entries: list[Entry] = []
    for batch in islice(batches_from_the_end(storage, BATCH), MOST_BATCHES):
        for logged in batch:
            with suppress(VerificationError):
                entries.append(entry := verified_entry(logged, keys))
                if entry.brake is not None and entry.product is not None and entry.channel is not None:
                    missing.discard(notice_key(entry.product, entry.channel, entry.brake))
        if not missing:
            break
    return brake_history(reversed(entries), live.stamp.sha256, reader(storage))
