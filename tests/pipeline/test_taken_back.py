"""What was taken back stays back: no command ships it again, and the channel goes on telling who runs it (R81, R86)."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from publisher.channel.repository import read_repository, withdrawn_by
from publisher.client.answers.decide import decide
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import RefusedByPolicy, StorageConflict, TidegateError
from publisher.model.records.decision import Decision
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket_reader import reader
from publisher.pipeline.ledger_append import Draft, append
from publisher.pipeline.live_state import live_state
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.status import read_status
from publisher.pipeline.release.approve import review
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.release import apply_release
from publisher.pipeline.release.stage import Supersede, apply_stage, plan_stage
from publisher.pipeline.roles.renew import find_renewals, renew
from publisher.wire.stopping.withdrawn import WITHDRAWN_FIELD
from publisher.wire.version import Version
from tests.pipeline.test_rollback import take_back
from tests.support.approving import edit, promote, stage
from tests.support.project import Project, seeded_keys, tree
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys


@pytest.fixture
def taken_back(project: Project) -> Project:
    """1.0.0 is live again: 1.1.0 was taken back."""
    project.publish("1.0.0")
    project.add_release("1.1.0", channels="stable, beta")
    project.publish("1.1.0")
    take_back(project, "1.1.0")
    return project


def named(project: Project) -> list[str]:
    """The versions that clients read as taken back from stable."""
    live = read_repository(reader(project.storage()), project.root)
    assert live is not None
    return [str(version) for version in withdrawn_by(live.roles["node.stable"].signed)]


def known(project: Project) -> list[tuple[str, str, bool]]:
    """Channel, version, and whether the moment is known, as every command reads it."""
    state = live_state(project.storage(), project.root, project.now)
    return [(one.channel, str(one.version), one.at is not None) for one in state.withdrawn]


def told(project: Project, version: str, platform: str = "linux-amd64") -> tuple[str, bool, str | None]:
    """What the client tells somebody who runs a version: outcome, whether that is secure, and what it offers."""
    url = project.bucket.as_uri()
    client = UpdateClient(url, project.root, project.base / "client", fetcher_for(url), lambda: project.now)
    channel = client.fetch_channel("node", "stable", platform)
    state = channel.state_of(Version.parse(version))
    answer = decide(channel.feed, channel.feed.requirements, channel.brakes, None, state, project.now)
    return answer.outcome.value, answer.secure, str(answer.release.version) if answer.release else None


def refusal(project: Project, version: str, channel: str = "stable") -> tuple[str, str]:
    """Outcome and reason of the rule, for a release that is refused with nothing written."""
    before = tree(project.bucket)
    with pytest.raises(RefusedByPolicy) as caught:
        project.plan(project.request(version, channel=channel))
    assert tree(project.bucket) == before
    assert isinstance(caught.value.decision, Decision)
    [verdict] = [one for one in caught.value.decision.verdicts if one.rule == "integrity.withdrawn"]
    return verdict.outcome.value, verdict.reason


def test_r81_an_automatic_job_that_releases_it_again_is_refused(taken_back: Project) -> None:
    outcome, reason = refusal(taken_back, "1.1.0")
    assert outcome == "blocked"
    assert "1.1.0 was taken back from stable on Friday 20 November 2026, 12:00 UTC" in reason


def test_r81_it_is_not_staged_either_whatever_may_be_superseded(taken_back: Project) -> None:
    before = tree(taken_back.bucket)
    for supersede in Supersede:
        with pytest.raises(RefusedByPolicy, match="was taken back"):
            stage(taken_back, "1.1.0", supersede)
    assert tree(taken_back.bucket) == before


def test_a_candidate_from_before_the_rollback_is_neither_promoted_nor_rebased(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    edit(project.content / "releases/node/1.1.0.yaml", "Version 1.1.0 of the node.", "Better words.")
    project.forget()
    stage(project, "1.1.0")
    project.approve("1.1.0")
    take_back(project, "1.1.0")
    before = tree(project.bucket)
    with pytest.raises(StorageConflict, match="has moved on"):
        promote(project)
    with pytest.raises(RefusedByPolicy, match="was taken back"):
        stage(project, "1.1.0", Supersede.STALE)
    assert tree(project.bucket) == before


def test_another_channel_does_not_take_it_over(taken_back: Project) -> None:
    outcome, reason = refusal(taken_back, "1.1.0", "beta")
    assert outcome == "blocked"
    assert reason.endswith("Channels that do not offer it yet, such as beta, cannot ship it either.")


def test_what_was_staged_for_another_channel_before_is_not_promoted_after(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0", channels="stable, beta")
    project.publish("1.1.0")
    request, storage = project.request("1.1.0", channel="beta"), project.storage()
    apply_stage(plan_stage(request, project.catalog, project.look(storage), project.key_ring(), project.now), storage)
    project.approve("1.1.0", channel="beta")
    take_back(project, "1.1.0")
    seen = review(project.release("1.1.0"), "beta", project.look(storage), project.catalog, project.now)
    assert not seen.decision.go
    promotion = PromoteRequest("node", "beta")
    before = tree(project.bucket)
    with pytest.raises(RefusedByPolicy, match="was taken back"):
        plan_promote(
            promotion,
            project.staged("beta"),
            project.catalog,
            project.look(storage),
            project.key_ring(),
            project.now,
        )
    assert tree(project.bucket) == before


def test_a_rollback_between_plan_and_flip_wins(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    stage(project, "1.2.0")
    project.approve("1.2.0")
    request, storage = PromoteRequest("node", "stable"), project.storage()
    plan = plan_promote(
        request, project.staged(), project.catalog, project.look(storage), project.key_ring(), project.now
    )
    take_back(project, "1.1.0")
    with pytest.raises(StorageConflict):
        apply_promote(plan, project.catalog, storage, lambda: project.now)
    assert told(project, "1.1.0") == ("withdrawn", False, "1.0.0")


def test_the_other_channel_goes_on_with_what_it_offers(project: Project) -> None:
    project.add_release("1.1.0", channels="stable, beta")
    project.publish("1.0.0")
    project.publish("1.1.0", channel="beta")
    project.publish("1.1.0")
    take_back(project, "1.1.0")
    plan = project.plan(project.request("1.1.0", channel="beta"))
    assert plan.nothing_to_do
    assert known(project) == [("stable", "1.1.0", True)]


def test_what_is_live_again_is_released_again_without_a_change(taken_back: Project) -> None:
    before = tree(taken_back.bucket)
    assert taken_back.plan(taken_back.request("1.0.0")).nothing_to_do
    assert tree(taken_back.bucket) == before


def test_r86_who_runs_it_is_told_by_signed_metadata_for_as_long_as_the_channel_lives(taken_back: Project) -> None:
    project = taken_back
    assert named(project) == ["1.1.0"]
    assert told(project, "1.1.0") == ("withdrawn", False, "1.0.0")
    project.publish("1.1.1")
    assert named(project) == ["1.1.0"]
    assert told(project, "1.1.0") == ("withdrawn", False, "1.1.1")
    take_back(project, "1.1.1")
    assert named(project) == ["1.1.0", "1.1.1"]
    for version in ("1.1.0", "1.1.1"):
        assert told(project, version) == ("withdrawn", False, "1.0.0")
    assert told(project, "1.0.0") == ("up-to-date", True, None)
    project.publish("1.2.0")
    assert named(project) == ["1.1.0", "1.1.1"]


def test_r86_a_fix_for_one_platform_leaves_nobody_on_another_in_the_dark(taken_back: Project) -> None:
    taken_back.add_release("1.1.1")
    path = taken_back.content / "releases/node/1.1.1.yaml"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "windows" not in line))
    taken_back.forget()
    directory = taken_back.build("1.1.1")
    (directory / "node-1.1.1-windows-amd64.zip").unlink()
    plan = taken_back.plan(taken_back.request("1.1.1", artifacts=directory))
    apply_release(plan, taken_back.catalog, taken_back.storage(), lambda: taken_back.now)
    assert told(taken_back, "1.1.0") == ("withdrawn", False, "1.1.1")
    assert told(taken_back, "1.1.0", "windows-amd64") == ("withdrawn", False, "1.0.0")


def renew_role(project: Project) -> None:
    """`publish refresh`, signed by people, and again."""
    for _ in range(2):
        plan = plan_refresh(project.look(), project.catalog, project.key_ring(), project.now)
        plan.apply(project.storage())
        renewals = find_renewals(project.look(), project.catalog, project.key_ring(), project.now)
        renew(renewals, project.storage(), project.catalog, project.key_ring(), project.now)
        if "node.stable" in {due.role for due in renewals.waiting}:
            sign_role_as(project, "node.stable", ("channels-ana", "channels-ben"))


def test_r86_a_renewal_of_the_channel_goes_on_telling(taken_back: Project) -> None:
    live = read_repository(reader(taken_back.storage()), taken_back.root)
    assert live is not None
    before = live.roles["node.stable"].signed
    taken_back.now = before.expires - timedelta(days=20)
    renew_role(taken_back)
    renewed = read_repository(reader(taken_back.storage()), taken_back.root)
    assert renewed is not None
    assert renewed.roles["node.stable"].signed.version > before.version
    assert named(taken_back) == ["1.1.0"]
    assert refusal(taken_back, "1.1.0")[0] == "blocked"


def test_r86_a_change_of_keys_goes_on_telling(taken_back: Project) -> None:
    successor = replace_key(taken_back, "channels-ben", lost=True)
    stage_keys(taken_back)
    sign_role_as(taken_back, "targets", ("targets-ana", "targets-ben"))
    sign_role_as(taken_back, "node.stable", ("channels-ana", successor))
    promote_keys(taken_back)
    assert named(taken_back) == ["1.1.0"]


def test_since_when_is_what_the_notice_says(taken_back: Project) -> None:
    state = live_state(taken_back.storage(), taken_back.root, taken_back.now)
    assert [entry.at for entry in state.withdrawn] == [taken_back.now]


def test_without_its_notice_it_is_still_known_but_not_since_when(taken_back: Project) -> None:
    assert known(taken_back) == [("stable", "1.1.0", True)]
    shutil.rmtree(taken_back.bucket / "tuf/targets/brakes")
    assert known(taken_back) == [("stable", "1.1.0", False)]


def test_an_entry_by_a_stranger_takes_nothing_back(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    made = seeded_keys()
    new = [made() for _ in range(100)][-1]
    stranger = new.open(project.catalog.signers.signers[0].model_copy(update={"public": new.public}))
    live = read_repository(reader(project.storage()), project.root)
    assert live is not None
    fields = {"product": "node", "channel": "stable", "version": "1.0.0", "result": live.stamp}
    forged = LedgerEntryBody.routine(LedgerAction.ROLLBACK, project.catalog.policy_at(project.now), **fields)
    append(Draft(forged, project.now, stranger), project.storage())
    assert known(project) == []


def test_status_knows_it_too(taken_back: Project) -> None:
    status = read_status(taken_back.look(), taken_back.catalog, taken_back.now)
    (withdrawal,) = status.state.withdrawn
    assert (withdrawal.product, str(withdrawal.version), withdrawal.at) == ("node", "1.1.0", taken_back.now)
    assert withdrawal.taken_back
    assert withdrawal.id is not None


def test_what_says_of_itself_that_it_was_taken_back_does_not_go_live(
    taken_back: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (taken_back.bucket / "tuf/metadata/timestamp.json").read_bytes()
    for module in ("release.stage", "candidates.rebuild_check"):
        monkeypatch.setattr(f"publisher.pipeline.{module}.taken_back_fields", lambda _: {WITHDRAWN_FIELD: ["1.2.0"]})
    with pytest.raises(TidegateError, match=r"says that 1\.2\.0 was taken back, but offers it for linux-amd64"):
        taken_back.publish("1.2.0")
    assert (taken_back.bucket / "tuf/metadata/timestamp.json").read_bytes() == before
