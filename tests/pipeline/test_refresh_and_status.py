"""What a timer does, and what somebody on call reads first."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from publisher.channel.repository import read_repository
from publisher.errors import StorageError
from publisher.model.config.role import RolePolicy
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.status import Status, read_status
from publisher.pipeline.publication.plan import Publication
from publisher.pipeline.release.stage import apply_stage, plan_stage
from publisher.pipeline.roles.renew import Renewals, find_renewals, renew
from tests.support.project import Project, tree
from tests.support.rotating import replace_key, sign_role_as, stage_keys


def refresh(project: Project) -> Publication:
    plan = plan_refresh(project.look(), project.catalog, project.key_ring(), project.now)
    plan.apply(project.storage())
    return plan


def renewals(project: Project) -> Renewals:
    return find_renewals(project.look(), project.catalog, project.key_ring(), project.now)


def run(project: Project) -> Renewals:
    """`publish refresh`, both halves."""
    refresh(project)
    found = renewals(project)
    renew(found, project.storage(), project.catalog, project.key_ring(), project.now)
    return found


def expiry(project: Project, role: str) -> datetime:
    live = read_repository(reader(project.storage()), project.root)
    assert live is not None
    return live.root.signed.expires if role == "root" else live.signed[role][0].expires


def keep_online_keys(project: Project) -> None:
    for key in project.keys.iterdir():
        if not key.name.startswith(("snapshot", "timestamp")):
            key.unlink()


def status(project: Project) -> Status:
    return read_status(project.look(), project.catalog, project.now)


def let_empty_brakes_live_a_year(project: Project) -> None:
    policy = RolePolicy(threshold=1, expires=timedelta(days=90), expires_empty=timedelta(days=365))
    project.override(project.with_roles(brakes=policy))


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


def test_nobody_has_to_sign_a_shared_role_before_its_first_use(project: Project) -> None:
    project.add_release("1.0.0")
    let_empty_brakes_live_a_year(project)
    project.publish("1.0.0")
    assert expiry(project, "brakes") == project.now + timedelta(days=365)
    project.now += timedelta(days=334)
    assert "brakes" not in {role for role, _ in refresh(project).changed_roles}


def test_a_shorter_life_of_the_past_becomes_longer_at_the_next_refresh(project: Project) -> None:
    project.publish("1.0.0")
    let_empty_brakes_live_a_year(project)
    assert "brakes" in {role for role, _ in refresh(project).changed_roles}
    assert expiry(project, "brakes") == project.now + timedelta(days=365)


def test_online_keys_suffice(project: Project) -> None:
    project.publish("1.0.0")
    keep_online_keys(project)
    project.now += timedelta(days=6)
    assert {role for role, _ in refresh(project).changed_roles} == {"snapshot", "timestamp"}


def test_roles_of_people_that_are_due_are_named(project: Project) -> None:
    project.publish("1.0.0")
    keep_online_keys(project)
    project.now += timedelta(days=340)
    refresh(project)
    found = renewals(project)
    assert [one.role for one in found.waiting] == ["brakes", "node.stable", "notes", "rollout", "root", "targets"]


@pytest.mark.parametrize(
    ("role", "names"),
    [
        ("root", ("root-ana", "root-ben")),
        ("targets", ("targets-ana", "targets-ben")),
        ("node.stable", ("channels-ana", "channels-ben")),
    ],
)
def test_what_people_sign_is_renewed_30_days_ahead_once_they_have_signed(
    project: Project, role: str, names: tuple[str, ...]
) -> None:
    project.publish("1.0.0")
    before = expiry(project, role)
    project.now = before - timedelta(days=31)
    assert role not in {one.role for one in run(project).waiting}
    project.now = before - timedelta(days=30)
    [waiting] = [one for one in run(project).waiting if one.role == role]
    assert waiting.expires == before
    assert waiting.missing[0].startswith("2 more persons")
    staged = tree(project.bucket)
    run(project)
    assert tree(project.bucket) == staged  # once, and not again with each run
    sign_role_as(project, role, names[:1])
    assert expiry(project, role) == before
    sign_role_as(project, role, names[1:])
    assert role not in {one.role for one in run(project).waiting}
    assert expiry(project, role) > before + timedelta(days=300)
    assert role not in {one.role for one in run(project).waiting}


def test_a_renewal_of_root_names_those_who_sign_once(project: Project) -> None:
    project.publish("1.0.0")
    project.now += timedelta(days=340)
    [waiting] = [due for due in run(project).waiting if due.role == "root"]
    assert waiting.missing == ("2 more persons",)


def test_a_change_of_keys_under_way_is_not_disturbed_and_the_others_are_staged(project: Project) -> None:
    project.publish("1.0.0")
    project.now += timedelta(days=340)
    refresh(project)
    replace_key(project, "snapshot-ben")
    stage_keys(project)
    waiting = {one.role: one for one in run(project).waiting}
    assert (waiting["root"].under_way or "").startswith("candidate ")
    assert waiting["targets"].under_way is None
    assert "targets" in {staged_role.to_sign.role for staged_role in status(project).staged_roles}


@pytest.mark.parametrize("days", [140, 174, 180])
def test_a_renewal_that_nobody_signed_in_time_is_replaced_by_a_new_one(project: Project, days: int) -> None:
    project.publish("1.0.0")
    keep_online_keys(project)
    published = project.now
    project.now = published + timedelta(days=85)
    assert "notes" in {staged_role.to_sign.role for staged_role in run(project).staged.roles}
    [before] = [staged_role for staged_role in status(project).staged_roles if staged_role.to_sign.role == "notes"]
    project.now = published + timedelta(days=days)
    [waiting] = [due for due in run(project).waiting if due.role == "notes"]
    assert (waiting.missing, waiting.under_way) == (("1 more person",), None)
    [after] = [staged_role for staged_role in status(project).staged_roles if staged_role.to_sign.role == "notes"]
    assert after.candidate.digest != before.candidate.digest
    assert after.candidate.signed.expires == project.now + timedelta(days=90)


def test_a_change_of_keys_that_waits_for_longer_than_it_lives_is_not_replaced(project: Project) -> None:
    project.publish("1.0.0")
    replace_key(project, "root-ana")
    stage_keys(project)
    keep_online_keys(project)
    project.now += timedelta(days=400)
    [waiting] = [due for due in run(project).waiting if due.role == "root"]
    assert (waiting.under_way or "").startswith("candidate ")


def test_status_shows_a_renewal_and_who_has_signed_it(project: Project) -> None:
    project.publish("1.0.0")
    project.now += timedelta(days=340)
    run(project)
    sign_role_as(project, "node.stable", ("channels-ana",))
    seen = status(project)
    staged = {staged_role.to_sign.role: staged_role for staged_role in seen.staged_roles}
    assert (staged["node.stable"].signed_by, staged["node.stable"].missing) == (
        ("ana (engineering)",),
        ("1 more person",),
    )
    assert seen.candidates == ()


def test_a_renewal_that_waits_holds_no_release_up(project: Project) -> None:
    project.publish("1.0.0")
    project.now += timedelta(days=340)
    run(project)
    project.add_release("1.1.0")
    plan = plan_stage(
        project.request("1.1.0"),
        project.catalog,
        project.look(),
        project.key_ring(),
        project.now,
    )
    apply_stage(plan, project.storage())
    assert project.staged().candidate.release == "1.1.0"


def test_a_release_under_way_is_not_disturbed_by_a_renewal(project: Project) -> None:
    project.publish("1.0.0")
    project.now += timedelta(days=340)
    project.add_release("1.1.0")
    plan = plan_stage(
        project.request("1.1.0"),
        project.catalog,
        project.look(),
        project.key_ring(),
        project.now,
    )
    apply_stage(plan, project.storage())
    [waiting] = [one for one in run(project).waiting if one.role == "node.stable"]
    assert waiting.under_way == "1.1.0"
    assert project.staged().candidate.release == "1.1.0"


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
    plan = plan_stage(
        project.request("1.1.0"),
        project.catalog,
        project.look(),
        project.key_ring(),
        project.now,
    )
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
