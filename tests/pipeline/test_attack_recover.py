"""What a thief of online keys publishes so that nobody can take it away again."""

from __future__ import annotations

import pytest
from tuf.api.metadata import MetaFile

from publisher.pipeline.operate.recover import Recovery, apply_recover, survey_bucket
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from tests.support.planting import offered
from tests.support.project import Project
from tests.support.thief import Thief


def put_back(project: Project) -> None:
    storage = project.storage()
    survey = survey_bucket(storage, project.root, project.catalog.signers)
    assert not survey.ours
    chosen = next(state.head for state in survey.states)
    recovery = Recovery(survey, storage, project.root, project.catalog, project.key_ring(), project.now)
    apply_recover(recovery.put_back(chosen, disown=False), storage)
    assert offered(project) == "1.0.0"


@pytest.mark.parametrize("version", [2**40, 10**300, 10**1100])
def test_a_thief_of_the_timestamp_key_who_names_an_absurd_snapshot_does_not_stop_recover(
    project: Project, version: int
) -> None:
    project.publish("1.0.0")
    thief = Thief.of(project, "timestamp-ben")
    thief.stamp(thief.live().timestamp.signed.version + 1, MetaFile(version))
    assert not verify_channel(StoreSource(project.storage()), project.root, project.now).sound
    put_back(project)


@pytest.mark.parametrize("role", ["../x", "x" * 300, "a\nb", "a//b", ".tidegate", ""])
def test_a_thief_of_the_online_keys_who_names_an_absurd_role_does_not_stop_recover(project: Project, role: str) -> None:
    project.publish("1.0.0")
    thief = Thief.of(project, "timestamp-ben", "snapshot-ben")
    state = thief.live()
    thief.flip(state.timestamp.signed.version + 1, state.snapshot.signed.version + 1, announced={role: 1})
    assert not verify_channel(StoreSource(project.storage()), project.root, project.now).sound
    put_back(project)


def test_a_thief_of_the_online_keys_who_names_an_absurd_number_does_not_stop_recover(project: Project) -> None:
    project.publish("1.0.0")
    thief = Thief.of(project, "timestamp-ben", "snapshot-ben")
    state = thief.live()
    numbers = {"node.stable": 10**300, "targets": 10**300}
    thief.flip(state.timestamp.signed.version + 1, state.snapshot.signed.version + 1, announced=numbers)
    assert not verify_channel(StoreSource(project.storage()), project.root, project.now).sound
    put_back(project)
