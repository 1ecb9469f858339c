"""A thief with one key exchanges a staged build on a real S3 server: nobody is shown it, nothing of it ships."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from publisher.errors import TidegateError
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.stage import Supersede, apply_stage, plan_stage
from publisher.storage.protocol import Storage
from tests.support.exchanging import THIEVES, exchange, why_refused
from tests.support.project import Project

if TYPE_CHECKING:  # boto3 is slow to load
    from tests.support.s3_place import Places

pytestmark = pytest.mark.system


def stage(project: Project, storage: Storage, supersede: Supersede = Supersede.NOTHING) -> None:
    plan = plan_stage(
        project.request("1.1.0"),
        project.catalog,
        project.look(storage),
        project.key_ring(),
        project.now,
        supersede,
    )
    apply_stage(plan, storage)


def promote(project: Project, storage: Storage) -> None:
    request = PromoteRequest("node", "stable")
    staged = project.staged(storage=storage)
    plan = plan_promote(request, staged, project.catalog, project.look(storage), project.key_ring(), project.now)
    apply_promote(plan, project.catalog, storage, lambda: project.now)


def targets(storage: Storage) -> set[str]:
    return {stat.key for stat in storage.list("tuf/targets/")}


def test_whichever_one_key_a_thief_has_an_exchanged_build_is_not_shown_and_does_not_ship(
    places: Places, tmp_path: Path
) -> None:
    project, place = Project(tmp_path / "project"), places.new()
    storage = place.prepared()
    project.publish("1.0.0", storage=storage)
    project.add_release("1.1.0")
    stage(project, storage)
    honest = targets(storage)
    got: dict[tuple[str, bool], str] = {}
    for sums in (False, True):
        for key in THIEVES:
            stage(project, storage, Supersede.ANY)
            exchange(project, storage, key, sums=sums)
            for act in (lambda: project.review("1.1.0", storage=storage), lambda: promote(project, storage)):
                with pytest.raises(TidegateError, match=why_refused(key, sums=sums)) as refusal:
                    act()
            got[key, sums] = refusal.value.what
    assert len(got) == 2 * len(THIEVES)
    assert place.versions(project, tmp_path / "client") == {"1.0.0"}

    stage(project, storage, Supersede.ANY)
    project.approve("1.1.0", storage=storage)
    promote(project, storage)
    assert place.versions(project, tmp_path / "client") == {"1.1.0"}
    planted = targets(storage) - honest
    assert planted
    assert {finding.where for finding in place.audit(project).findings} == planted
