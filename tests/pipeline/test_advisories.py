"""Releases beside advisories: no way back to an unsafe version, and no fix that leaves the floor low (R81)."""

from __future__ import annotations

from datetime import UTC, datetime

import click
import pytest

from publisher.channel.candidates.rollback_metadata import NoRollback
from publisher.cli.operate.status import StatusReport
from publisher.errors import InputError, RefusedByPolicy
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.operate.status import read_status
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import RollbackPlan, plan_rollback
from publisher.pipeline.release.stage import apply_stage, plan_stage
from publisher.wire.version import Version
from tests.support.advising import advise, set_floor
from tests.support.project import Project, tree

WORDS = "No rollback metadata: 1.0.0 is unsafe (advisory leak). If this release fails, hold it and ship a fix."


def stage(project: Project, version: str) -> str | None:
    """Stage it; gives what staging says of the way back."""
    project.add_release(version)
    request = project.request(version)
    plan = plan_stage(request, project.catalog, project.look(), project.key_ring(), project.now)
    apply_stage(plan, project.storage())
    return plan.no_way_back


def take_back(project: Project) -> RollbackPlan:
    """What taking 1.1.0 back would write."""
    request = PromoteRequest("node", "stable", action=LedgerAction.ROLLBACK)
    version, keys = Version.parse("1.1.0"), project.key_ring()
    return plan_rollback(request, version, project.catalog, project.look(), keys, project.now, "Nodes lose files.")


def test_r81_there_is_no_way_back_to_a_version_that_an_advisory_names(project: Project) -> None:
    project.publish("1.0.0")
    advise(project, 'before: "1.1.0"')
    assert stage(project, "1.1.0") == WORDS
    assert project.review("1.1.0").rollback == NoRollback("1.0.0 is unsafe (advisory leak)")
    project.approve("1.1.0")
    assert [key for key in tree(project.bucket) if "/back/" in key] == []


@pytest.mark.parametrize("hidden", ["visibility: internal", "published: 2030-01-01T00:00:00Z"])
def test_what_the_public_may_not_know_yet_counts_too(project: Project, hidden: str) -> None:
    project.publish("1.0.0")
    advise(project, 'before: "1.1.0"', ident="quiet")
    file = project.content / "advisories/quiet.yaml"
    kept = [line for line in file.read_text().splitlines() if not line.startswith(hidden.partition(":")[0])]
    file.write_text("\n".join([*kept, hidden, ""]))
    project.forget()
    assert "advisory quiet" in (stage(project, "1.1.0") or "")
    assert project.review("1.1.0").takes_back_to is None


def test_a_version_that_no_advisory_names_stays_the_way_back(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("0.9.0")
    advise(project, 'before: "1.0.0"')
    assert stage(project, "1.1.0") is None
    assert project.review("1.1.0").takes_back_to == "1.0.0"


def test_the_first_release_has_nothing_to_go_back_to_and_nothing_is_said_of_it(project: Project) -> None:
    advise(project, 'before: "1.1.0"')
    assert stage(project, "1.0.0") is None


def test_an_advisory_that_comes_between_staging_and_shipping_takes_the_way_back_away(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    plan = project.plan(project.request("1.1.0"))
    assert any(planned.key.startswith("back/") for planned in plan.objects)
    advise(project, 'before: "1.1.0"')
    plan = project.plan(project.request("1.1.0"))
    assert not any(planned.key.startswith("back/") for planned in plan.objects)


def test_a_release_without_a_way_back_is_not_taken_back(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    advise(project, 'before: "1.1.0"')
    project.publish("1.1.0")
    before = tree(project.bucket)
    with pytest.raises(InputError, match="rollback metadata"):
        take_back(project)
    assert tree(project.bucket) == before


def test_r81_nobody_is_taken_back_to_what_a_later_advisory_names(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    advise(project, 'before: "1.1.0"')
    with pytest.raises(RefusedByPolicy) as refused:
        take_back(project)
    assert refused.value.what == "taking node@1.1.0 back would hand out 1.0.0, which is unsafe (advisory leak)"
    assert refused.value.fix.startswith("run `publish hold node@1.1.0 --channel stable`")


def test_an_advisory_that_names_both_versions_stops_no_way_back(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    advise(project, 'before: "1.2.0"')
    assert take_back(project).back_to == "1.0.0"


def test_a_fix_is_not_staged_while_the_floor_lets_affected_versions_pass(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    advise(project, 'before: "1.1.0"', fixed_in="1.1.0")
    before = tree(project.bucket)
    with pytest.raises(InputError) as refused:
        stage(project, "1.1.0")
    assert refused.value.what == "node@1.1.0 fixes leak, but `min_secure` of node is not set"
    assert refused.value.fix.startswith('set `min_secure: "1.1.0"` in products.yaml, or say in')
    assert tree(project.bucket) == before
    set_floor(project, "1.1.0")
    stage(project, "1.1.0")
    assert project.staged().candidate.release == "1.1.0"


def test_a_floor_that_stays_for_a_reason_does_not_stop_the_fix(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    advise(project, 'before: "1.1.0"', "keeps_min_secure_because: It needs the same computer.", fixed_in="1.1.0")
    stage(project, "1.1.0")
    assert project.staged().candidate.release == "1.1.0"


def test_a_release_that_fixes_nothing_is_not_asked_for_a_floor(project: Project) -> None:
    project.publish("1.0.0")
    project.add_release("1.1.0")
    advise(project, 'before: "1.1.0"', fixed_in="1.1.0")
    stage(project, "1.2.0")
    assert project.staged().candidate.release == "1.2.0"


def test_r86_status_rings_when_promised_details_are_missing(project: Project) -> None:
    project.publish("1.0.0")
    promise = "security_details_after: 2026-11-10T09:00:00Z"
    advise(project, 'before: "1.1.0"', promise)
    status = read_status(project.look(), project.catalog, project.now)
    report = StatusReport(status, "file:bucket", project.now)
    text = " ".join(click.unstyle(line) for line in report.lines(80))
    assert "Advisory leak: its details were promised for Tuesday 10 November 2026, 09:00 UTC and are missing." in text
    assert "Next: add `details` or `details_url`" in text
    assert report.data()["details_missing"] == [
        {"id": "leak", "product": "node", "security_details_after": datetime(2026, 11, 10, 9, tzinfo=UTC)}
    ]
    assert report.exit_code == 0

    advise(project, 'before: "1.1.0"', promise, "details: The check was skipped.")
    status = read_status(project.look(), project.catalog, project.now)
    assert status.broken_promises == ()
    assert "Advisory" not in " ".join(StatusReport(status, "file:bucket", project.now).lines(80))


def test_status_rings_before_anything_is_published(project: Project) -> None:
    project.add_release("1.0.0")
    advise(project, 'before: "1.1.0"', "security_details_after: 2026-11-10T09:00:00Z")
    status = read_status(project.look(), project.catalog, project.now)
    assert [advisory.id for advisory in status.broken_promises] == ["leak"]
