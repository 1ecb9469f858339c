"""Writing planned objects in their order, and counting what was new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from publisher.pipeline.objects import PlannedObject
from publisher.pipeline.progress import Advance, Track
from publisher.storage.protocol import Storage


@dataclass(frozen=True)
class Written:
    """What a run really wrote."""

    keys: tuple[str, ...] = ()
    """In the order of writing."""
    size: int = 0
    """Bytes."""

    def and_also(self, key: str, size: int) -> Written:
        """With one more object."""
        return Written((*self.keys, key), self.size + size)

    def then(self, later: Written) -> Written:
        """With what a later step wrote."""
        return Written(self.keys + later.keys, self.size + later.size)


def write_objects(objects: Sequence[PlannedObject], storage: Storage, track: Track) -> Written:
    """Create each object that is not there yet. Raises StorageConflict where other bytes are."""
    written = Written()
    with track("Storing", sum(one.size for one in objects if one.body is not None)) as advance:
        for one in objects:
            if _write(one, storage, advance):
                written = written.and_also(one.key, one.size)
    return written


def _write(one: PlannedObject, storage: Storage, advance: Advance) -> bool:
    if one.copy_of is not None:
        return storage.copy(one.copy_of, one.key, one.meta)
    assert one.body is not None
    return storage.create(one.key, one.body, one.meta, advance)
