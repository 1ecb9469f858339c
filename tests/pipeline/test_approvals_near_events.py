"""What a release near an event needs beyond its signatures: facts, people who knew of it, and overrides with names."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from publisher.errors import RefusedByPolicy, SigningError
from publisher.model.config.role import Duty, RolePolicy
from publisher.model.records.attested_fact import Fact
from publisher.pipeline.release.stage import Supersede
from publisher.rules.engine.required_approvals import mark
from publisher.rules.lint.lints import lints
from tests.support.approving import CALENDAR, ESSENTIAL, STAFFING, edit, near_an_event, promote, refused, stage
from tests.support.project import PROOFS, Project


def test_r39_operations_attest_each_fact_near_an_event(project: Project) -> None:
    stage(project, "1.0.0")
    near_an_event(project)
    stage(project, "1.0.0", Supersede.ANY)
    with pytest.raises(SigningError, match="nothing proves support-staffing, alert-routing and rollback-artifacts"):
        project.approve("1.0.0", "channels-ben", facts={})
    with pytest.raises(SigningError, match="nothing proves alert-routing"):
        project.approve("1.0.0", "channels-ben", facts={**PROOFS, Fact.ALERT_ROUTING: " "})
    project.approve("1.0.0", "channels-ana", facts={})
    project.approve("1.0.0", "channels-ben")
    promote(project)


def test_r39_release_in_one_go_attests_nothing_and_is_refused_near_an_event(project: Project) -> None:
    project.add_release("1.0.0")
    near_an_event(project)
    with pytest.raises(SigningError, match=r'operations to attest(.|\n)*near "Storage Summit"'):
        project.publish("1.0.0")
    assert not (project.bucket / "tuf/metadata/timestamp.json").exists()


def test_r38_an_approval_given_before_an_event_came_near_does_not_count(project: Project) -> None:
    project.add_release("1.0.0")
    near_an_event(project)
    project.now -= timedelta(days=4)
    stage(project, "1.0.0")
    project.approve("1.0.0")
    project.now += timedelta(days=4)
    refused(project, SigningError, 'given before "Storage Summit" came near')
    project.approve("1.0.0")
    promote(project)


def test_r38_an_event_that_moves_voids_the_approvals_that_knew_its_old_dates(project: Project) -> None:
    project.add_release("1.0.0")
    near_an_event(project)
    stage(project, "1.0.0")
    project.approve("1.0.0")
    edit(project.content / "events/summit.yaml", "ends: 2026-11-24", "ends: 2026-11-25")
    project.forget()
    refused(project, SigningError, "or before its dates or severity changed")


def test_r38_a_sole_author_cannot_approve_near_an_event(project: Project) -> None:
    project.add_release("1.0.0")
    near_an_event(project)
    edit(project.content / "releases/node/1.0.0.yaml", "sentence:", "authors: [ana]\nsentence:")
    project.forget()
    stage(project, "1.0.0")
    project.approve("1.0.0")
    refused(project, SigningError, "only author of the release")


def test_r27_an_override_counts_with_the_signatures_of_those_whom_it_names(project: Project) -> None:
    project.add_release("1.0.0", change_class="security")
    project.add_listing("2026-11-25T12:00:00Z", "2026-11-25T14:00:00Z")
    edit(project.content / "events/listing.yaml", "severity: {score: 3", "severity: {score: 2")
    edit(project.content / "releases/node/1.0.0.yaml", "sentence:", ESSENTIAL + "sentence:")
    project.forget()
    directory = project.build("1.0.0")
    with pytest.raises(RefusedByPolicy, match=r"freeze\.hard"):
        stage(project, "1.0.0")
    files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(directory.iterdir())]
    (project.content / "overrides").mkdir()
    (project.content / "overrides/rush.yaml").write_text(OVERRIDE.format(files=", ".join(files)))
    (project.content / "calendar.yaml").write_text(CALENDAR)
    (project.config / "staffing.yaml").write_text(STAFFING)
    project.forget()
    stage(project, "1.0.0")
    project.approve("1.0.0")
    refused(project, SigningError, "the approval of Eva as executive, required by the override rush")
    project.approve("1.0.0", "channels-eva")
    promote(project)


def test_r27_an_override_that_is_written_after_the_signatures_has_to_be_signed_again(project: Project) -> None:
    project.add_release("1.0.0", change_class="security")
    edit(project.content / "releases/node/1.0.0.yaml", "sentence:", ESSENTIAL + "sentence:")
    (project.content / "calendar.yaml").write_text(CALENDAR)
    (project.config / "staffing.yaml").write_text(STAFFING)
    project.forget()
    directory = project.build("1.0.0")
    stage(project, "1.0.0")
    project.add_listing("2026-11-25T12:00:00Z", "2026-11-25T14:00:00Z")
    edit(project.content / "events/listing.yaml", "severity: {score: 3", "severity: {score: 2")
    project.forget()
    everybody = ("channels-ana", "channels-ben", "channels-eva")
    project.approve("1.0.0", *everybody)
    refused(project, RefusedByPolicy, r"freeze\.hard")
    files = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(directory.iterdir())]
    (project.content / "overrides").mkdir()
    (project.content / "overrides/rush.yaml").write_text(OVERRIDE.format(files=", ".join(files)))
    project.forget()
    refused(project, SigningError, "the approval of Ana as engineering, required by the override rush")
    project.now += timedelta(minutes=5)
    project.approve("1.0.0", *everybody)
    promote(project)


def test_r27_an_approval_near_an_event_that_is_gone_counts_no_longer(project: Project) -> None:
    project.add_release("1.0.0")
    near_an_event(project)
    stage(project, "1.0.0")
    project.approve("1.0.0")
    (project.content / "events/summit.yaml").unlink()
    project.forget()
    refused(project, SigningError, "given near an event that the content no longer has")


def test_r38_a_sole_author_is_one_however_often_they_are_named(project: Project) -> None:
    project.add_release("1.0.0")
    near_an_event(project)
    edit(project.content / "releases/node/1.0.0.yaml", "sentence:", "authors: [ana, ana]\nsentence:")
    project.forget()
    stage(project, "1.0.0")
    project.approve("1.0.0")
    refused(project, SigningError, "only author of the release")


@pytest.mark.parametrize(("name", "advice"), [("Eva", False), ("EVA", False), ("Eva Lund", True), ("Coco", True)])
def test_r27_a_name_in_an_override_that_nobodys_key_has_is_told_before_it_holds_the_release_up(
    project: Project, name: str, advice: bool
) -> None:
    project.add_release("1.0.0", change_class="security")
    (project.content / "overrides").mkdir()
    text = OVERRIDE.format(files="a" * 64).replace("person: Eva", f"person: {name}")
    (project.content / "overrides/rush.yaml").write_text(text)
    project.forget()
    told = [one for one in lints(project.catalog, project.now) if "has to sign as" in one.what]
    assert bool(told) == advice
    assert all(one.about == "rush" and one.fix for one in told)
    assert not [one for one in lints(project.catalog, project.now + timedelta(days=2)) if "has to sign as" in one.what]


OVERRIDE = """\
id: rush
product: node
version: "1.0.0"
channel: stable
rules: [freeze.hard, freeze.soft, risk.scenario, risk.named, environment.coverage]
artifacts: [{files}]
reason: The hole is exploited.
approvers:
  - {{person: Ana, duty: engineering}}
  - {{person: Ben, duty: operations}}
  - {{person: Eva, duty: executive}}
rollback_review: {{by: Ben, at: 2026-11-20T10:00:00Z, bundle: "{zeros}"}}
approved_at: 2026-11-20T11:00:00Z
expires: 2026-11-21T11:00:00Z
""".replace("{zeros}", "0" * 64)


def test_a_mark_of_an_event_fits_one_candidate_only(project: Project) -> None:
    project.add_listing("2026-11-25T12:00:00Z", "2026-11-25T14:00:00Z")
    event = project.catalog.event("listing")
    assert event is not None
    assert mark(event, "a" * 64) != mark(event, "b" * 64)


def test_duties_of_the_role_and_of_the_policy_are_each_asked_for(project: Project) -> None:
    roles = project.with_roles(
        channels=RolePolicy(threshold=2, expires=timedelta(days=365), duties=(Duty.ENGINEERING, Duty.EXECUTIVE))
    )
    project.override(roles)
    project.add_release("1.0.0")
    near_an_event(project)
    project.override(
        project.with_roles(
            channels=RolePolicy(threshold=2, expires=timedelta(days=365), duties=(Duty.ENGINEERING, Duty.EXECUTIVE))
        )
    )
    stage(project, "1.0.0")
    project.approve("1.0.0", "channels-ana", "channels-eva")
    refused(project, SigningError, r"duty operations \(ben\)")
