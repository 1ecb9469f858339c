"""What was held must stay held: brakes that lack a hold which nobody has lifted are noticed by whoever looks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata, Targets

from publisher.channel.audit.channel import Audit, audit
from publisher.channel.findings import Level
from publisher.channel.layout import metadata_key
from publisher.errors import VerificationError
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.brakes.vanished import find_vanished
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.status import read_status
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.publication.plan import plan_publication
from publisher.wire.stopping.brakes import BRAKES, BRAKES_FIELD, LIFTED_FIELD
from tests.support.braking import hold, stopped, withdraw
from tests.support.flaky import FlakyStorage, Killed
from tests.support.project import Project
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys
from tests.support.thief import Thief

pytestmark = pytest.mark.usefixtures("ben_on_call")

ONLINE = ("snapshot-ben", "timestamp-ben")


class Blind(StoreSource):
    """The same bucket, as the web shows it: without a listing."""

    def keys(self) -> None:  # type: ignore[override]
        """There is none."""


def looked(project: Project, *, listing: bool = True) -> Audit:
    source = StoreSource(project.storage()) if listing else Blind(project.storage())
    return audit(source, project.root, project.now)


def errors(project: Project, *, listing: bool = True) -> list[str]:
    return [finding.what for finding in looked(project, listing=listing).findings if finding.level is Level.ERROR]


def sign_brakes(project: Project, thief: Thief, stops: Mapping[str, object], by: str = "brakes-ben") -> None:
    """Brakes of the thief's own, made live with stolen online keys."""
    live = thief.live()
    signed: Targets = copy.deepcopy(live.roles[BRAKES].signed)
    signed.version += 1
    signed.unrecognized_fields[BRAKES_FIELD] = dict(stops)
    made = Metadata(signed)
    made.sign(thief.keys[by])
    thief.flip(live.timestamp.signed.version + 1, live.snapshot.signed.version + 1, replaced={BRAKES: made})


@pytest.mark.parametrize("listing", [True, False])
def test_r82_a_thief_of_a_key_of_brakes_ends_no_hold_unnoticed(shipped: Project, listing: bool) -> None:
    hold(shipped, "1.1.0")
    withdrawn = withdraw(shipped, "1.0.0").brake
    assert errors(shipped, listing=listing) == []
    thief = Thief.of(shipped, *ONLINE, "brakes-ben")
    stops = {"node.stable": {"withdrawn": [{"id": withdrawn.id, "version": "1.0.0"}]}}
    sign_brakes(shipped, thief, stops)
    [error] = errors(shipped, listing=listing)
    assert error == (
        "the hold on node.stable 1.1.0, which ben (operations) signed in brakes 3, is missing from brakes 4, signed by"
        " ben (operations), and the channel's people have not lifted it; run `publish hold node@1.1.0 --channel stable`"
        " again, then find out whose key signed brakes 4, and remove it if others have it"
    )


def test_status_and_refresh_notice_it_too_and_nothing_is_signed_on_top(shipped: Project) -> None:
    held = hold(shipped, "1.1.0").brake
    plan_refresh(shipped.look(), shipped.catalog, shipped.key_ring(), shipped.now)
    with_brakes_alone(shipped)
    with pytest.raises(VerificationError, match="is missing from brakes") as caught:
        plan_refresh(shipped.look(), shipped.catalog, shipped.key_ring(), shipped.now + timedelta(days=1))
    assert "`publish hold node@1.1.0 --channel stable` again" in caught.value.fix
    status = read_status(shipped.look(), shipped.catalog, shipped.now)
    assert [brake.listed.id for brake in status.vanished] == [held.id]
    assert (status.announced, status.sound) == (True, False)


def with_brakes_alone(project: Project) -> None:
    """Somebody on call, with a key of brakes and their own identity, publishes brakes that stop nothing."""
    bucket = project.look()
    live = bucket.published()
    signed = copy.deepcopy(live.roles[BRAKES].signed)
    signed.unrecognized_fields.pop(BRAKES_FIELD)
    ring = project.key_ring()
    metadata = bucket.advance(project.catalog.signers, ring.of, project.now).to(
        live.targets.signed, {}, {BRAKES: signed}, signed_targets=live.targets
    )
    body = LedgerEntryBody.routine(LedgerAction.REFRESH, None)
    plan_publication(body, metadata, bucket, ring, project.now).apply(project.storage())
    assert stopped(project).holds == ()


def test_a_hold_that_is_put_on_again_settles_it_and_so_does_a_withdrawal(shipped: Project) -> None:
    hold(shipped, "1.1.0")
    withdraw(shipped, "1.0.0")
    with_brakes_alone(shipped)
    assert len(find_vanished(shipped.look(), shipped.now)) == 2
    shipped.now += timedelta(minutes=1)
    withdraw(shipped, "1.1.0")
    [left] = find_vanished(shipped.look(), shipped.now)
    assert str(left.listed) == "the withdrawal of node.stable 1.0.0"
    hold(shipped, "1.0.0")
    assert find_vanished(shipped.look(), shipped.now) == (left,)
    withdraw(shipped, "1.0.0")
    assert find_vanished(shipped.look(), shipped.now) == ()
    assert errors(shipped) == []


def test_a_hold_on_fewer_platforms_settles_nothing(shipped: Project) -> None:
    hold(shipped, "1.1.0")
    with_brakes_alone(shipped)
    hold(shipped, "1.1.0", platforms=("linux-amd64",), next_update=shipped.now + timedelta(hours=9))
    assert len(find_vanished(shipped.look(), shipped.now)) == 1
    shipped.now += timedelta(minutes=1)
    hold(shipped, "1.1.0")
    assert find_vanished(shipped.look(), shipped.now) == ()


def test_what_the_people_of_the_channel_have_lifted_may_go(shipped: Project) -> None:
    held = hold(shipped, "1.1.0").brake
    thief = Thief.of(shipped, *ONLINE, "channels-ana", "channels-ben")
    live = thief.live()
    lifted = copy.deepcopy(live.roles["node.stable"].signed)
    lifted.version += 1
    lifted.unrecognized_fields[LIFTED_FIELD] = [held.id]
    made = Metadata(lifted)
    for name in ("channels-ana", "channels-ben"):
        made.sign(thief.keys[name], append=True)
    timestamp, snapshot = live.timestamp.signed.version + 1, live.snapshot.signed.version + 1
    thief.flip(timestamp, snapshot, replaced={"node.stable": made})
    sign_brakes(shipped, Thief.of(shipped, *ONLINE, "brakes-ben"), {})
    assert stopped(shipped).holds == ()
    assert find_vanished(shipped.look(), shipped.now) == ()


def test_a_rejection_that_is_gone_is_noticed(shipped: Project) -> None:
    thief = Thief.of(shipped, *ONLINE, "brakes-ben")
    sign_brakes(shipped, thief, {"node.stable": {"rejected": ["ab" * 32]}})
    sign_brakes(shipped, thief, {})
    [vanished] = find_vanished(shipped.look(), shipped.now)
    assert vanished.what.startswith("the rejection of candidate abababababab of node.stable, which ben (operations)")
    assert vanished.fix.startswith("reject the candidate again")


def test_older_brakes_that_a_thief_of_online_keys_puts_back_are_noticed_after_an_hour(shipped: Project) -> None:
    """Before that, the hold may still be on its way: what is signed is written before it is live."""
    before = shipped.look().published().roles[BRAKES]
    hold(shipped, "1.1.0")
    Thief.of(shipped, *ONLINE).flip(40, 50, replaced={BRAKES: before})
    assert errors(shipped) == []
    shipped.now += timedelta(hours=1)
    for listing in (True, False):
        [error] = errors(shipped, listing=listing)
        assert "the hold on node.stable 1.1.0, which ben (operations) signed in brakes 2, is missing from" in error


def test_a_hold_that_was_killed_before_it_was_live_is_an_error_after_an_hour_until_it_is_run_again(
    shipped: Project,
) -> None:
    with pytest.raises(Killed):
        hold(shipped, "1.1.0", FlakyStorage(shipped.storage(), 4, after=True))
    assert errors(shipped) == []
    shipped.now += timedelta(hours=1)
    assert any("the hold on node.stable 1.1.0" in error for error in errors(shipped))
    hold(shipped, "1.1.0")
    assert errors(shipped) == []


def test_it_is_noticed_across_a_change_of_keys(shipped: Project) -> None:
    """The version that listed the hold was signed by a key of its time, which counts no more."""
    held = hold(shipped, "1.1.0").brake
    with_brakes_alone(shipped)
    replace_key(shipped, "brakes-ben", lost=True)
    staged = stage_keys(shipped)
    sign_role_as(shipped, "targets", ("targets-ana", "targets-ben"))
    for role in {role.to_sign.role for role in staged.roles} - {"targets"}:
        sign_role_as(shipped, role, (f"{role}-ben-2",))
    promote_keys(shipped)
    assert [brake.listed.id for brake in find_vanished(shipped.look(), shipped.now)] == [held.id]


@pytest.mark.parametrize("data", [b"", b"{}", b"junk"])
def test_what_nobody_signed_was_no_hold(shipped: Project, data: bytes) -> None:
    hold(shipped, "1.1.0")
    Thief.of(shipped).write(metadata_key(BRAKES, 99), data)
    assert find_vanished(shipped.look(), shipped.now) == ()
