"""The site in a bucket of a real S3 server: uploaded, served with its headers, signed, verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.errors import StorageConflict
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.objects.planned import CHANGING, IMMUTABLE
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.site.signing import apply_signing, plan_signing
from publisher.pipeline.site.upload import apply_upload, plan_upload
from publisher.storage.open import open_storage
from publisher.storage.protocol import Storage
from tests.support.flaky import FlakyStorage
from tests.support.project import Project
from tests.support.seaweed import SeaweedServer
from tests.support.site import broken_pages, write_site

pytestmark = pytest.mark.system


@pytest.fixture
def bucket(seaweed: SeaweedServer) -> str:
    return seaweed.new_bucket()


@pytest.fixture
def site(seaweed: SeaweedServer, bucket: str, monkeypatch: pytest.MonkeyPatch) -> Storage:
    for name, value in seaweed.admin.environment.items():
        monkeypatch.setenv(name, value)
    return open_storage(seaweed.address(bucket))


def test_a_site_goes_up_changes_and_is_proven(
    seaweed: SeaweedServer, bucket: str, site: Storage, tmp_path: Path
) -> None:
    pages = {f"{number}/index.html": f"page {number}" for number in range(60)}
    old = write_site(tmp_path / "old", "red", {"index.html": "one", "gone.html": "x", **pages})
    new = write_site(tmp_path / "new", "blue", {"index.html": "two", "ü more.html": "y", **pages})
    apply_upload(plan_upload(old, site), site)
    apply_upload(plan_upload(new, site), site)
    assert broken_pages(site) == []

    client = seaweed.client()
    page = client.head_object(Bucket=bucket, Key="index.html")
    assert (page["ContentType"], page["CacheControl"]) == ("text/html; charset=utf-8", CHANGING)
    [style] = [one.path for one in new if one.path.endswith(".css")]
    assert client.head_object(Bucket=bucket, Key=style)["CacheControl"] == IMMUTABLE

    watched = FlakyStorage(site)
    plan = plan_upload(new, watched)
    apply_upload(plan, watched)
    assert watched.changes == []

    project = Project(tmp_path / "project")
    project.publish("1.0.0")
    channel, ring = project.storage(), project.key_ring()
    signing = plan_signing(plan.manifest, {}, Bucket(channel, project.root), project.catalog, ring, project.now)
    apply_signing(signing, channel)
    assert verify_channel(StoreSource(channel), project.root, project.now, StoreSource(site)).findings == ()
    client.put_object(Bucket=bucket, Key="index.html", Body=b"send coins here")
    client.put_object(Bucket=bucket, Key="urgent.html", Body=b"update now")
    found = verify_channel(StoreSource(channel), project.root, project.now, StoreSource(site)).findings
    assert [one.where for one in found] == ["index.html", "urgent.html"]


def test_of_two_uploads_at_once_one_is_told(site: Storage, tmp_path: Path) -> None:
    old = write_site(tmp_path / "old", "red", {"index.html": "one"})
    new = write_site(tmp_path / "new", "blue", {"index.html": "two"})
    apply_upload(plan_upload(old, site), site)
    late = plan_upload(write_site(tmp_path / "late", "green", {"index.html": "three"}), site)
    apply_upload(plan_upload(new, site), site)
    with pytest.raises(StorageConflict, match="somebody else is uploading"):
        apply_upload(late, site)
    assert plan_upload(new, site).nothing_to_do
