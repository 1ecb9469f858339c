"""One person stops a version: holds and withdrawals reach clients, bind something, and are never in vain."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.channel.brakes import read_notice
from publisher.channel.layout import metadata_key
from publisher.errors import InputError, SigningError, StorageConflict, StorageError, TidegateError
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.brakes.brake import apply_brake, plan_brake
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.release.stage import apply_stage, plan_stage
from publisher.wire.feed_words import WithdrawalAction
from publisher.wire.stopping.brakes import Brake
from publisher.wire.version import Version
from tests.support.braking import REASON, hold, ordered, stopped, withdraw
from tests.support.project import Project, tree

SPACE = Version.parse("1.1.0")


def refused(project: Project, error: type[TidegateError], words: str, version: str = "1.1.0", **changes: Any) -> None:
    before = tree(project.bucket)
    with pytest.raises(error) as caught:
        hold(project, version, **changes)
    assert words in f"{caught.value.what} {caught.value.fix}"
    assert tree(project.bucket) == before


def test_r82_a_hold_names_its_version_its_reason_and_the_next_update(shipped: Project) -> None:
    plan = hold(shipped, "1.1.0")
    assert stopped(shipped).holds == (Brake(plan.brake.id, SPACE),)
    notice = read_notice(shipped.look().read, "node", "stable", plan.brake)
    assert (notice.because, notice.next_update) == (REASON, shipped.now + timedelta(hours=6))
    assert verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now).sound


def test_r81_one_person_stops_a_release_with_a_key_of_brakes(shipped: Project) -> None:
    for key in shipped.keys.glob("*.pem"):
        if not key.stem.startswith(("brakes-ben", "snapshot", "timestamp", "online")):
            key.unlink()
    assert hold(shipped, "1.1.0").brake in stopped(shipped).holds


def test_a_hold_on_one_platform_stops_no_other(shipped: Project) -> None:
    hold(shipped, "1.1.0", platforms=("windows-amd64",))
    assert stopped(shipped).stops(SPACE, "windows-amd64")
    assert not stopped(shipped).stops(SPACE, "linux-amd64")


def test_no_freeze_and_no_problem_of_the_content_holds_a_hold_up(shipped: Project) -> None:
    shipped.add_listing("2026-11-20T12:00:00Z", "2026-11-20T14:00:00Z")
    assert hold(shipped, "1.1.0").brake in stopped(shipped).holds


def test_brakes_are_in_the_ledger_with_their_id(shipped: Project) -> None:
    plans = hold(shipped, "1.1.0"), withdraw(shipped, "1.1.0")
    ledger, check = verify_ledger(shipped.storage(), shipped.root, shipped.catalog.signers)
    assert check.sound
    entries = [logged.entry for logged in ledger.logged[-2:]]
    assert [(entry.action, str(entry.version), entry.brake) for entry in entries if entry] == [
        (LedgerAction.HOLD, "1.1.0", plans[0].brake.id),
        (LedgerAction.WITHDRAW, "1.1.0", plans[1].brake.id),
    ]


def test_the_same_words_again_change_nothing(shipped: Project) -> None:
    first = hold(shipped, "1.1.0")
    before = tree(shipped.bucket)
    later = shipped.now + timedelta(minutes=1)
    update, shipped.now = shipped.now + timedelta(hours=6), later
    again = hold(shipped, "1.1.0", next_update=update)
    assert (again.already, again.brake, tree(shipped.bucket)) == (True, first.brake, before)


def test_a_new_promise_is_a_hold_of_its_own_and_the_old_one_stays(shipped: Project) -> None:
    first = hold(shipped, "1.1.0")
    second = hold(shipped, "1.1.0", next_update=shipped.now + timedelta(hours=12))
    assert stopped(shipped).holds == (first.brake, second.brake)
    assert stopped(shipped).hold_of(SPACE, "linux-amd64") == second.brake


def test_a_staged_release_can_be_held_before_it_ships(shipped: Project) -> None:
    shipped.add_release("1.2.0")
    plan = plan_stage(shipped.request("1.2.0"), shipped.catalog, shipped.look(), shipped.key_ring(), shipped.now)
    apply_stage(plan, shipped.storage())
    assert hold(shipped, "1.2.0").brake in stopped(shipped).holds


def test_what_is_left_to_offer_is_told(shipped: Project) -> None:
    assert hold(shipped, "1.0.0").left == {"linux-amd64": SPACE, "windows-amd64": SPACE}


def test_files_of_a_withdrawn_version_stay_and_a_text_beside_them_points_at_what_is_signed(shipped: Project) -> None:
    before = tree(shipped.bucket)
    withdraw(shipped, "1.1.0")
    after = tree(shipped.bucket)
    assert {path: after[path] for path in before if path.startswith(("releases/", "tuf/targets/"))} == {
        path: data for path, data in before.items() if path.startswith(("releases/", "tuf/targets/"))
    }
    text = after["releases/node/1.1.0/WITHDRAWN.txt"].decode()
    assert "node 1.1.0 was withdrawn" in text
    assert "tidegate check --current 1.1.0" in text
    assert verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now).sound


def test_a_text_that_nothing_signed_backs_is_found(shipped: Project) -> None:
    (shipped.bucket / "releases/node/1.1.0/WITHDRAWN.txt").write_text("node 1.1.0 was withdrawn")
    audit = verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now)
    assert [finding.where for finding in audit.findings if not audit.sound] == ["releases/node/1.1.0/WITHDRAWN.txt"]


def test_a_version_that_was_replaced_long_ago_can_be_withdrawn(shipped: Project) -> None:
    plan = withdraw(shipped, "1.0.0", "update", replaced_by=SPACE)
    assert stopped(shipped).withdrawn == (plan.brake,)


def test_a_notice_that_is_gone_is_found(shipped: Project) -> None:
    plan = hold(shipped, "1.1.0")
    (shipped.bucket / f"tuf/targets/brakes/node/stable/{plan.brake.id}.notice.json").unlink()
    audit = verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now)
    assert any("clients say no reason for node.stable 1.1.0" in finding.what for finding in audit.findings)
    assert not audit.sound


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": "9.9.9"}, "neither offers 9.9.9 nor has it staged, so a hold would stop nothing"),
        ({"version": "9.9.9", "action": "stop"}, "9.9.9 was never published in node stable, so nobody runs it"),
        ({"channel": "beta"}, "so a hold would stop nothing"),
        ({"platforms": ("linux-arm64",)}, "node has no platform linux-arm64"),
        ({"next_update": timedelta(0)}, "which is over"),
        ({"next_update": timedelta(days=15)}, "which is too far ahead name a time within 14 days"),
        ({"action": "update"}, "offers nothing newer than 1.1.0 to update to"),
        ({"action": "stop", "replaced_by": "1.1.0"}, "--replaced-by 1.1.0 is not newer than 1.1.0"),
        ({"action": "stop", "replaced_by": "1.0.0"}, "--replaced-by 1.0.0 is not newer than 1.1.0"),
        ({"action": "stop", "replaced_by": "2.0.0"}, "does not offer it on linux-amd64 and windows-amd64"),
    ],
)
def test_an_order_that_binds_nothing_or_advises_what_cannot_be_is_refused(
    shipped: Project, changes: dict[str, Any], words: str
) -> None:
    given = dict(changes)
    if "action" in given:
        given["action"] = WithdrawalAction(given["action"])
    if "replaced_by" in given:
        given["replaced_by"] = Version.parse(given["replaced_by"])
    if "next_update" in given:
        given["next_update"] = shipped.now + given["next_update"]
    refused(shipped, InputError, words, **given)


def test_a_replacement_that_is_withdrawn_or_held_itself_is_refused(shipped: Project) -> None:
    withdrawn, held = shipped.copied(shipped.base.parent / "withdrawn"), shipped
    withdraw(withdrawn, "1.1.0")
    hold(held, "1.1.0")
    for project, words in ((withdrawn, "is withdrawn itself"), (held, "is on hold")):
        refused(project, InputError, words, version="1.0.0", action=WithdrawalAction.UPDATE, replaced_by=SPACE)


def test_without_a_key_of_brakes_nothing_is_written(shipped: Project) -> None:
    for key in shipped.keys.glob("brakes-*.pem"):
        key.unlink()
    refused(shipped, SigningError, "brakes needs 1 signature, and has 0")


def test_where_nothing_is_published_there_is_nothing_to_stop(project: Project) -> None:
    refused(project, StorageError, "there is nothing to stop")


def test_a_hold_that_loses_a_race_is_planned_anew_until_it_lands(shipped: Project) -> None:
    """Somebody else's change lands between plan and flip; both hold in the end."""
    storage = shipped.storage()
    order = ordered(shipped, "1.1.0")
    slow = plan_brake(order, shipped.catalog, shipped.look(), shipped.key_ring(), shipped.now)
    fast = hold(shipped, "1.0.0")
    with pytest.raises(StorageConflict):
        apply_brake(slow, storage)
    assert stopped(shipped).holds == (fast.brake,)
    assert hold(shipped, "1.1.0").brake in stopped(shipped).holds
    assert fast.brake in stopped(shipped).holds


def test_a_metadata_number_that_somebody_planted_is_passed_by(shipped: Project) -> None:
    live = shipped.look().live
    assert live is not None
    number = live.roles["brakes"].signed.version + 1
    (shipped.bucket / metadata_key("brakes", number)).write_bytes(b"{}")
    assert hold(shipped, "1.1.0").brake in stopped(shipped).holds


def test_nobody_is_advised_to_go_back_where_no_way_back_is_signed(shipped: Project) -> None:
    words = "no rollback metadata leads from 1.0.0 to an older version in node stable"
    refused(shipped, InputError, words, version="1.0.0", action=WithdrawalAction.GO_BACK)
    assert withdraw(shipped, "1.1.0", "go-back").brake in stopped(shipped).withdrawn


@pytest.mark.parametrize("planted", ["a file", "a folder"])
def test_whatever_lies_where_the_text_belongs_a_withdrawal_lands_and_an_audit_names_it(
    shipped: Project, planted: str
) -> None:
    path = shipped.bucket / "releases/node/1.1.0/WITHDRAWN.txt"
    if planted == "a folder":
        path.mkdir()
        (path / "inside").write_text("planted")
    else:
        path.write_text("Get 6.6.6 instead.")
    assert withdraw(shipped, "1.1.0").brake in stopped(shipped).withdrawn
    audit = verify_channel(StoreSource(shipped.storage()), shipped.root, shipped.now)
    assert not audit.sound
    assert any("releases/node/1.1.0/WITHDRAWN.txt" in finding.where for finding in audit.findings)
