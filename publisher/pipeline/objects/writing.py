"""Writing planned objects in their order, and counting what was new."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import groupby

from publisher.channel.layout import RELEASES
from publisher.errors import StorageConflict
from publisher.pipeline.bucket_reader import Readable
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.progress import Advance, Track
from publisher.storage.protocol import Storage

LARGE = 4 * 1024 * 1024
"""Bytes from which on an object is worth a connection of its own."""

WORKERS = 4
"""Large objects at once; each is streamed, so memory stays bounded."""


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
    """Create each object that is not there yet, in order; large ones that follow one another are written at once.

    Raises StorageConflict where other bytes are, before anything is written where a plain name has another size, and
    whatever else the store or a changing file raises first.
    """
    refuse_occupied(objects, storage)
    written = Written()
    with track("Storing", sum(planned.size for planned in objects if planned.body is not None)) as advance:
        for large, group in groupby(objects, key=lambda planned: planned.size >= LARGE):
            batch = list(group)
            if large and len(batch) > 1:
                fresh = _at_once(batch, storage, advance)
            else:
                fresh = [planned for planned in batch if _write(planned, storage, advance)]
            for planned in fresh:
                written = written.and_also(planned.key, planned.size)
    return written


def _at_once(batch: Sequence[PlannedObject], storage: Storage, advance: Advance) -> list[PlannedObject]:
    """Those of the batch that were not there yet. After a failure nothing more is begun."""
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="store") as pool:
        futures = [pool.submit(_write, planned, storage, advance) for planned in batch]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(cancel_futures=True)
    failed = next(
        (future.exception() for future in futures if not future.cancelled() and future.exception() is not None), None
    )
    if failed is not None:
        raise failed
    return [planned for planned, future in zip(batch, futures, strict=True) if future.result()]


def _write(planned: PlannedObject, storage: Storage, advance: Advance) -> bool:
    try:
        if planned.copy_of is not None:
            return storage.copy(planned.copy_of, planned.key, planned.meta)
        assert planned.body is not None
        return storage.create(planned.key, planned.body, planned.meta, advance)
    except StorageConflict as error:
        raise (occupied(planned.key) if planned.key.startswith(RELEASES) else error) from error


def already_there(objects: Sequence[PlannedObject], storage: Readable) -> frozenset[str]:
    """Keys of a plan that the store has already."""
    return frozenset(planned.key for planned in objects if storage.stat(planned.key) is not None)


def refuse_occupied(objects: Sequence[PlannedObject], storage: Readable) -> None:
    """Look whether plain names are taken by files of another size. Raises StorageConflict."""
    for planned in objects:
        if (
            planned.key.startswith(RELEASES)
            and (stat := storage.stat(planned.key)) is not None
            and stat.size != planned.size
        ):
            raise occupied(planned.key)


def occupied(key: str) -> StorageConflict:
    """A plain name that is taken: by what was published under that version, or by somebody who has no key."""
    folder = key.rpartition("/")[0]
    return StorageConflict(
        f"{key} already exists with different content; it was not changed",
        fix="publish under a new version, since published files never change; if this one was never published, somebody"
        f" else wrote them: the holder of the break-glass identity may delete everything below {folder}/",
    )
