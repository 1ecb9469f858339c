"""Rotation strands nobody: every root that these tests ever shipped still leads to the newest one.

tests/vectors/roots/ keeps the roots as they were shipped. A root that is made here now must have the same bytes, and a
client that knows any of those, ours or a stock one, updates to what is live.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.metadata import Metadata, Root
from tuf.ngclient import Updater

from publisher.channel.layout import metadata_key
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from tests.support.command import ROOT
from tests.support.project import Project
from tests.support.rotating import edit_roles, promote_keys, replace_key, sign_role_as, stage_keys

SHIPPED = ROOT / "tests/vectors/roots"
KEPT = sorted(SHIPPED.glob("*.root.json"), key=lambda path: int(path.name.split(".")[0]))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Five changes, one after the other; append new ones at the end, and keep the root that they make."""
    project = Project(tmp_path_factory.mktemp("roots") / "project")
    project.publish("1.0.0")
    roots = ["root-ana", "root-ben"]

    def live() -> None:
        staged = {staged_role.to_sign.role for staged_role in stage_keys(project).roles}
        sign_role_as(project, "root", roots)
        if "targets" in staged:
            sign_role_as(project, "targets", targets)
        promote_keys(project)
        project.now += timedelta(days=1)

    replace_key(project, "timestamp-ben")  # 2
    live()
    replace_key(project, "snapshot-ben")  # 3
    targets = ["targets-ana", "targets-ben", replace_key(project, "targets-ana")]
    live()
    roots.append(replace_key(project, "root-ana"))  # 4
    live()
    roots = [roots[2], "root-ben", "root-eva"]
    edit_roles(project, lambda data: data["roles"]["root"].update(threshold=3))  # 5
    live()
    replace_key(project, "timestamp-ben-2")  # 6
    live()
    return project


def test_every_root_that_was_shipped_is_kept(history: Project) -> None:
    made = {path.name: path.read_bytes() for path in (history.bucket / "tuf/metadata").glob("*.root.json")}
    assert {path.name: path.read_bytes() for path in KEPT} == made


@pytest.mark.parametrize("known", KEPT, ids=lambda path: path.name)
def test_a_client_of_any_root_updates_to_the_newest(history: Project, known: Path, tmp_path: Path) -> None:
    """slsa-github-generator#1163, loky#657: clients that were shipped with an old root were stranded."""
    url, newest = history.bucket.as_uri(), len(KEPT)
    ours = UpdateClient(url, known.read_bytes(), tmp_path / "ours", fetcher_for(url), lambda: history.now)
    assert ours.fetch_feed("node", "stable", "linux-amd64").release is not None
    stock = Updater(
        metadata_dir=str(tmp_path / "stock"),
        metadata_base_url=f"{url}/tuf/metadata/",
        fetcher=fetcher_for(url),
        bootstrap=known.read_bytes(),
    )
    stock._trusted_set.reference_time = history.now
    stock.refresh()
    assert stock.get_targetinfo("feed/node/stable/linux-amd64.json") is not None
    for state in ("ours/metadata", "stock"):
        held = Metadata[Root].from_file(str(tmp_path / state / "root.json"))
        assert held.signed.version == newest
    assert (history.bucket / metadata_key("root", newest)).exists()
