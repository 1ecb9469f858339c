"""One planted object on a real S3 server: publishing passes it by, and the audit names it. And odd names there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from publisher.channel.audit.channel import audit
from publisher.channel.layout import ledger_key, metadata_key, release_key
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import StorageConflict, VerificationError
from publisher.pipeline.bucket_reader import SMALL
from publisher.pipeline.ledger_append import read_ledger, verify_ledger
from publisher.pipeline.operate.recover import survey_bucket
from publisher.pipeline.operate.verify import WebSource
from tests.support.odd_names import FILES, publish_odd_names
from tests.support.project import Project

if TYPE_CHECKING:  # boto3 is slow to load
    from tests.support.s3_place import Place, Places

pytestmark = pytest.mark.system

GARBAGE, HUGE = b"garbage", b" " * (SMALL + 1)


def put(places: Places, place: Place, key: str, data: bytes) -> None:
    places.server.client().put_object(Bucket=place.bucket, Key=f"{place.prefix}/{key}", Body=data)


def delete(places: Places, place: Place, key: str) -> None:
    places.server.client().delete_object(Bucket=place.bucket, Key=f"{place.prefix}/{key}")


def names(project: Project, place: Place, key: str) -> bool:
    found = place.audit(project)
    return any(one.level == "error" and key in f"{one.where} {one.what}" for one in found.findings)


@pytest.fixture
def published(places: Places, tmp_path: Path) -> tuple[Project, Place]:
    project, place = Project(tmp_path / "project"), places.new()
    project.publish("1.0.0", storage=place.prepared())
    return project, place


@pytest.mark.parametrize("data", [GARBAGE, HUGE], ids=["garbage", "huge"])
def test_taken_numbers_of_every_role_and_of_the_ledger_are_passed_by(
    places: Places, published: tuple[Project, Place], tmp_path: Path, data: bytes
) -> None:
    project, place = published
    last = read_ledger(place.storage()).head.number
    keys = [metadata_key(role, 2) for role in ("snapshot", "targets", "node.stable", "brakes", "rollout", "notes")]
    entries = [ledger_key(last + 1), ledger_key(99_999_999), "ledger/a\nb"]
    for key in (*keys, *entries):
        put(places, place, key, data)
    assert all(names(project, place, key) for key in keys)
    project.publish("1.1.0", storage=place.storage())
    assert place.versions(project, tmp_path / "client") == {"1.1.0"}
    _, check = verify_ledger(place.storage(), project.root, project.catalog.signers)
    assert {one.where for one in check.findings} == set(entries)


def test_what_lies_in_the_place_of_the_next_root_is_named_and_deleted(
    places: Places, published: tuple[Project, Place]
) -> None:
    project, place = published
    for data in (GARBAGE, HUGE):
        key = metadata_key("root", 2)
        put(places, place, key, data)
        assert names(project, place, key)
        with pytest.raises(VerificationError, match=f"{key} is where the next root belongs") as refusal:
            survey_bucket(place.storage(), project.root, project.catalog.signers)
        assert "break-glass" in refusal.value.fix
        delete(places, place, key)
    assert place.audit(project).sound


def test_plain_names_that_are_taken_are_told_before_anything_is_written(
    places: Places, published: tuple[Project, Place], tmp_path: Path
) -> None:
    project, place = published
    key = release_key("node", "1.1.0", "SHA256SUMS")
    put(places, place, key, HUGE)
    assert names(project, place, key)
    before = [stat.key for stat in place.storage().list("")]
    with pytest.raises(StorageConflict, match="already exists with different content"):
        project.publish("1.1.0", storage=place.storage())
    assert [stat.key for stat in place.storage().list("")] == before
    delete(places, place, key)
    project.publish("1.1.0", storage=place.storage())
    assert place.versions(project, tmp_path / "client") == {"1.1.0"}


def test_names_with_a_plus_are_published_listed_and_had(places: Places, tmp_path: Path) -> None:
    project, place = Project(tmp_path / "project"), places.new()
    publish_odd_names(project, place.prepared())
    assert place.audit(project).sound
    fetcher = fetcher_for(place.url)
    assert audit(WebSource(place.url, fetcher), project.root, project.now).sound
    client = UpdateClient(place.url, project.root, tmp_path / "state", fetcher, lambda: project.now)
    for platform, file in zip(("linux-amd64", "windows-amd64"), FILES, strict=True):
        feed = client.fetch_feed("node", "stable", platform)
        assert client.download(feed, tmp_path / "files").path.name == file


def test_odd_keys_of_a_site_are_read_back_as_they_were_written(places: Places) -> None:
    from publisher.storage.protocol import Body, ObjectMeta  # noqa: PLC0415 - beside its only use

    place = places.new()
    storage = place.prepared()
    keys = [f"releases/{name}" for name in ("a b+c~d/ü.html", "100%.html", "q?x=1&y#z.html", "日本.html")]
    for key in keys:
        storage.create(key, Body.from_bytes(key.encode()), ObjectMeta())
    assert sorted(stat.key for stat in storage.list("")) == sorted(keys)
    source = WebSource(place.url, fetcher_for(place.url))
    for key in keys:
        assert storage.read(key, 100)[0] == source.read(key) == key.encode()
