"""`publish build --if-changed`: whether the site says something else than the channel, as the ledger tells."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from publisher.channel.ledger.trusted_entries import CurrentKeys
from publisher.channel.roles import ONLINE_ROLES
from publisher.errors import VerificationError
from publisher.model.config.signer import Signers
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.ledger_append import from_the_end

LONGEST = timedelta(hours=1)
"""A site is built again after this even when nothing has changed: what it says of freezes goes by the clock."""


def channel_changed(bucket: Bucket, signers: Signers, now: datetime) -> bool:
    """Whether anything but freshness has become live since the site was signed, or that was `LONGEST` ago.

    Entries count that keys of today have signed; where they do not tell, it has changed. Raises StorageError,
    VerificationError.
    """
    live = bucket.published(fix="publish a release first, or build without --if-changed")
    today = CurrentKeys(live.root.signed, live.targets.signed, signers)
    effective = {live.stamp.sha256}
    for logged in from_the_end(bucket.storage):
        with suppress(VerificationError):
            entry = today.entry(logged)
            if entry.result is None or entry.result.sha256 not in effective:
                continue
            if entry.action is LedgerAction.SIGN_SITE:
                return entry.at <= now - LONGEST
            if entry.action is not LedgerAction.REFRESH or set(entry.roles) - set(ONLINE_ROLES):
                return True
            if entry.base is not None:
                effective.add(entry.base.sha256)
    return True
