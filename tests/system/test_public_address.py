"""Before a release goes out: what is written to the configured bucket can be read where clients will ask for it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publisher.storage.s3.policies import bucket_policy
from tests.support.command import Publish, flat, publish
from tests.support.project import Project
from tests.support.s3_place import Place, Places
from tests.support.serving import served

__all__ = ["publish"]

pytestmark = pytest.mark.system

STAGE = ("stage", "node@1.0.0", "--channel", "stable", "--artifacts", "artifacts/1.0.0")
RELEASE = ("release", *STAGE[1:])
PROMOTE = ("promote", "node@1.0.0", "--channel", "stable")
APPROVE = ("approve", "node@1.0.0", "--channel", "stable")


@pytest.fixture
def place(places: Places) -> Place:
    """An empty place in a bucket of its own, which nobody but its owner can read."""
    return Place(places.server.endpoint, places.server.new_bucket(), "channel", places.capabilities)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A release that is built. Plain http is for demo configurations, so this is one."""
    project = Project(tmp_path / "project", now=datetime.now(UTC).replace(microsecond=0))
    signers = project.config / "signers.yaml"
    signers.write_text(signers.read_text().replace("demo: false", "demo: true"))
    project.add_release("1.0.0")
    project.build("1.0.0")
    return project


def configure(project: Project, place: Place, downloads: str) -> None:
    text = f"site: https://updates.btfs.test\ndownloads: [{downloads}]\nstorage: {place.address}\n"
    (project.config / "endpoints.yaml").write_text(text)


def keys(places: Places, place: Place) -> list[str]:
    return [one["Key"] for one in places.server.client().list_objects_v2(Bucket=place.bucket).get("Contents", [])]


def open_to_all(places: Places, place: Place) -> None:
    document = json.dumps(bucket_policy(place.bucket, f"{place.prefix}/"))
    places.server.client().put_bucket_policy(Bucket=place.bucket, Policy=document)


def test_the_first_release_waits_until_the_public_can_read(
    places: Places, place: Place, project: Project, publish: Publish
) -> None:
    configure(project, place, place.url)
    refused = publish(*RELEASE, cwd=project.base)
    assert refused.code == 5
    assert f"Clients cannot read s3://{place.bucket}/channel at {place.url}" in flat(refused.err)
    assert "gets status 403" in flat(refused.err)
    assert "`publish bucket policy` prints what is needed" in flat(refused.err)
    assert keys(places, place) == []

    open_to_all(places, place)
    ran = publish(*RELEASE, cwd=project.base)
    assert ran.code == 0, ran.err
    assert "node 1.0.0 is published to stable." in ran.out


def test_staging_and_refreshing_ask_nobody_and_promoting_does(
    places: Places, place: Place, project: Project, publish: Publish
) -> None:
    configure(project, place, "http://127.0.0.1:9")
    assert publish(*STAGE, cwd=project.base).code == 0
    digest = json.loads(publish(*APPROVE, "--json", cwd=project.base).out)["candidate"]
    for key in ("channels-ana", "channels-ben"):
        ran = publish(*APPROVE, "--key", key, "--yes", digest, cwd=project.base)
        assert ran.code == 0, ran.err
    before = keys(places, place)
    refused = publish(*PROMOTE, cwd=project.base)
    assert refused.code == 5
    assert "Clients cannot reach http://127.0.0.1:9: the host does not accept connections" in flat(refused.err)
    assert "--to" in flat(refused.err)
    assert keys(places, place) == before

    ran = publish(*PROMOTE, "--to", place.address, cwd=project.base)
    assert ran.code == 0, ran.err
    assert publish("refresh", cwd=project.base).out == "Nothing is due.\n"


def test_a_web_server_in_front_of_another_bucket_is_noticed(
    place: Place, project: Project, publish: Publish, tmp_path: Path
) -> None:
    with served(tmp_path) as elsewhere:
        configure(project, place, elsewhere)
        refused = publish(*RELEASE, "--json", cwd=project.base)
    assert refused.code == 5
    said = json.loads(refused.out)
    assert said["error"] == "StorageError"
    assert said["what"].endswith("a probe that was just written gets status 404.")


@pytest.mark.parametrize("address", ["https://dl.example.org", "https://dl.btfs.test"])
def test_an_address_that_no_public_server_has_is_not_asked(
    place: Place, project: Project, publish: Publish, address: str
) -> None:
    configure(project, place, address)
    ran = publish(*RELEASE, cwd=project.base)
    assert ran.code == 0, ran.err


def test_a_dry_run_asks_nobody_and_writes_not_even_a_probe(
    places: Places, place: Place, project: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    def probe(*_: object) -> None:
        raise AssertionError("a dry run tries nothing out")

    monkeypatch.setattr("publisher.cli.options.preflight", probe)
    configure(project, place, "http://127.0.0.1:9")
    ran = publish(*RELEASE, "--dry-run", cwd=project.base)
    assert ran.code == 0, ran.err
    assert keys(places, place) == []
