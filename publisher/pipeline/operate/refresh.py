"""Snapshot and timestamp re-signed when they are due; the first half of what a timer runs (`renew.py` is the other)."""

from __future__ import annotations

from datetime import datetime

from publisher.model.configuration import Configuration
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import refuse_unannounced, unfinished
from publisher.pipeline.publication.plan import Publication, plan_publication


def plan_refresh(bucket: Bucket, configuration: Configuration, keys: KeyRing, now: datetime) -> Publication:
    """Renew online roles that are due. Raises SigningError when their keys are not at hand, StorageError.

    That nobody else has published is asked even when nothing is due: a timer is the first to notice.
    """
    live = bucket.published()
    refuse_unannounced(live, bucket.storage, configuration.signers)
    if (error := unfinished(live, bucket.storage, configuration.signers, now)) is not None:
        raise error
    advance = bucket.advance(configuration.signers, keys.of, now)
    metadata = advance.to(live.targets.signed, {}, signed_targets=live.targets)
    return plan_publication(
        LedgerEntryBody.routine(LedgerAction.REFRESH, configuration.policy_at(now)), metadata, bucket, keys, now
    )
