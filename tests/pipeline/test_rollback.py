"""Taking a release back by the way that was signed with it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from publisher.channel.candidates.rollback_metadata import NoRollback
from publisher.errors import InputError, RefusedByPolicy, TidegateError, UsageError, VerificationError
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.verify import StoreSource, verify_channel
from publisher.pipeline.release.announce import plan_announce
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import RollbackPlan, apply_rollback, plan_rollback
from publisher.pipeline.release.stage import apply_stage
from publisher.wire.version import Version
from tests.support.approving import promote, stage
from tests.support.asking import offered
from tests.support.braking import withdraw
from tests.support.project import Project, tree
from tests.support.requiring import require, stage_announcement
from tests.support.rotating import replace_key


def planned(project: Project, version: str, because: str | None = "It stops.") -> RollbackPlan:
    request = PromoteRequest("node", "stable", action=LedgerAction.ROLLBACK)
    taken_back, keys = Version.parse(version), project.key_ring()
    return plan_rollback(request, taken_back, project.catalog, project.look(), keys, project.now, because)


def take_back(project: Project, version: str) -> str:
    plan = planned(project, version)
    apply_rollback(plan, project.storage(), lambda: project.now)
    return plan.back_to


def refused(project: Project, version: str, error: type[TidegateError], words: str) -> None:
    before = tree(project.bucket)
    with pytest.raises(error, match=words):
        take_back(project, version)
    assert tree(project.bucket) == before


def test_r80_a_release_is_taken_back_with_the_online_keys_alone(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    assert offered(project, "old client") == "1.1.0"
    for name in ("channels-ana", "channels-ben", "channels-eva"):
        (project.keys / f"{name}.pem").unlink()
    assert take_back(project, "1.1.0") == "1.0.0"
    assert offered(project, "old client") == "1.0.0"
    assert offered(project, "new client") == "1.0.0"
    assert verify_channel(StoreSource(project.storage()), project.root, project.now).sound


def test_r17_taking_back_is_in_the_ledger(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    take_back(project, "1.1.0")
    ledger, check = verify_ledger(project.storage(), project.root, project.catalog.signers)
    assert check.sound
    last = ledger.logged[-1].entry
    assert last is not None
    assert (last.action, str(last.version), last.refused) == (LedgerAction.ROLLBACK, "1.1.0", False)


def test_no_freeze_holds_a_rollback_up(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    project.add_listing("2026-11-21T12:00:00Z", "2026-11-21T14:00:00Z")
    assert take_back(project, "1.1.0") == "1.0.0"


def test_a_change_of_signers_that_waits_to_be_signed_is_not_in_the_way(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    replace_key(project, "channels-ben", lost=True)
    for name in ("targets-ana", "targets-ben"):
        (project.keys / f"{name}.pem").unlink()
    assert take_back(project, "1.1.0") == "1.0.0"
    assert offered(project, "client") == "1.0.0"


def test_after_a_rollback_a_fixed_version_ships_as_ever(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    take_back(project, "1.1.0")
    project.publish("1.1.1")
    assert offered(project, "client") == "1.1.1"
    assert take_back(project, "1.1.1") == "1.0.0"


def test_only_what_is_live_is_taken_back(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    refused(project, "1.0.0", InputError, r"1\.1\.0 is live")
    take_back(project, "1.1.0")
    refused(project, "1.1.0", InputError, r"1\.0\.0 is live")


def test_a_first_release_has_no_way_back(project: Project) -> None:
    project.publish("1.0.0")
    refused(project, "1.0.0", InputError, "node@1.0.0 has no signed rollback metadata")


def test_a_way_back_below_the_security_floor_is_refused(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    products = project.config / "products.yaml"
    products.write_text(products.read_text() + '    min_secure: "1.1.0"\n')
    project.add_release("1.2.0")
    refused(project, "1.1.0", RefusedByPolicy, r"1\.0\.0, which is below the security floor 1\.1\.0")


def test_r81_no_way_back_below_the_security_floor_is_signed(project: Project) -> None:
    project.publish("1.0.0")
    products = project.config / "products.yaml"
    products.write_text(products.read_text() + '    min_secure: "1.0.1"\n')
    stage(project, "1.1.0")
    assert project.review("1.1.0").rollback == NoRollback("1.0.0 is below the security floor 1.0.1")
    project.approve("1.1.0")
    promote(project)
    assert not (project.bucket / "back").exists()
    refused(project, "1.1.0", InputError, "has no signed rollback metadata")


def test_an_announcement_signs_none_either_once_the_floor_has_risen(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    products = project.config / "products.yaml"
    products.write_text(products.read_text() + '    min_secure: "1.1.0"\n')
    require(project, "2.2.0")
    stage_announcement(project)
    assert project.review("1.1.0").rollback == NoRollback("1.0.0 is below the security floor 1.1.0")


@pytest.mark.parametrize("platforms", [(), ("windows-amd64",)])
def test_r81_a_way_back_into_a_withdrawn_version_is_refused(project: Project, platforms: tuple[str, ...]) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    withdraw(project, "1.0.0", platforms=platforms)
    refused(project, "1.1.0", RefusedByPolicy, r"would hand out 1\.0\.0, which is withdrawn on")


def test_a_way_back_whose_withdrawal_was_lifted_is_open_again(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    brake = withdraw(project, "1.0.0").brake
    bucket, ring = project.look(), project.key_ring()
    plan = plan_announce("node", "stable", project.catalog, bucket, ring, project.now, lifts=(brake.id,))
    apply_stage(plan, project.storage())
    project.approve("1.1.0")
    promote(project)
    assert take_back(project, "1.1.0") == "1.0.0"


def test_a_way_back_that_somebody_changed_is_refused(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    [kept] = (project.bucket / "back/node.stable").iterdir()
    data = json.loads(kept.read_bytes())
    data["signed"]["targets"] = {}
    kept.chmod(0o600)
    kept.write_text(json.dumps(data))
    refused(project, "1.1.0", VerificationError, "has lost signatures")


def test_the_way_back_of_another_release_does_not_fit(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    [first] = (project.bucket / "back/node.stable").iterdir()
    project.publish("1.2.0")
    [second] = set((project.bucket / "back/node.stable").iterdir()) - {first}
    second.chmod(0o600)
    second.write_bytes(first.read_bytes())
    refused(project, "1.2.0", VerificationError, "rollback metadata was not made for what is live")


def test_ways_back_are_private(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    [kept] = (project.bucket / "back/node.stable").iterdir()
    assert kept.stat().st_mode & 0o007 == 0


def test_a_withdrawal_that_is_there_keeps_its_advice_unless_another_reason_is_given(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    project.now += timedelta(hours=1)
    brake = withdraw(project, "1.1.0", "keep-running").brake
    silent = planned(project, "1.1.0", None)
    assert (silent.brake, silent.advises_back) == (brake, False)
    anew = planned(project, "1.1.0", "It stops.")
    assert anew.brake != brake
    assert anew.advises_back


def test_without_a_withdrawal_nobody_is_sent_back_without_a_reason(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    with pytest.raises(UsageError, match="nobody goes back without a reason"):
        planned(project, "1.1.0", None)
