"""go-btfs 1.5.0 and the network upgrade that required it in January 2021, as docs/required-versions.md tells it.

The dates are facts of public projects: tag and announcement as they were published. Where the collected history is at
hand, they are compared with it.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from publisher.model.records.decision import Decision, Outcome
from publisher.rules.calendar.advice import plan
from publisher.rules.evaluate import evaluate
from publisher.rules.requirements.required import requirements_of
from tests.support import build
from tests.support.build import at
from tests.support.history import DATA, ROOT

DOCUMENT = ROOT / "docs/required-versions.md"
ANNOUNCED, TAGGED, UPGRADE = at("2021-01-08"), at("2021-01-11 02:39:34"), at("2021-01-11")
EVENT = build.event(
    "2021-01-11",
    "2021-01-12",
    id="btfs-150",
    title="BTFS network upgrade to 1.5.0",
    type="mainnet-upgrade",
    severity=build.severity(4),
    announced="2021-01-08T00:00:00Z",
    requires=[{"product": "daemon", "channel": "stable", "at_least": "1.5.0", "audiences": ["hosts"]}],
)
RELEASE = build.release(
    "1.5.0",
    "protocol",
    for_event="btfs-150",
    planned_for="2021-01-11T02:39:34Z",
    notes={"action": "required", "restart": "service", "symptoms": [], "first_24h": ["Wait."]},
)
CATALOG = build.catalog([EVENT], [RELEASE])


def asked(moment: str) -> Decision:
    return evaluate(CATALOG, CATALOG.releases[0], "stable", at(moment))


def stopping(moment: str) -> dict[str, Outcome]:
    urgent = ("freeze.hard", "freeze.soft", "urgency.runway")
    verdicts = [verdict for verdict in asked(moment).verdicts if verdict.rule in urgent]
    return {verdict.rule: verdict.outcome for verdict in verdicts if verdict.outcome.stops}


def test_it_came_out_without_a_runway() -> None:
    (requirement,) = requirements_of(CATALOG, "daemon", "stable")
    policy, product = CATALOG.policy, CATALOG.products["daemon"]
    assert requirement.runway(policy, product).length == timedelta(days=21)
    assert requirement.last_safe_ship(policy, product) == at("2020-12-21")
    assert TAGGED > UPGRADE  # within the day of the upgrade, whose hour nobody wrote down
    assert EVENT.starts - ANNOUNCED == timedelta(days=3)


def test_the_document_tells_these_numbers() -> None:
    text = " ".join(DOCUMENT.read_text(encoding="utf-8").split())
    assert "was tagged on 11 January 2021 at 02:39 UTC" in text
    for name, value in (
        ("runway that the sample policy asks for", "21 days"),
        ("notice", "3 days"),
        ("runway that node operators got", "0 days"),
        ("last safe date", "21 December 2020"),
    ):
        assert f"| {name} | {value} |" in text


def test_r28_what_the_rules_would_have_said() -> None:
    assert stopping("2020-12-20") == {}
    # Three weeks before: from now on people answer for the short notice, and nothing makes it wait.
    assert stopping("2020-12-21") == {"urgency.runway": Outcome.NEEDS_APPROVAL}
    assert stopping("2021-01-08") == {"urgency.runway": Outcome.NEEDS_APPROVAL}
    advice = plan(CATALOG, CATALOG.releases[0], "stable", ANNOUNCED)
    assert advice.options[0].what == (
        "Ship between now and Monday 11 January 2021, 00:00 UTC, the earlier the better, by an override of"
        " urgency.runway."
    )


def test_without_a_requirement_the_same_rules_would_have_moved_it_behind_the_upgrade() -> None:
    harmful = build.release("1.5.0", "protocol", planned_for="2021-01-11T02:39:34Z")
    silent = build.catalog([EVENT.model_copy(update={"requires": ()})], [harmful])
    advice = plan(silent, harmful, "stable", ANNOUNCED)
    assert advice.options[0].span is not None
    assert advice.options[0].span.start > UPGRADE


@pytest.mark.skipif(not DATA.exists(), reason="the collected history is not part of the repository")
def test_the_dates_are_those_of_the_collected_history() -> None:
    releases = json.loads((DATA / "releases.json").read_text())
    (release,) = [row for row in releases["releases"] if (row["project"], row["version"]) == ("go-btfs", "1.5.0")]
    assert release["tag_time_utc"] == "2021-01-11T02:39:34Z"
    events = json.loads((DATA / "events.json").read_text())
    (event,) = [row for row in events["events"] if row["id"] == "btfs-150"]
    assert (event["start"], event["announced"]) == ("2021-01-11", "2021-01-08")
