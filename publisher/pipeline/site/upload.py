"""`publish build --upload`: a built site into its own bucket, so that visitors never meet a page without its parts.

    pages.json, cut down to what stays        from here on it vouches for nothing that is about to change
    assets -> search index -> pages -> sitemap
    pages.json, whole                         the upload is complete
    stale objects                             deleted in the reverse order, a page before what it needs

Only what differs is written. A killed upload leaves a site that works, and running it again completes it: since the
manifest was cut down first, whatever may have been touched is written again. Both writings of pages.json are
compare-and-swap and count its version up, so that of two uploads at once one is told, and nothing is deleted that
another upload has just written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from pydantic import ValidationError

from publisher.errors import InputError, StorageConflict, StorageError, StorageForeign, StorageMissing
from publisher.model.records.site_manifest import MANIFEST, SiteManifest
from publisher.pipeline.bucket_reader import SMALL
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.progress import Advance, Track, silent
from publisher.pipeline.site.files import CHANNEL_FOLDERS, SiteFile, UploadStep, manifest_body, meta_of, step_of
from publisher.storage.overlap import overlap
from publisher.storage.protocol import Body, Stat, Storage, check_key

T = TypeVar("T")

WORKERS = 16
"""Requests at once; a small object costs a round trip, hardly any bytes."""


@dataclass(frozen=True)
class Put:
    """One object to write: created when there is none, else swapped for the one with this tag."""

    path: str
    body: Body
    tag: str | None


@dataclass(frozen=True)
class SitePlan:
    """Everything that an upload will do, in order."""

    url: str
    manifest: Body
    """The manifest of the whole site, as it will be in the bucket."""
    opening: Body | None
    """The manifest of what stays as it is; None when no object is written."""
    puts: tuple[Put, ...]
    """By step, then by path."""
    closes: bool
    """Whether the manifest is to be written; False when it is there already."""
    manifest_tag: str | None
    stale: tuple[str, ...]
    """Keys to delete, in order."""
    unchanged: int

    @property
    def nothing_to_do(self) -> bool:
        return not (self.closes or self.stale)

    def of(self, step: UploadStep) -> tuple[Put, ...]:
        return tuple(put for put in self.puts if step_of(put.path) is step)


@dataclass(frozen=True)
class Uploaded:
    """What an upload really did."""

    written: Written
    deleted: tuple[str, ...]


def refuse_same_place(site: str, channel: str | None) -> None:
    """Raise InputError when the site would go into the channel's bucket, or the other way round."""
    if channel is not None and overlap(site, channel):
        raise InputError(
            f"{site} and the channel's bucket {channel} are the same place, or one is inside the other",
            fix="give the site its own bucket and credentials",
        )


def plan_upload(files: tuple[SiteFile, ...], storage: Storage, *, everything: bool = False) -> SitePlan:
    """Compare a built site with a bucket, without writing. Raises StorageError when that is not a site's bucket.

    `everything` trusts nothing that is there, and writes each file again.
    """
    # The listing comes before the manifest: what a later upload adds can then not look stale here.
    there = {stat.key: stat for stat in storage.list("")} if storage.is_prepared() else {}
    stored, tag = _stored_manifest(storage, there)
    pages = {file.path: file.page for file in files}

    def stays(file: SiteFile) -> bool:
        stat = there.get(file.path)
        same = stored is not None and stored.pages.get(file.path) == file.page
        return same and not everything and stat is not None and stat.size == file.body.size

    staying = {file.path: file.page for file in files if stays(file)}
    puts = tuple(
        Put(file.path, file.body, there[file.path].tag if file.path in there else None)
        for file in sorted(files, key=lambda file: (file.step, file.path))
        if file.path not in staying
    )
    closes = stored is None or bool(puts) or not stored.says(pages)
    version = (stored.version if stored else 0) + closes
    return SitePlan(
        url=storage.url,
        manifest=manifest_body(SiteManifest(version=version, pages=pages)),
        opening=manifest_body(SiteManifest(version=version, complete=False, pages=staying)) if puts else None,
        puts=puts,
        closes=closes,
        manifest_tag=tag,
        stale=tuple(sorted(set(there) - set(pages) - {MANIFEST}, key=lambda key: (-step_of(key), key))),
        unchanged=len(staying),
    )


def apply_upload(plan: SitePlan, storage: Storage, track: Track = silent, workers: int = WORKERS) -> Uploaded:
    """Do what the plan says.

    Raises StorageConflict when somebody else uploads, StorageForeign, when all else is done, for what cannot be
    deleted, StorageError, InputError.
    """
    if plan.nothing_to_do:
        return Uploaded(Written(), ())
    storage.prepare()
    with track("Uploading", sum(put.body.size for put in plan.puts)) as advance, _somebody_else():
        written = _write_all(plan, storage, advance, workers)
        stale = [key for key in plan.stale if _is_ours(key)]
        for step in reversed(UploadStep):
            _all("what is stale", [key for key in stale if step_of(key) is step], storage.delete, workers)
    if odd := sorted(set(plan.stale) - set(stale)):
        raise StorageForeign(
            f"{storage.url} holds {odd[0]!a}, a name that Tidegate never writes; everything else was uploaded",
            fix="find out who made it, and remove it at the store",
        )
    return Uploaded(written, plan.stale)


def _write_all(plan: SitePlan, storage: Storage, advance: Advance, workers: int) -> Written:
    written, tag = Written(), plan.manifest_tag
    if not plan.closes:
        stat = storage.stat(MANIFEST)
        if stat is None or stat.tag != tag:
            raise _conflict()
        return written
    if plan.opening is not None:
        tag = storage.replace(MANIFEST, plan.opening, meta_of(MANIFEST), tag)
        written = written.and_also(MANIFEST, plan.opening.size)
    for step in UploadStep:
        for key, size in _write(step, plan.of(step), storage, advance, workers):
            written = written.and_also(key, size)
    storage.replace(MANIFEST, plan.manifest, meta_of(MANIFEST), tag)
    return written.and_also(MANIFEST, plan.manifest.size)


def _is_ours(key: str) -> bool:
    """Whether an object of ours could have the key. Whoever can write there must not keep the others by an odd one."""
    try:
        check_key(key)
    except InputError:
        return False
    return True


def _stored_manifest(storage: Storage, there: dict[str, Stat]) -> tuple[SiteManifest | None, str | None]:
    """The manifest in the bucket and its tag; one that cannot be read vouches for nothing, and is replaced."""
    if foreign := next((key for key in there if key.startswith(CHANNEL_FOLDERS)), None):
        raise StorageError(
            f"{storage.url} is a channel's bucket, since it contains {foreign}; nothing was written",
            fix="give the site its own bucket and credentials",
        )
    if there and MANIFEST not in there:
        raise StorageError(
            f"{storage.url} contains {len(there)} objects but no {MANIFEST}, so it is not a site's bucket;"
            " nothing was written",
            fix="name the site's own bucket; if this is the one and its manifest was lost, empty it first",
        )
    if MANIFEST not in there:
        return None, None
    try:
        data, tag = storage.read(MANIFEST, SMALL)
    except StorageMissing as error:
        raise _conflict() from error
    try:
        return SiteManifest.model_validate_json(data), tag
    except ValidationError:
        return None, tag


def _write(
    step: UploadStep, puts: Sequence[Put], storage: Storage, advance: Advance, workers: int
) -> Iterator[tuple[str, int]]:
    """Write the objects of one step; yields keys and sizes of those that were really written."""

    def put(item: Put) -> bool:
        if item.tag is None:
            return storage.create(item.path, item.body, meta_of(item.path), advance)
        storage.replace(item.path, item.body, meta_of(item.path), item.tag)
        advance(item.body.size)
        return True

    for item, new in zip(puts, _all(step.words, puts, put, workers), strict=True):
        if new:
            yield item.path, item.body.size


def _all(what: str, items: Sequence[T], act: Callable[[T], object], workers: int) -> list[object]:
    """Act on all items, a few at once. After the first failure nothing more is begun, and it is raised."""
    if not items:
        return []
    with ThreadPoolExecutor(min(workers, len(items)), thread_name_prefix="upload") as pool:
        futures = [pool.submit(act, item) for item in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(cancel_futures=True)
    failed = [error for future in futures if not future.cancelled() and (error := future.exception()) is not None]
    if failed:
        raise _told(failed[0], what, _done(futures), len(items))
    return [future.result() for future in futures]


def _done(futures: Sequence[Future[object]]) -> int:
    return sum(not future.cancelled() and future.exception() is None for future in futures)


def _told(error: BaseException, what: str, done: int, total: int) -> BaseException:
    """The same error, and how far the upload came."""
    if not isinstance(error, (StorageError, InputError)):
        return error
    counted = type(error)(f"{error.what} ({what}: {done} of {total} are done)", fix=error.fix)
    counted.__cause__ = error
    return counted


@contextmanager
def _somebody_else() -> Iterator[None]:
    """A lost race means one thing here, whatever object it was lost on."""
    try:
        yield
    except StorageConflict as error:
        raise _conflict(error.what) from error


def _conflict(what: str = f"{MANIFEST} has changed") -> StorageConflict:
    return StorageConflict(
        f"somebody else is uploading to this site; their files were kept ({what})",
        fix="wait until they have finished, then run the command again; if nobody is uploading, somebody planted the"
        " object: remove it at the store",
    )
