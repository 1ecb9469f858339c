"""What events require and what releases say of it agree, or the content is refused with its place (R55)."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.content.load import load_catalog
from tests.content.conftest import Check
from tests.support.build import at

REQUIRES = 'requires:\n  - {product: node, channel: stable, at_least: "1.10"}\n'


def lay(project: Path, *, event: str = REQUIRES, release: str = "", notes: str = "action: required") -> None:
    """An event that requires what the release is, unless told otherwise."""
    listing, node = project / "content/events/listing.yaml", project / "content/releases/node/1.10.yaml"
    listing.write_text(listing.read_text() + event)
    node.write_text(node.read_text().replace("action: optional", notes) + release)


def test_r55_the_deadline_is_filled_in_from_the_event(project: Path, problems: Check) -> None:
    lay(project, release="for_event: listing\n")
    assert problems() == ()
    (release,) = load_catalog([project / "content"], project / "site_config").releases
    assert release.notes.required_by == at("2026-03-10 10:00")


def test_r55_the_same_deadline_may_be_written_out(problems: Check, project: Path) -> None:
    lay(project, notes="action: required\n  required_by: 2026-03-10T10:00:00Z")
    assert problems() == ()


@pytest.mark.parametrize(
    ("notes", "release", "text", "fix"),
    [
        (
            "action: required\n  required_by: 2026-03-10T10:00:01Z",
            "",
            "event listing requires this version by 2026-03-10T10:00:00Z, as content/events/listing.yaml:12:5 says",
            "remove `required_by`: it follows from the event",
        ),
        (
            "action: optional",
            "",
            "event listing requires this version, but its notes say that the update is optional",
            "write `action: required`; `required_by` then follows from the event",
        ),
    ],
)
def test_r55_another_answer_than_the_events_is_an_error(
    project: Path, problems: Check, notes: str, release: str, text: str, fix: str
) -> None:
    lay(project, notes=notes, release=release)
    (problem,) = problems()
    assert (problem.what, problem.fix) == (text, fix)
    assert str(problem.place).startswith("content/releases/node/1.10.yaml:")


def test_what_has_shipped_keeps_what_its_notes_said(project: Path, problems: Check) -> None:
    lay(project, notes="action: optional", release="shipped_at: 2026-02-01T00:00:00Z\n")
    assert problems() == ()


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (REQUIRES + "status: cancelled\n", "event listing was cancelled, so no release is for it"),
        (REQUIRES.replace("1.10", "1.11"), "event listing requires 1.11 or later"),
        (REQUIRES.replace("stable", "beta"), "event listing requires no version of node in stable"),
    ],
)
def test_a_release_for_an_event_that_does_not_require_it_is_an_error(
    project: Path, problems: Check, event: str, text: str
) -> None:
    lay(project, event=event, release="for_event: listing\n")
    (problem,) = problems()
    assert problem.what == text
    assert str(problem.place).startswith("content/releases/node/1.10.yaml:14")


def test_a_type_of_event_may_require_versions_only_where_policy_says_so(project: Path, problems: Check) -> None:
    policy = project / "content/policy.yaml"
    policy.write_text(policy.read_text().replace("requirements: {events: [exchange-listing]}\n", ""))
    lay(project)
    (problem,) = problems()
    assert problem.what == "events of type exchange-listing may not require versions"
    assert problem.fix == "add exchange-listing to `requirements.events` in policy.yaml, or remove `requires`"


def test_an_audience_is_named_once(project: Path, problems: Check) -> None:
    lay(project, event=REQUIRES.replace("}", ", audiences: [hosts, exchanges, hosts]}"), notes="action: required")
    (problem,) = problems()
    assert problem.what == "audience hosts appears twice"


def test_types_of_a_runway_are_types_that_may_require_versions(project: Path, problems: Check) -> None:
    policy = project / "content/policy.yaml"
    runway = "requirements: {events: [exchange-listing], runways: [{because: nodes, length: 7 d, events: [listing]}]}"
    policy.write_text(policy.read_text().replace("requirements: {events: [exchange-listing]}", runway))
    (problem,) = problems()
    assert problem.what == "there is no event type that may require versions named listing"


def test_a_misspelt_type_that_may_require_versions_is_one_problem(project: Path, problems: Check) -> None:
    policy = project / "content/policy.yaml"
    runway = "runways: [{because: nodes, length: 7 d, events: [exchange-listing]}]"
    misspelt = f"requirements: {{events: [exchange-listin], {runway}}}"
    policy.write_text(policy.read_text().replace("requirements: {events: [exchange-listing]}", misspelt))
    lay(project, notes="action: required")
    (problem,) = problems()
    assert (problem.what, problem.fix) == ("there is no event type exchange-listin", "did you mean exchange-listing?")
