"""What channels of a bucket have taken back, and when."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from publisher.channel.ledger.entries import Logged
from publisher.channel.ledger.withdrawals import dated, withdrawals
from publisher.channel.repository import Repository
from publisher.errors import StorageError
from publisher.model.config.signer import Signers
from publisher.model.content.release import Release
from publisher.model.records.channel_state import Withdrawal
from publisher.pipeline.bucket_reader import Readable
from publisher.pipeline.ledger_append import from_the_end

RECENT = 64
"""Entries that are read to find the day of a rollback; an older one is told without its day."""


def read_withdrawals(
    storage: Readable, live: Repository | None, signers: Signers, release: Release | None = None
) -> tuple[Withdrawal, ...]:
    """What the channels have taken back, by the metadata that is live, with the day of recent rollbacks.

    For a decision about a `release`: what its product's channels have taken back, with the day of that version only.
    The ledger is not read where no day is asked for. Raises VerificationError.
    """
    if live is None:
        return ()
    withdrawn = withdrawals(live, release.product if release else None)
    return dated(withdrawn, live, _latest(storage), signers, release.version if release else None)


def _latest(storage: Readable) -> Iterator[Logged]:
    """The last entries, the last first. A ledger that cannot be read costs the day, and nothing else."""
    with suppress(StorageError):
        yield from islice(from_the_end(storage), RECENT)
