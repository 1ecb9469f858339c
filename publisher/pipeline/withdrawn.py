"""What channels of a bucket have taken back, and when."""

from __future__ import annotations

from publisher.channel.repository import Repository
from publisher.channel.withdrawn import withdrawals
from publisher.model.published import Withdrawal
from publisher.model.signer import Signers
from publisher.pipeline.ledger import read_ledger
from publisher.pipeline.reading import Readable


def read_withdrawals(
    storage: Readable, live: Repository | None, signers: Signers, product: str | None = None
) -> tuple[Withdrawal, ...]:
    """Of one product or of all, from what is live and the whole ledger. Raises VerificationError, StorageError."""
    found = withdrawals(live, read_ledger(storage).logged, signers)
    return tuple(one for one in found if product in (None, one.product))
