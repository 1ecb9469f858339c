"""The history of holds and withdrawals, read back from a real ledger (R82)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.channel.brakes import notice_key
from publisher.model.records.channel_state import PastBrake
from publisher.pipeline.brakes import history
from publisher.pipeline.live_state import live_state
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import apply_rollback, plan_rollback
from publisher.wire.version import Version
from tests.support.approving import promote
from tests.support.braking import REASON, hold, stage_lift, withdraw
from tests.support.project import Project, tree


@pytest.fixture
def shipped(project: Project) -> Project:
    """1.0.0 and then 1.1.0 are published."""
    project.publish("1.0.0")
    project.publish("1.1.0")
    return project


def history_of(project: Project) -> tuple[PastBrake, ...]:
    return live_state(project.storage(), project.root, project.now, project.catalog.signers).brake_history


def lift(project: Project) -> None:
    stage_lift(project, version="1.1.0")
    project.approve("1.1.0")
    promote(project)


def test_r82_a_hold_is_told_with_its_reason_its_promise_and_its_end(shipped: Project) -> None:
    began = shipped.now
    ident = hold(shipped, "1.1.0", platforms=("windows-amd64",)).brake.id
    (past,) = history_of(shipped)
    assert (past.kind, past.product, past.channel, str(past.version)) == ("hold", "node", "stable", "1.1.0")
    assert (past.id, past.at, past.platforms, past.lifted_at) == (ident, began, ("windows-amd64",), None)
    assert past.notice is not None
    assert (past.notice.because, past.notice.next_update) == (REASON, began + timedelta(hours=6))
    shipped.now += timedelta(hours=5)
    lift(shipped)
    (past,) = history_of(shipped)
    assert past.lifted_at == shipped.now


def test_the_latest_comes_first_and_a_rollback_is_told_once(shipped: Project) -> None:
    hold(shipped, "1.1.0")
    shipped.now += timedelta(hours=1)
    withdrawal = withdraw(shipped, "1.1.0").brake
    shipped.now += timedelta(hours=1)
    request = PromoteRequest("node", "stable")
    plan = plan_rollback(
        request, Version.parse("1.1.0"), shipped.catalog, shipped.look(), shipped.key_ring(), shipped.now, None
    )
    apply_rollback(plan, shipped.storage(), lambda: shipped.now)
    first, second = history_of(shipped)
    assert (first.kind, first.id, first.taken_back) == ("withdrawal", withdrawal.id, True)
    assert first.at == shipped.now - timedelta(hours=1)
    assert (second.kind, second.taken_back) == ("hold", False)


def test_a_change_that_clients_never_saw_is_no_history(shipped: Project) -> None:
    before = tree(shipped.bucket)["tuf/metadata/timestamp.json"]
    hold(shipped, "1.1.0")
    (shipped.bucket / "tuf/metadata/timestamp.json").write_bytes(before)
    assert history_of(shipped) == ()


def test_a_notice_that_is_missing_or_exchanged_leaves_the_reason_out(shipped: Project) -> None:
    plan = hold(shipped, "1.1.0")
    file = shipped.bucket / notice_key("node", "stable", plan.brake.id)
    file.write_bytes(file.read_bytes().replace(b"index", b"money"))
    (past,) = history_of(shipped)
    assert (past.id, past.notice) == (plan.brake.id, None)


def test_where_nothing_was_ever_stopped_the_ledger_is_not_read(
    shipped: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "batches_from_the_end", None)
    assert history_of(shipped) == ()


def test_the_ledger_is_read_from_its_end_in_batches(shipped: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "BATCH", 1)
    hold(shipped, "1.1.0")
    shipped.now += timedelta(hours=1)
    withdraw(shipped, "1.1.0")
    assert [past.kind for past in history_of(shipped)] == ["withdrawal", "hold"]
    monkeypatch.setattr(history, "MOST_BATCHES", 1)
    assert [past.kind for past in history_of(shipped)] == ["withdrawal"]
