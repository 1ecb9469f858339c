"""A publication: what a command makes live, laid out before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.channel.advance import NewMetadata
from publisher.model.records.ledger_entry import LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.keyring import KeyRing
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.objects.writing import Written, write_objects
from publisher.pipeline.progress import silent
from publisher.pipeline.publication.commit import Flip, commit, plan_flip
from publisher.storage.protocol import Body, Storage


@dataclass(frozen=True)
class Publication:
    """Objects that are written once, in order, then the ledger's entry and the timestamp; nothing, by default."""

    objects: tuple[PlannedObject, ...] = ()
    flip: Flip | None = None
    """None when clients see all of it already."""
    changed_roles: tuple[tuple[str, int], ...] = ()
    """Roles that get a new version, with the version."""

    @property
    def nothing_to_do(self) -> bool:
        """Whether clients see all of it already."""
        return self.flip is None

    def retold(self, **changes: object) -> Publication:
        """The same, with other words in the ledger."""
        if self.flip is None:
            return self
        entry = replace(self.flip.entry, body=self.flip.entry.body.model_copy(update=changes))
        return replace(self, flip=replace(self.flip, entry=entry))

    def apply(self, storage: Storage) -> Written:
        """Write, log and flip. Raises StorageConflict when somebody published meanwhile."""
        written = write_objects(self.objects, storage, silent)
        return written if self.flip is None else commit(self.flip, storage, written)


def plan_publication(
    body: LedgerEntryBody,
    metadata: NewMetadata,
    bucket: Bucket,
    keys: KeyRing,
    now: datetime,
    before: Sequence[PlannedObject] = (),
    after: Sequence[PlannedObject] = (),
) -> Publication:
    """What makes new metadata live, with other objects `before` and `after` it. Raises SigningError."""
    written = (PlannedObject.of(key, Body.from_bytes(data)) for key, data in metadata.objects)
    return Publication(
        objects=(*before, *written, *after),
        flip=plan_flip(body, metadata, bucket.live, bucket.tag, keys, now),
        changed_roles=metadata.changed,
    )
