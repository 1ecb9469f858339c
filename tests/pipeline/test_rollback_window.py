"""How long a release can be taken back, who hears of it before that ends, and how its people renew it (R81)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from publisher.cli.operate.refresh import RefreshReport
from publisher.cli.operate.status import StatusReport
from publisher.cli.output.approvals import review_lines
from publisher.errors import ApprovalsMissing, InputError, VerificationError
from publisher.model.content.policy import Policy
from publisher.pipeline.objects.writing import Written
from publisher.pipeline.operate.rollback_window import rollback_windows
from publisher.pipeline.operate.status import read_status
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.release.announce import AnnouncePlan, plan_announce
from publisher.pipeline.release.release import apply_release
from publisher.pipeline.release.stage import Supersede, apply_stage
from tests.pipeline.test_rollback import take_back
from tests.support.approving import ROLE, edit, promote, stage
from tests.support.build import team_policy
from tests.support.planting import live
from tests.support.project import Project, tree
from tests.support.requiring import live_feeds

DAY = timedelta(days=1)


def window(project: Project) -> datetime:
    """Until when the live release can be taken back."""
    [only] = rollback_windows(live(project), project.look().read)
    return only.expires


def plan_renewal(project: Project, supersede: Supersede = Supersede.NOTHING) -> AnnouncePlan:
    bucket, ring = project.look(), project.key_ring()
    return plan_announce("node", "stable", project.catalog, bucket, ring, project.now, supersede, renew_rollback=True)


def renew(project: Project, version: str) -> None:
    apply_stage(plan_renewal(project), project.storage())
    project.approve(version)
    promote(project)


def status_lines(project: Project) -> str:
    report = StatusReport(read_status(project.look(), project.catalog, project.now), "file:///bucket", project.now)
    return " ".join(" ".join(report.lines(200)).split())


@pytest.fixture
def updated(published: Project) -> Project:
    """1.0.0 was live, and 1.1.0 is."""
    published.publish("1.1.0")
    return published


def test_r81_it_lasts_for_thirty_days_from_the_staging(updated: Project) -> None:
    assert window(updated) == updated.now + 30 * DAY
    assert live(updated).roles[ROLE].signed.expires == updated.now + 365 * DAY


def test_the_policy_says_how_long(published: Project) -> None:
    edit(published.content / "policy.yaml", "profile: team\n", "profile: team\nrollback_window: 12 d\n")
    published.forget()
    published.publish("1.1.0")
    assert window(published) == published.now + 12 * DAY


def test_it_never_lasts_longer_than_the_release_itself(published: Project) -> None:
    edit(
        published.config / "roles.yaml",
        "channels: {threshold: 2, expires: 365 d",
        "channels: {threshold: 2, expires: 20 d",
    )
    published.forget()
    published.publish("1.1.0")
    assert window(published) == live(published).roles[ROLE].signed.expires == published.now + 20 * DAY


def test_it_begins_when_it_is_signed_also_where_it_is_decided_on_for_another_day(published: Project) -> None:
    """As the demo does, whose content has a time of its own."""
    published.add_release("1.1.0")
    request = replace(published.request("1.1.0"), decide_at=published.now - 10 * DAY)
    apply_release(published.plan(request), published.catalog, published.storage(), lambda: published.now)
    assert window(published) == published.now + 30 * DAY


def test_a_window_of_less_than_a_day_is_refused() -> None:
    fields = json.loads(team_policy().model_dump_json())
    with pytest.raises(ValidationError, match=r"rollback_window\s+Input should be greater than or equal to"):
        Policy.model_validate_json(json.dumps({**fields, "rollback_window": "12 h"}))


def test_whoever_approves_reads_until_when(staged: Project) -> None:
    review = " ".join(" ".join(review_lines(staged.review("1.1.0"), 80)).split())
    assert "to go back to 1.0.0 if needed, until Sunday 20 December 2026, 12:00 UTC." in review


def test_afterwards_it_is_refused_with_what_helps(updated: Project) -> None:
    updated.now += 30 * DAY
    before = tree(updated.bucket)
    with pytest.raises(
        VerificationError, match=r"rollback metadata of node@1\.1\.0 expired on Sunday 20 Dec"
    ) as caught:
        take_back(updated, "1.1.0")
    assert tree(updated.bucket) == before
    for command in (
        "publish announce node --channel stable --renew-rollback",
        "publish hold node@1.1.0 --channel stable",
        "publish a fixed version",
    ):
        assert command in caught.value.fix


def test_r81_the_people_of_the_channel_renew_it_and_nothing_else_changes(updated: Project) -> None:
    feeds = live_feeds(updated)
    targets = live(updated).roles[ROLE].signed.targets
    updated.now += 31 * DAY
    renew(updated, "1.1.0")
    assert window(updated) == updated.now + 30 * DAY
    assert (live_feeds(updated), live(updated).roles[ROLE].signed.targets) == (feeds, targets)
    assert verify_channel(StoreSource(updated.storage()), updated.root, updated.now).sound
    assert take_back(updated, "1.1.0") == "1.0.0"
    assert live(updated).roles[ROLE].signed.expires == updated.now + 30 * DAY


def test_without_the_signatures_of_all_of_them_it_is_not_renewed(updated: Project) -> None:
    apply_stage(plan_renewal(updated), updated.storage())
    updated.approve("1.1.0", "channels-ana")
    before = tree(updated.bucket)
    with pytest.raises(ApprovalsMissing, match="operations"):
        promote(updated)
    assert tree(updated.bucket) == before


def test_a_renewal_that_is_staged_is_taken_up(updated: Project) -> None:
    apply_stage(plan_renewal(updated), updated.storage())
    assert plan_renewal(updated).nothing_to_do


def test_a_release_takes_the_place_of_a_renewal_that_waits(updated: Project) -> None:
    apply_stage(plan_renewal(updated), updated.storage())
    updated.publish("1.2.0")
    assert window(updated) == updated.now + 30 * DAY
    assert take_back(updated, "1.2.0") == "1.1.0"


def test_what_has_no_rollback_metadata_has_none_to_renew(published: Project) -> None:
    before = tree(published.bucket)
    with pytest.raises(InputError, match=r"node@1\.0\.0 cannot be renewed: the live release has none"):
        plan_renewal(published)
    assert tree(published.bucket) == before


def test_a_release_from_which_nobody_may_go_back_by_now_is_not_renewed(updated: Project) -> None:
    path = updated.content / "releases/node/1.1.0.yaml"
    path.write_text(path.read_text() + "rollback: {state: forbidden, state_because: It would lose data.}\n")
    updated.forget()
    with pytest.raises(InputError, match=r"users must not go back from it: \"It would lose data\.\""):
        plan_renewal(updated)


# --- who hears of it


def test_status_says_seven_days_ahead_that_it_ends_and_afterwards_that_it_has(updated: Project) -> None:
    command = "To renew that: publish announce node --channel stable --renew-rollback"
    updated.now += 23 * DAY - timedelta(hours=1)
    assert "Rollback" not in status_lines(updated)
    updated.now += timedelta(hours=1)
    until = "node stable: 1.1.0 can be taken back to 1.0.0 until Sunday 20 December 2026, 12:00 UTC."
    assert f"{until} {command}" in status_lines(updated)
    updated.now += 8 * DAY
    over = "node stable: 1.1.0 cannot be taken back any more; its rollback metadata expired on Sunday 20 December"
    assert over in status_lines(updated)
    assert command in status_lines(updated)


def test_a_refresh_says_it_as_long_as_it_lasts_and_nobody_has_to_act(updated: Project) -> None:
    def said(after: timedelta) -> str:
        now = updated.now + after
        windows = rollback_windows(live(updated), updated.look().read)
        ending = tuple(window for window in windows if window.ends_soon(now))
        report = RefreshReport({}, (), None, Written(), now, (), ending)
        assert report.exit_code == 0
        return " ".join(" ".join(report.lines(200)).split())

    assert "can be taken back" not in said(22 * DAY)
    assert "1.1.0 can be taken back to 1.0.0 until Sunday 20 December 2026, 12:00 UTC." in said(24 * DAY)
    assert "taken back" not in said(31 * DAY)


def test_after_a_rollback_status_names_the_day_and_the_renewal(updated: Project) -> None:
    updated.now += 5 * DAY
    take_back(updated, "1.1.0")
    text = "node.stable took a release back, so it is signed until Sunday 20 December 2026, 12:00 UTC only."
    assert f"{text} Next: publish refresh, then publish approve node.stable --key KEY" in status_lines(updated)
    assert rollback_windows(live(updated), updated.look().read) == ()
    updated.publish("1.1.1")
    assert "took a release back" not in status_lines(updated)


def test_the_sample_policy_says_thirty_days() -> None:
    policy = (Path(__file__).parents[2] / "content/policy.yaml").read_text(encoding="utf-8")
    assert re.search(r"^rollback_window: 30 d\b", policy, re.MULTILINE)


def test_an_unreadable_kept_file_hides_nothing_else(updated: Project) -> None:
    for path in (updated.bucket / "back/node.stable").iterdir():
        path.chmod(0o600)
        path.write_bytes(b"[" * 3_000_000)
    assert rollback_windows(live(updated), updated.look().read) == ()
    assert "Live node stable: 1.1.0" in status_lines(updated)


def test_a_stage_in_between_voids_a_renewal(updated: Project) -> None:
    apply_stage(plan_renewal(updated), updated.storage())
    stage(updated, "1.2.0", Supersede.ANY)
    with pytest.raises(InputError, match="is live already"):
        updated.review("1.1.0")
