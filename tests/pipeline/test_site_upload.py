"""What goes up, in which order, and that a killed or overtaken upload does no harm."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from publisher.errors import InputError, StorageConflict, StorageError
from publisher.model.records.site_manifest import MANIFEST, SiteManifest
from publisher.pipeline.objects.planned import CHANGING, IMMUTABLE
from publisher.pipeline.site.files import SiteFile, UploadStep
from publisher.pipeline.site.upload import WORKERS, SitePlan, Uploaded, apply_upload, plan_upload, refuse_same_place
from publisher.storage.directory.store import DirectoryStorage
from publisher.storage.memory import MemoryStorage
from publisher.storage.protocol import Body, ObjectMeta, Storage
from tests.support.flaky import FlakyStorage, Killed
from tests.support.site import broken_pages, contents, write_site

Files = tuple[SiteFile, ...]


@pytest.fixture
def old(tmp_path: Path) -> Files:
    return write_site(tmp_path / "old", "red", {"index.html": "one", "gone/index.html": "x", "same.txt": "same"})


@pytest.fixture
def new(tmp_path: Path) -> Files:
    return write_site(tmp_path / "new", "blue", {"index.html": "two", "more/index.html": "y", "same.txt": "same"})


@pytest.fixture(params=["memory", "directory"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    return MemoryStorage() if request.param == "memory" else DirectoryStorage(tmp_path / "bucket")


def upload(files: Files, storage: Storage, workers: int = 4) -> Uploaded:
    return apply_upload(plan_upload(files, storage), storage, workers=workers)


def expected(files: Files) -> dict[str, bytes]:
    return {one.path: b"".join(one.body.chunks()) for one in files}


def pages_of(storage: Storage) -> dict[str, bytes]:
    return {path: data for path, data in contents(storage).items() if path != MANIFEST}


def manifest(storage: Storage) -> SiteManifest:
    return SiteManifest.model_validate_json(storage.read(MANIFEST, 1 << 20)[0])


def test_an_empty_bucket_gets_the_whole_site_and_its_manifest(old: Files, storage: Storage) -> None:
    plan = plan_upload(old, storage)
    assert not storage.is_prepared()
    apply_upload(plan, storage)
    assert pages_of(storage) == expected(old)
    assert storage.read(MANIFEST, 1 << 20)[0] == b"".join(plan.manifest.chunks())
    assert manifest(storage).says({one.path: one.page for one in old})


def test_the_same_site_again_writes_nothing(old: Files, storage: Storage) -> None:
    upload(old, storage)
    watched = FlakyStorage(storage)
    plan = plan_upload(old, watched)
    assert plan.nothing_to_do
    assert apply_upload(plan, watched) == Uploaded(apply_upload(plan, watched).written, ())
    assert watched.changes == []


def test_only_what_differs_is_written_in_an_order_that_never_breaks_a_page(
    old: Files, new: Files, storage: Storage
) -> None:
    upload(old, storage)
    watched = FlakyStorage(storage)
    done = upload(new, watched, workers=1)
    assert [change for change in watched.changes if change != "prepare"] == [
        "replace pages.json",
        "replace assets/plain.js",
        "create assets/stylesheets/main.16477688.min.css",
        "replace search/search_index.json",
        "replace index.html",
        "create more/index.html",
        "replace sitemap.xml",
        "replace pages.json",
        "delete gone/index.html",
        "delete assets/stylesheets/main.b1f51a51.min.css",
    ]
    assert done.deleted == ("gone/index.html", "assets/stylesheets/main.b1f51a51.min.css")
    assert pages_of(storage) == expected(new)


def test_headers_go_with_the_objects(old: Files) -> None:
    storage = MemoryStorage()
    upload(old, storage)
    assert storage.meta_of("index.html") == ObjectMeta("text/html; charset=utf-8", CHANGING)
    assert storage.meta_of(MANIFEST) == ObjectMeta("application/json", CHANGING)
    [style] = [one.path for one in old if one.path.endswith(".css")]
    assert storage.meta_of(style).cache_control == IMMUTABLE


def test_what_nobody_built_is_deleted_and_what_is_missing_comes_back(old: Files, storage: Storage) -> None:
    upload(old, storage)
    storage.create("urgent/index.html", Body.from_bytes(b"send coins"), ObjectMeta())
    storage.delete("index.html")
    upload(old, storage)
    assert pages_of(storage) == expected(old)


def test_everything_is_written_again_when_asked(old: Files, storage: Storage) -> None:
    upload(old, storage)
    stat = storage.stat("same.txt")
    assert stat is not None
    storage.replace("same.txt", Body.from_bytes(b"evil"), ObjectMeta(), stat.tag)
    plan = plan_upload(old, storage, everything=True)
    assert len(plan.puts) == len(old)
    apply_upload(plan, storage)
    assert pages_of(storage) == expected(old)


def test_a_manifest_that_cannot_be_read_vouches_for_nothing(old: Files, storage: Storage) -> None:
    upload(old, storage)
    stat = storage.stat(MANIFEST)
    assert stat is not None
    storage.replace(MANIFEST, Body.from_bytes(b"<html>"), ObjectMeta(), stat.tag)
    assert len(plan_upload(old, storage).puts) == len(old)
    upload(old, storage)
    assert plan_upload(old, storage).nothing_to_do


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("tuf/metadata/timestamp.json", "is a channel's bucket"),
        ("staging/x", "is a channel's"),
        ("x", r"no pages\.json"),
    ],
)
def test_a_bucket_of_something_else_is_left_alone(old: Files, storage: Storage, key: str, words: str) -> None:
    storage.prepare()
    storage.create(key, Body.from_bytes(b"x"), ObjectMeta())
    with pytest.raises(StorageError, match=words):
        plan_upload(old, storage)
    assert contents(storage) == {key: b"x"}


def test_site_and_channel_in_one_place_are_refused() -> None:
    refuse_same_place("s3://site", None)
    refuse_same_place("s3://site", "s3://channel")
    with pytest.raises(InputError, match="its own bucket and credentials"):
        refuse_same_place("s3://b/site", "s3://b")


# --- killed


def changes_between(old: Files, new: Files) -> int:
    storage = MemoryStorage()
    upload(old, storage)
    watched = FlakyStorage(storage)
    upload(new, watched, workers=1)
    return len(watched.changes)


def points(old: Files, new: Files) -> Iterator[tuple[int, bool]]:
    for number in range(1, changes_between(old, new) + 1):
        yield number, False
        yield number, True


def kill(old: Files, new: Files, number: int, after: bool) -> MemoryStorage:
    storage = MemoryStorage()
    upload(old, storage)
    with pytest.raises(Killed):
        upload(new, FlakyStorage(storage, fail_at=number, after=after), workers=1)
    return storage


def test_killed_anywhere_the_site_works_and_the_next_upload_completes_it(old: Files, new: Files) -> None:
    for number, after in points(old, new):
        where = f"killed {'after' if after else 'before'} change {number}"
        storage = kill(old, new, number, after)
        assert broken_pages(storage) == [], where
        upload(new, storage)
        assert pages_of(storage) == expected(new), where
        assert plan_upload(new, storage).nothing_to_do, where


def test_killed_anywhere_the_old_site_can_be_brought_back(old: Files, new: Files) -> None:
    for number, after in points(old, new):
        where = f"killed {'after' if after else 'before'} change {number}"
        storage = kill(old, new, number, after)
        upload(old, storage)
        assert pages_of(storage) == expected(old), where
        assert broken_pages(storage) == [], where


def test_a_killed_first_upload_is_completed(old: Files) -> None:
    for number in range(1, len(old) + 4):
        for after in (False, True):
            storage = MemoryStorage()
            with pytest.raises(Killed):
                upload(old, FlakyStorage(storage, fail_at=number, after=after), workers=1)
            if storage.is_prepared():
                assert broken_pages(storage) == []
            upload(old, storage)
            assert pages_of(storage) == expected(old)


# --- two at once, and failures


class Watched(MemoryStorage):
    """Calls a hook before each new object."""

    before: Callable[[str], None] = staticmethod(lambda _key: None)

    def create(self, key: str, body: Body, meta: ObjectMeta, progress: Callable[[int], None] | None = None) -> bool:
        self.before(key)
        return super().create(key, body, meta, progress)


def test_of_two_uploads_at_once_one_is_told(old: Files, new: Files, storage: Storage) -> None:
    upload(old, storage)
    late = plan_upload(old[1:], storage)
    upload(new, storage)
    before = contents(storage)
    with pytest.raises(StorageConflict, match="somebody else is uploading"):
        apply_upload(late, storage)
    assert contents(storage) == before


def test_an_upload_that_only_deletes_leaves_a_newer_one_alone(old: Files, new: Files) -> None:
    storage = MemoryStorage()
    upload(old, storage)
    storage.create("stray.html", Body.from_bytes(b"x"), ObjectMeta())
    late = plan_upload(old, storage)
    assert (late.puts, late.stale) == ((), ("stray.html",))
    upload(new, storage)
    before = contents(storage)
    with pytest.raises(StorageConflict):
        apply_upload(late, storage)
    assert contents(storage) == before


def test_the_same_site_by_two_at_once_ends_whole(new: Files) -> None:
    storage = MemoryStorage()
    plans = [plan_upload(new, storage) for _ in range(2)]
    apply_upload(plans[0], storage)
    with pytest.raises(StorageConflict):
        apply_upload(plans[1], storage)
    assert plan_upload(new, storage).nothing_to_do


def test_an_upload_under_way_is_not_taken_for_a_whole_site(old: Files, new: Files) -> None:
    storage = MemoryStorage()
    more = (*old, *(one for one in new if one.path == "more/index.html"))
    upload(old, storage)
    with pytest.raises(Killed):
        upload(more, FlakyStorage(storage, fail_at=4), workers=1)
    assert not manifest(storage).complete
    plan: SitePlan = plan_upload(old, storage)
    assert (plan.puts, plan.closes) == ((), True)


def test_a_failure_begins_nothing_more_and_says_how_far_it_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is under way goes on only once the rest is given up, so that no scheduling of threads decides."""
    given_up, original = threading.Event(), ThreadPoolExecutor.shutdown

    def shutdown(pool: ThreadPoolExecutor, wait: bool = True, *, cancel_futures: bool = False) -> None:
        original(pool, wait=False, cancel_futures=cancel_futures)
        if cancel_futures:
            given_up.set()
        original(pool, wait=wait)

    monkeypatch.setattr(ThreadPoolExecutor, "shutdown", shutdown)
    files = write_site(tmp_path, "red", {f"{number:03}.html": "x" for number in range(200)})
    storage = Watched()

    def fail(key: str) -> None:
        if key == "003.html":
            raise StorageError("the store is full", fix="make room")
        if key[:3].isdigit():
            assert given_up.wait(timeout=60)

    storage.before = fail
    with pytest.raises(StorageError, match=r"the store is full \(pages: \d+ of 200 are done\)") as told:
        upload(files, storage)
    assert told.value.fix == "make room"
    there = contents(storage)
    assert len([path for path in there if path.endswith(".html")]) < WORKERS
    assert "sitemap.xml" not in there
    assert manifest(storage) == SiteManifest(version=1, complete=False, pages={})
    storage.before = lambda _key: None
    upload(files, storage)
    assert pages_of(storage) == expected(files)


def test_objects_of_one_step_go_up_at_once_and_steps_do_not_mix(tmp_path: Path) -> None:
    files = write_site(tmp_path, "red", {f"{number}.html": "x" for number in range(8)})
    storage, together = Watched(), threading.Barrier(8, timeout=20)
    order: list[str] = []

    def meet(key: str) -> None:
        order.append(key)
        if key.endswith(".html"):
            together.wait()

    storage.before = meet
    upload(files, storage, workers=8)
    steps = {one.path: one.step for one in files}
    assert [steps[key] for key in order] == sorted(steps.values())
    assert UploadStep.PAGES in steps.values()


def test_a_page_that_changes_after_planning_is_refused_and_never_appears(old: Files) -> None:
    wrong = tuple(
        replace(one, body=replace(one.body, sha256="0" * 64)) if one.path == "index.html" else one for one in old
    )
    storage = MemoryStorage()
    with pytest.raises(InputError, match=r"changed while publishing.*\(pages: "):
        upload(wrong, storage)
    assert "index.html" not in contents(storage)
