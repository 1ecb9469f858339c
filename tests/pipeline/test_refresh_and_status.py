"""What a timer does, and what somebody on call reads first."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.errors import StorageError
from publisher.pipeline.refresh import RefreshPlan, apply_refresh, plan_refresh
from publisher.pipeline.stage import apply_stage, plan_stage
from publisher.pipeline.status import Status, read_status
from tests.support.project import Project, tree


def refresh(project: Project) -> RefreshPlan:
    plan = plan_refresh(project.storage(), project.root, project.catalog, project.key_ring(), project.now)
    apply_refresh(plan, project.storage())
    return plan


def keep_online_keys(project: Project) -> None:
    for key in project.keys.iterdir():
        if not key.name.startswith(("snapshot", "timestamp")):
            key.unlink()


def status(project: Project) -> Status:
    return read_status(project.storage(), project.root, project.catalog, project.now)


@pytest.mark.parametrize(
    ("hours", "renewed"),
    [(23, ()), (25, ("timestamp",)), (85, ("snapshot", "timestamp")), (320, ("brakes", "snapshot", "timestamp"))],
)
def test_only_what_is_due_is_renewed(project: Project, hours: int, renewed: tuple[str, ...]) -> None:
    project.publish("1.0.0")
    before = tree(project.bucket)
    project.now += timedelta(hours=hours)
    assert tuple(sorted(role for role, _ in refresh(project).changed_roles)) == renewed
    if not renewed:
        assert tree(project.bucket) == before


def test_online_keys_suffice(project: Project) -> None:
    project.publish("1.0.0")
    keep_online_keys(project)
    project.now += timedelta(days=6)
    assert {role for role, _ in refresh(project).changed_roles} == {"snapshot", "timestamp"}


def test_roles_of_people_that_are_due_are_named(project: Project) -> None:
    project.publish("1.0.0")
    keep_online_keys(project)
    project.now += timedelta(days=340)
    assert refresh(project).waiting == ("brakes", "node.stable", "notes", "rollout", "root", "targets")


def test_an_expired_channel_is_whole_again_after_a_refresh(project: Project) -> None:
    project.publish("1.0.0")
    project.now += timedelta(days=3)
    assert any(one.due or one.expired for one in status(project).roles)
    refresh(project)
    assert not any(one.due or one.expired for one in status(project).roles)


def test_nothing_published_is_said(project: Project) -> None:
    with pytest.raises(StorageError, match="nothing is published"):
        refresh(project)


def test_status_tells_what_is_live_and_what_is_staged(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    plan = plan_stage(project.request("1.1.0"), project.catalog, project.storage(), project.key_ring(), project.now)
    apply_stage(plan, project.storage())
    seen = status(project)
    assert [str(one.version) for one in seen.state.live] == ["1.0.0"]
    assert seen.shipped_by["node.stable"] == ("ana (engineering)", "ben (operations)", "eva (executive)")
    [candidate] = seen.candidates
    assert candidate.candidate.release == "1.1.0"
    assert (candidate.ready, candidate.void) == (False, None)
    assert candidate.review is not None
    assert candidate.review.standing.counted == ()


def test_status_of_an_empty_bucket_is_empty(project: Project) -> None:
    seen = status(project)
    assert (seen.state.live, seen.roles, seen.candidates) == ((), (), ())
