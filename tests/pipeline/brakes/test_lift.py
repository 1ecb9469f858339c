"""What one person has stopped, only the channel's people let go again."""

from __future__ import annotations

import pytest

from publisher.channel.brakes import lifted_ids, listed_brakes
from publisher.errors import ApprovalsMissing, InputError, VerificationError
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.ledger_append import read_ledger
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.release.announce import plan_announce
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import apply_rollback, plan_rollback
from publisher.pipeline.release.stage import apply_stage, plan_stage
from publisher.wire.version import Version
from tests.support.approving import promote
from tests.support.braking import REASON, hold, stage_lift, stopped, withdraw
from tests.support.project import Project, tree

LIVE = "1.1.0"


@pytest.fixture
def held(project: Project) -> Project:
    """1.1.0 is live and on hold."""
    project.publish("1.0.0")
    project.publish(LIVE)
    hold(project, LIVE)
    return project


def test_a_hold_is_lifted_by_its_id_with_the_channels_quorum(held: Project) -> None:
    (brake,) = stopped(held).holds
    changes = stage_lift(held, version=LIVE)
    assert changes == (f"lifts the hold on 1.1.0 ({brake.id[:12]})", f'  it was: "{REASON}"')
    assert stopped(held).holds == (brake,), "staging lifts nothing"
    held.approve(LIVE)
    promote(held)
    assert stopped(held).holds == ()
    assert lifted_ids(held.look().live, "node.stable") == (brake.id,)
    assert verify_channel(StoreSource(held.storage()), held.root, held.now).sound


def test_r82_one_person_lifts_nothing(held: Project) -> None:
    stage_lift(held, version=LIVE)
    held.approve(LIVE, "channels-ana")
    before = tree(held.bucket)
    with pytest.raises(ApprovalsMissing):
        promote(held)
    assert tree(held.bucket) == before
    assert stopped(held).holds != ()


def test_whoever_approves_reads_what_is_lifted_and_why_it_was_stopped(held: Project) -> None:
    stage_lift(held, version=LIVE)
    lines = "\n".join(held.review(LIVE).difference)
    assert "lifts the hold on 1.1.0" in lines
    assert REASON in lines


def test_the_ledger_says_what_was_lifted(held: Project) -> None:
    (brake,) = stopped(held).holds
    stage_lift(held, version=LIVE)
    held.approve(LIVE)
    promote(held)
    entries = [logged.entry for logged in read_ledger(held.storage()).logged]
    lifted = [(entry.action, entry.lifts) for entry in entries if entry is not None and entry.lifts]
    assert lifted == [(LedgerAction.STAGE, (brake.id,)), (LedgerAction.PROMOTE, (brake.id,))]


def test_a_later_release_goes_on_lifting(held: Project) -> None:
    """A client that was away remembers the hold until the channel's newest metadata names its id."""
    (brake,) = stopped(held).holds
    stage_lift(held, version=LIVE)
    held.approve(LIVE)
    promote(held)
    held.publish("1.2.0")
    assert lifted_ids(held.look().live, "node.stable") == (brake.id,)


def test_after_a_lift_the_release_can_still_be_taken_back(held: Project) -> None:
    (brake,) = stopped(held).holds
    stage_lift(held, version=LIVE)
    held.approve(LIVE)
    promote(held)
    request = PromoteRequest("node", "stable", action=LedgerAction.ROLLBACK)
    plan = plan_rollback(
        request, Version.parse(LIVE), held.catalog, held.look(), held.key_ring(), held.now, "It stops again."
    )
    apply_rollback(plan, held.storage(), lambda: held.now)
    assert brake.id in lifted_ids(held.look().live, "node.stable")
    assert [str(brake.version) for brake in stopped(held).withdrawn] == [LIVE]


def test_the_next_brake_forgets_what_was_lifted(held: Project) -> None:
    """So the metadata that every client fetches does not grow with the past."""
    (brake,) = stopped(held).holds
    stage_lift(held, version=LIVE)
    held.approve(LIVE)
    promote(held)
    assert brake in listed_brakes(held.look().live, "node.stable").holds
    again = hold(held, LIVE)
    assert listed_brakes(held.look().live, "node.stable").holds == (again.brake,)


def test_only_the_named_one_is_lifted(held: Project) -> None:
    (brake,) = stopped(held).holds
    withdrawal = withdraw(held, LIVE).brake
    stage_lift(held, withdrawal.id[:8])
    held.approve(LIVE)
    promote(held)
    assert (stopped(held).holds, stopped(held).withdrawn) == ((brake,), ())


@pytest.mark.parametrize(
    ("version", "ids", "words"),
    [
        ("1.0.0", (), "1.0.0 is neither on hold nor withdrawn in node stable"),
        (None, ("abc",), "--id abc is too short"),
        (None, ("0" * 8,), "names nothing that is stopped"),
    ],
)
def test_a_lift_of_nothing_is_refused(held: Project, version: str | None, ids: tuple[str, ...], words: str) -> None:
    before = tree(held.bucket)
    with pytest.raises(InputError) as caught:
        stage_lift(held, *ids, version=version)
    assert words in caught.value.what
    assert tree(held.bucket) == before


def test_a_hold_that_lands_while_a_lift_waits_makes_nothing_void_but_stays(held: Project) -> None:
    stage_lift(held, version=LIVE)
    second = hold(held, LIVE, because="Another reason.")
    held.approve(LIVE)
    promote(held)
    assert stopped(held).holds == (second.brake,)


def test_a_release_lifts_nothing_along_the_way(held: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A candidate that ships something says of brakes what is live, and nothing else."""
    (brake,) = stopped(held).holds
    held.add_release("1.2.0")
    with monkeypatch.context() as patched:
        patched.setattr("publisher.pipeline.release.stage.lifted_ids", lambda _live, _role: (brake.id,))
        plan = plan_stage(held.request("1.2.0"), held.catalog, held.look(), held.key_ring(), held.now)
    apply_stage(plan, held.storage())
    with pytest.raises(VerificationError, match="differs from what the release, its files and the live metadata give"):
        held.review("1.2.0")


def test_nothing_is_lifted_that_brakes_do_not_list(held: Project) -> None:
    """Else an id could be lifted ahead of the hold that somebody will need."""
    lifts = ("0" * 64,)
    plan = plan_announce("node", "stable", held.catalog, held.look(), held.key_ring(), held.now, lifts=lifts)
    apply_stage(plan, held.storage())
    with pytest.raises(VerificationError, match="lifts 000000000000, which brakes do not list"):
        held.review(LIVE)
