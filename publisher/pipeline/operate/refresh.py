"""Snapshot and timestamp re-signed when they are due; the first half of what a timer runs (`renew.py` is the other)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tuf.api.metadata import Targets

from publisher.channel.repository import Repository
from publisher.channel.roles import role_policy
from publisher.errors import VerificationError
from publisher.model.configuration import Configuration
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.brakes.calendar import unsigned_freezes
from publisher.pipeline.brakes.vanished import find_vanished
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import refuse_unannounced, unfinished
from publisher.pipeline.publication.plan import Publication, plan_publication
from publisher.wire.stopping.brakes import BRAKES


def plan_refresh(bucket: Bucket, configuration: Configuration, keys: KeyRing, now: datetime) -> Publication:
    """Renew online roles that are due, and sign the calendar's new freezes where a key of brakes is at hand.

    That nobody else has published, and that nobody has ended a hold, is asked even when nothing is due: a timer is the
    first to notice. Raises VerificationError then, SigningError when keys of online roles are not at hand,
    StorageError.
    """
    live = bucket.published()
    refuse_unannounced(live, bucket.storage, configuration.signers)
    if (error := unfinished(live, bucket.storage, configuration.signers, now)) is not None:
        raise error
    _refuse_vanished(bucket, now)
    advance = bucket.advance(configuration.signers, keys.of, now)
    shared = _calendar(configuration, live, keys, now)
    metadata = advance.to(live.targets.signed, {}, shared, signed_targets=live.targets)
    return plan_publication(
        LedgerEntryBody.routine(LedgerAction.REFRESH, configuration.policy_at(now)), metadata, bucket, keys, now
    )


def _refuse_vanished(bucket: Bucket, now: datetime) -> None:
    """Raise VerificationError where a hold is gone that nobody has lifted: new installs would be offered what it held.

    Brakes that cannot be read keep no channel from being refreshed: clients offer nothing then.
    """
    try:
        vanished = find_vanished(bucket, now)
    except VerificationError:
        return
    if vanished:
        raise VerificationError(vanished[0].what, fix=vanished[0].fix)


def _calendar(configuration: Configuration, live: Repository, keys: KeyRing, now: datetime) -> Mapping[str, Targets]:
    """What brakes say with the calendar's freezes; nothing where they lack none, or cannot be signed here."""
    unsigned = unsigned_freezes(configuration, live, now)
    if unsigned is None or len(keys.of(BRAKES)) < role_policy(configuration.signers, BRAKES).threshold:
        return {}
    return {BRAKES: unsigned.content}
