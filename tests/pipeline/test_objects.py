"""The objects of a release, and how a web server hands them out."""

from __future__ import annotations

import pytest

from publisher.pipeline.objects.planned import IMMUTABLE, PlannedObject
from tests.support.project import Project

BYTES, TEXT, JSON = "application/octet-stream", "text/plain; charset=utf-8", "application/json"
DIGEST = "c0de" * 16


@pytest.mark.parametrize(
    ("key", "kind", "saved_as"),
    [
        ("releases/node/1.0.0/node-1.0.0-windows-amd64.zip", BYTES, "node-1.0.0-windows-amd64.zip"),
        ("releases/node/1.0.0/node-1.0.0-linux-amd64.tar.gz", BYTES, "node-1.0.0-linux-amd64.tar.gz"),
        ("releases/node/1.0.0/node", BYTES, "node"),
        ("releases/node/1.0.0/manual.html", BYTES, "manual.html"),
        (f"tuf/targets/artifacts/node/stable/1.0.0/{DIGEST}.node-1.0.0.tar.gz", BYTES, "node-1.0.0.tar.gz"),
        ("releases/node/1.0.0/node-1.0.0-linux-amd64.tar.gz.minisig", TEXT, None),
        ("releases/node/1.0.0/SHA256SUMS", TEXT, None),
        ("releases/node/1.0.0/licences.txt", TEXT, None),
        ("releases/node/1.0.0/release.json", JSON, None),
        (f"tuf/targets/feed/node/stable/{DIGEST}.linux-amd64.json", JSON, None),
        (f"tuf/targets/keys/{DIGEST}.minisign.pub", TEXT, None),
    ],
)
def test_downloads_are_saved_under_their_plain_name_and_the_rest_is_shown(
    key: str, kind: str, saved_as: str | None
) -> None:
    meta = PlannedObject(key, 1, DIGEST).meta
    saved = f'attachment; filename="{saved_as}"' if saved_as else None
    assert (meta.content_type, meta.cache_control, meta.content_disposition) == (kind, IMMUTABLE, saved)


def test_every_binary_of_a_release_is_a_download_under_both_of_its_names(project: Project) -> None:
    project.add_release("1.0.0")
    plan = project.plan(project.request("1.0.0"))
    public = [one.meta for one in plan.objects if not one.key.startswith("staging/")]
    saved = [meta.content_disposition for meta in public if meta.content_disposition]
    names = ("node-1.0.0-linux-amd64.tar.gz", "node-1.0.0-windows-amd64.zip")
    assert sorted(saved) == sorted(f'attachment; filename="{name}"' for name in names for _ in range(2))
