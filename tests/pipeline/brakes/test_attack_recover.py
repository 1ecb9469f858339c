"""Who goes back in time with online keys ends no hold, and whoever changes keys ends none either."""

from __future__ import annotations

import copy

import pytest
from tuf.api.metadata import Metadata, Targets

from publisher.channel.layout import TIMESTAMP_KEY, metadata_key
from publisher.channel.ledger.entries import Head
from publisher.errors import ApprovalsMissing, VerificationError
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.brakes.vanished import find_vanished
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.recover import RecoverPlan, Recovery, apply_recover, survey_bucket
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.roles.change import verify_for_all
from publisher.wire.stopping.brakes import BRAKES, BRAKES_FIELD
from publisher.wire.version import Version
from tests.support.braking import hold, stopped, withdraw
from tests.support.project import Project
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys
from tests.support.thief import FAR, Thief

HELD = Version.parse("1.1.0")
pytestmark = pytest.mark.usefixtures("ben_on_call")

ONLINE = ("snapshot-ben", "timestamp-ben")


def survey_head(project: Project, action: LedgerAction | None = None) -> Head:
    """The newest state that the ledger tells of; of this action, where one is given."""
    survey = survey_bucket(project.storage(), project.root, project.catalog.signers)
    return next(state.head for state in survey.states if action in (None, state.entry.action))


def work(project: Project) -> Recovery:
    """A recovery by somebody who has the online keys alone."""
    for key in project.keys.glob("*.pem"):
        if not key.stem.startswith(("snapshot", "timestamp")):
            key.rename(project.base / key.name)
    storage = project.storage()
    survey = survey_bucket(storage, project.root, project.catalog.signers)
    return Recovery(survey, storage, project.root, project.catalog, project.key_ring(), project.now)


def put_back(project: Project, head: Head, *, disown: bool = True) -> RecoverPlan:
    plan = work(project).put_back(head, disown=disown)
    apply_recover(plan, project.storage())
    verify_for_all(project.storage(), project.root, project.now)
    return plan


@pytest.mark.parametrize("stop", [hold, withdraw])
def test_r82_a_thief_of_online_keys_who_recovers_ends_no_hold_and_no_withdrawal(shipped: Project, stop: object) -> None:
    before = survey_head(shipped)
    assert callable(stop)
    brake = stop(shipped, "1.1.0").brake
    plan = put_back(shipped, before)
    assert stopped(shipped).stops(HELD, "linux-amd64")
    assert [listed.id for listed in plan.kept] == [brake.id]
    assert BRAKES not in plan.distrusted
    assert verify_ledger(shipped.storage(), shipped.root, shipped.catalog.signers)[1].sound
    assert verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now).sound


def test_brakes_that_were_never_part_of_the_state_come_with_it(shipped: Project) -> None:
    """The first release was live before anybody used the role."""
    first = [state.head for state in survey_bucket(shipped.storage(), shipped.root, shipped.catalog.signers).states][-1]
    brake = hold(shipped, "1.0.0").brake
    assert [listed.id for listed in put_back(shipped, first).kept] == [brake.id]
    assert stopped(shipped).holds == (brake,)


def test_an_older_state_of_brakes_that_a_thief_replays_is_replaced_by_the_newest(shipped: Project) -> None:
    brakes = shipped.look().live
    assert brakes is not None
    old = brakes.roles[BRAKES]
    brake = hold(shipped, "1.1.0").brake
    Thief.of(shipped, *ONLINE).flip(40, 50, replaced={BRAKES: old})
    assert stopped(shipped).holds == ()
    put_back(shipped, survey_head(shipped), disown=False)
    assert stopped(shipped).holds == (brake,)


def test_what_is_adopted_stops_what_the_newest_brakes_stop(shipped: Project) -> None:
    """The thief has replayed older brakes, and has cut off the ledger besides."""
    live = shipped.look().live
    assert live is not None
    brake = hold(shipped, "1.1.0").brake
    Thief.of(shipped, *ONLINE).flip(40, 50, replaced={BRAKES: live.roles[BRAKES]})
    for entry in sorted((shipped.bucket / "ledger").iterdir())[2:]:
        entry.unlink()
    plan = work(shipped).adopt()
    assert [listed.id for listed in plan.kept] == [brake.id]
    apply_recover(plan, shipped.storage())
    assert stopped(shipped).holds == (brake,)


def test_what_a_thief_of_a_key_of_brakes_holds_stays_until_it_is_lifted_and_the_key_is_named(shipped: Project) -> None:
    good = survey_head(shipped)
    thief = Thief.of(shipped, *ONLINE, "brakes-ben")
    signed = copy.deepcopy(thief.live().roles[BRAKES].signed)
    signed.version = FAR
    signed.unrecognized_fields[BRAKES_FIELD] = {"node.stable": {"holds": [{"id": "ab" * 32, "version": "1.1.0"}]}}
    stolen = Metadata(signed)
    stolen.sign(thief.keys["brakes-ben"])
    thief.flip(40, 50, replaced={BRAKES: stolen})
    plan = put_back(shipped, good, disown=False)
    assert [listed.id for listed in plan.kept] == ["ab" * 32]
    assert plan.distrusted[BRAKES] == (thief.keys["brakes-ben"].public_key.keyid,) == plan.kept_by
    assert stopped(shipped).stops(HELD, "linux-amd64")


@pytest.mark.parametrize("planted", [b"", b"{}", b" " * 10_000_000, "another number"])
def test_what_nobody_on_call_signed_is_no_newer_state_of_brakes(shipped: Project, planted: bytes | str) -> None:
    before = survey_head(shipped)
    brake = hold(shipped, "1.1.0").brake
    live = shipped.look().live
    assert live is not None
    there = metadata_key(BRAKES, live.roles[BRAKES].signed.version)
    data = (shipped.bucket / there).read_bytes() if isinstance(planted, str) else planted
    Thief.of(shipped).write(metadata_key(BRAKES, 77), data)
    put_back(shipped, before)
    assert stopped(shipped).holds == (brake,)


def test_nobody_goes_back_behind_a_change_of_keys_to_end_a_hold(shipped: Project) -> None:
    """The hold is signed by a key that the targets of that state do not name."""
    before = survey_head(shipped)
    replace_key(shipped, "brakes-ben", lost=True)
    change_targets(shipped)
    promote_keys(shipped)
    hold(shipped, "1.1.0")
    timestamp = (shipped.bucket / TIMESTAMP_KEY).read_bytes()
    with pytest.raises(VerificationError, match=r"so the hold on node.stable 1.1.0 would end"):
        put_back(shipped, before)
    assert (shipped.bucket / TIMESTAMP_KEY).read_bytes() == timestamp


def change_targets(project: Project, *, replace: bool = False) -> None:
    """Stage the change of keys, and sign it as its people do."""
    staged = stage_keys(project, replace=replace)
    sign_role_as(project, "targets", ("targets-ana", "targets-ben"))
    for role in {role.to_sign.role for role in staged.roles} - {"targets"}:
        sign_role_as(project, role, (f"{role}-ben-2",))


def test_what_is_stopped_stays_stopped_when_the_key_that_stopped_it_is_removed(shipped: Project) -> None:
    held, withdrawn = hold(shipped, "1.1.0").brake, withdraw(shipped, "1.0.0").brake
    replace_key(shipped, "brakes-ben", lost=True)
    change_targets(shipped)
    promote_keys(shipped)
    assert (stopped(shipped).holds, stopped(shipped).withdrawn) == ((held,), (withdrawn,))
    signed: Metadata[Targets] = shipped.look().published().roles[BRAKES]
    assert list(signed.signatures) == [shipped.key("brakes-ben-2").public_key.keyid]


def test_a_hold_between_staging_and_promoting_a_change_of_keys_is_not_undone_by_it(shipped: Project) -> None:
    """Somebody on call holds with the old key, as their configuration still says."""
    on_call = shipped.copied(shipped.base.parent / "on call")
    on_call.disk = shipped.base
    withdrawn = withdraw(shipped, "1.0.0").brake
    replace_key(shipped, "brakes-ben", lost=True)
    change_targets(shipped)
    held = hold(on_call, "1.1.0").brake
    with pytest.raises(ApprovalsMissing, match="brakes needs 1 more person"):
        promote_keys(shipped)
    change_targets(shipped, replace=True)
    promote_keys(shipped)
    assert (stopped(shipped).holds, stopped(shipped).withdrawn) == ((held,), (withdrawn,))


@pytest.mark.parametrize("field", ["junk", {"node.stable": {"holds": "junk"}}, {"node.stable": {"holds": [{}]}}])
def test_brakes_that_no_client_can_read_are_left_behind_and_the_hold_stays(shipped: Project, field: object) -> None:
    """A thief of a key of brakes would else stop the channel for good."""
    held = hold(shipped, "1.1.0").brake
    good = survey_head(shipped)
    thief = Thief.of(shipped, *ONLINE, "brakes-ben")
    signed = copy.deepcopy(thief.live().roles[BRAKES].signed)
    signed.version += 1
    signed.unrecognized_fields[BRAKES_FIELD] = field
    stolen = Metadata(signed)
    stolen.sign(thief.keys["brakes-ben"])
    thief.flip(40, 50, replaced={BRAKES: stolen})
    with pytest.raises(VerificationError):
        hold(shipped, "1.0.0")
    with pytest.raises(VerificationError, match="cannot be read, so clients offer nothing"):
        find_vanished(shipped.look(), shipped.now)
    shipped.keys.joinpath("brakes-ben.pem").rename(shipped.base / "kept.pem")
    plan = put_back(shipped, good, disown=False)
    assert plan.distrusted[BRAKES] == (thief.keys["brakes-ben"].public_key.keyid,)
    assert stopped(shipped).holds == (held,)
    shipped.base.joinpath("kept.pem").rename(shipped.keys / "brakes-ben.pem")
    assert hold(shipped, "1.0.0").brake in stopped(shipped).holds
    assert verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now).sound
