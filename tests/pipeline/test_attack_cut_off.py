"""Without a key, where objects can be removed: the ledger's end is cut off, and people go on from there."""

from __future__ import annotations

from publisher.channel.layout import ledger_key
from publisher.pipeline.ledger_append import read_ledger
from publisher.pipeline.operate.recover import Recovery, apply_recover, survey_bucket
from tests.support.approving import promote, stage
from tests.support.planting import offered
from tests.support.project import Project


def test_after_the_ledger_was_cut_off_a_release_ships_all_the_same(project: Project) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0", "1.3.0"):
        project.publish(version)
    for number in range(2, read_ledger(project.storage()).head.number + 1):
        (project.bucket / ledger_key(number)).unlink()
    storage = project.storage()
    scene = survey_bucket(storage, project.root, project.catalog.signers)
    recovery = Recovery(scene, storage, project.root, project.catalog, project.key_ring(), project.now)
    apply_recover(recovery.adopt(), storage)
    stage(project, "1.4.0")
    project.approve("1.4.0")
    promote(project)
    assert offered(project) == "1.4.0"
