"""The commit: the ledger is told what is about to happen, then `timestamp.json` is swapped."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime

from tuf.api.metadata import Timestamp

from publisher.channel.advance import NewMetadata
from publisher.channel.layout import TIMESTAMP_KEY
from publisher.channel.repository import Repository
from publisher.errors import StorageConflict
from publisher.model.config.signer import Signers
from publisher.model.records.decision import Decision
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody, Stamp
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import Draft, append, refuse_unannounced
from publisher.pipeline.objects.planned import CHANGING
from publisher.pipeline.objects.writing import Written
from publisher.storage.protocol import Body, ObjectMeta, Storage


@dataclass(frozen=True)
class Flip:
    """A signed timestamp that is ready to go live, and what the ledger is told of it."""

    timestamp: bytes
    tag: str | None
    """Of the object that it replaces; None when there is none."""
    entry: Draft
    live: Repository | None
    """What it was planned on."""
    signers: Signers

    def with_decision(self, decision: Decision, at: datetime) -> Flip:
        """The same, resting on a newer decision at the moment of the flip."""
        return replace(self, entry=self.entry.with_decision(decision, at))


def plan_flip(
    body: LedgerEntryBody, metadata: NewMetadata, live: Repository | None, tag: str | None, keys: KeyRing, at: datetime
) -> Flip | None:
    """What makes new metadata live; None when there is nothing new.

    An online key signs the entry too: whoever cannot make anything live must not be able to tell that it was.

    Raises SigningError when no key is at hand for the ledger.
    """
    if metadata.timestamp is None:
        return None
    roles = dict(metadata.changed)
    result = Stamp(version=roles["timestamp"], sha256=hashlib.sha256(metadata.timestamp).hexdigest())
    planned = body.planned_on(live.stamp if live else None).model_copy(update={"result": result, "roles": roles})
    return Flip(metadata.timestamp, tag, Draft(planned, at, keys.for_ledger(Timestamp.type)), live, keys.signers)


def commit(flip: Flip, storage: Storage, written: Written) -> Written:
    """Append the entry, then swap: no change is ever without its entry, and a ledger that cannot be written stops it.

    Raises StorageConflict when the live timestamp is not the one that was planned on; the entry stays, and tells what
    was tried. Raises VerificationError when no entry told of that, or of what came after it.
    """
    if flip.entry.body.action is not LedgerAction.RECOVER:
        refuse_unannounced(flip.live, storage, flip.signers)
    written = written.then(append(flip.entry, storage))
    body = Body.from_bytes(flip.timestamp)
    try:
        storage.replace(TIMESTAMP_KEY, body, ObjectMeta("application/json", CHANGING), flip.tag)
    except StorageConflict as error:
        raise StorageConflict(
            "somebody else has just published; their changes were kept",
            fix="check `publish status`, then run the command again",
        ) from error
    return written.and_also(TIMESTAMP_KEY, body.size)
