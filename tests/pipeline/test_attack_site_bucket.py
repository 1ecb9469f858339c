"""Whoever can write to the site's bucket, and what an upload makes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.errors import StorageConflict, StorageForeign
from publisher.pipeline.site.upload import apply_upload, plan_upload
from publisher.storage.directory.store import DirectoryStorage
from tests.support.site import contents, write_site


@pytest.mark.parametrize("name", ["a\x01.html", "a\\b.html", "e\u0301.html"])
def test_an_object_with_an_odd_name_keeps_no_other_page_of_a_stranger_alive(tmp_path: Path, name: str) -> None:
    files = write_site(tmp_path / "new", "look", {"index.html": "hello"})
    storage = DirectoryStorage(tmp_path / "bucket")
    storage.prepare()
    apply_upload(plan_upload(files, storage), storage)
    for planted in (name, "evil.html", "zzz.html", "script.js"):
        (tmp_path / "bucket" / planted).write_text("evil")
    with pytest.raises(StorageForeign, match="a name that Tidegate never writes") as refusal:
        apply_upload(plan_upload(files, storage), storage)
    assert refusal.value.fix == "find out who made it, and remove it at the store"
    assert set(contents_but(storage, name)) == {"pages.json", *(file.path for file in files)}


def contents_but(storage: DirectoryStorage, name: str) -> list[str]:
    return [stat.key for stat in storage.list("") if stat.key != name]


def test_a_file_in_the_place_of_a_folder_is_named_with_what_to_do_where_nobody_uploads(tmp_path: Path) -> None:
    files = write_site(tmp_path / "new", "look", {"index.html": "hello", "help/index.html": "help"})
    storage = DirectoryStorage(tmp_path / "bucket")
    storage.prepare()
    apply_upload(plan_upload(files, storage), storage)
    (tmp_path / "bucket/help/index.html").unlink()
    (tmp_path / "bucket/help").rmdir()
    (tmp_path / "bucket/help").write_text("evil")
    with pytest.raises(StorageConflict, match="help is an object") as refusal:
        apply_upload(plan_upload(files, storage), storage)
    assert "remove it at the store" in str(refusal.value.fix)
    (tmp_path / "bucket/help").unlink()
    apply_upload(plan_upload(files, storage), storage)
    assert set(contents(storage)) == {"pages.json", *(file.path for file in files)}
