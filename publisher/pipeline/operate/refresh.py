"""Snapshot and timestamp re-signed when they are due; the first half of what a timer runs (`renew.py` is the other)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from publisher.channel.advance import Advance
from publisher.channel.layout import TIMESTAMP_KEY
from publisher.channel.repository import follow_roots, read_repository
from publisher.errors import StorageError
from publisher.model.configuration import Configuration
from publisher.model.records.ledger import Action, Told
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.ledger_append import refuse_unannounced
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written, write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.publication.commit import Flip, commit, plan_flip
from publisher.pipeline.reading import Readable, reader
from publisher.storage.protocol import Body, Storage


@dataclass(frozen=True)
class RefreshPlan:
    """What a refresh will write; nothing, when nothing is due."""

    objects: tuple[PlannedObject, ...]
    flip: Flip | None
    changed_roles: tuple[tuple[str, int], ...]


def plan_refresh(
    storage: Readable, root: bytes, configuration: Configuration, keys: KeyRing, now: datetime
) -> RefreshPlan:
    """Renew online roles that are due. Raises SigningError when their keys are not at hand, StorageError.

    That nobody else has published is asked even when nothing is due: a timer is the first to notice.
    """
    read = reader(storage)
    stat = storage.stat(TIMESTAMP_KEY)
    live = read_repository(read, root)
    if live is None:
        raise StorageError("nothing is published here yet", fix="publish a release first")
    refuse_unannounced(live.stamp, storage)
    current_root = tuple(follow_roots(read, root))[-1]
    advance = Advance(live, current_root, configuration.signers, keys.of, read, now)
    metadata = advance.to(live.targets.signed, {}, signed_targets=live.targets)
    told = Told.routine(Action.REFRESH, configuration.policy_at(now))
    return RefreshPlan(
        objects=tuple(PlannedObject.of(key, Body.from_bytes(data)) for key, data in metadata.objects),
        flip=plan_flip(told, metadata, live, stat.tag if stat else None, keys, now),
        changed_roles=metadata.changed,
    )


def apply_refresh(plan: RefreshPlan, storage: Storage) -> Written:
    """Write new online metadata, the timestamp last. Raises StorageConflict when somebody published in between."""
    written = write_objects(plan.objects, storage, silent)
    return written if plan.flip is None else commit(plan.flip, storage, written)
