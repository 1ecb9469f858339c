"""Nobody exempts a feature from a freeze by editing the event that causes it (R25, R28)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from publisher.content.schemas import example
from publisher.model.catalog import Catalog
from publisher.model.content.risk_register import Override
from publisher.rules.lint.loosened import loosened
from publisher.rules.lint.raised_requirements import Raised, raised
from tests.support import build
from tests.support.build import at

LINE = {"product": "daemon", "channel": "stable", "at_least": "5.0.0"}
EMPTY: Mapping[str, Any] = {}
FROZEN, BEFORE = at("2026-03-29"), at("2026-02-01")


def catalog(*required: dict[str, Any], event: Mapping[str, Any] = EMPTY, **fields: Any) -> Catalog:
    upgrade = build.event(
        "2026-03-31 12:00", "2026-03-31 18:00", id="upgrade", type="mainnet-upgrade", requires=required, **event
    )
    return build.catalog([upgrade], **fields)


def override(**fields: Any) -> Override:
    known = {"product": "daemon", "version": "5.0.0", "channel": "stable", "rules": ["freeze.hard"]}
    counts = {"approved_at": "2026-03-28T00:00:00Z", "expires": "2026-03-30T00:00:00Z"}
    return Override.model_validate_json(json.dumps(example("override") | known | counts | fields))


def lines(found: tuple[Raised, ...]) -> list[str]:
    return [str(requirement) for requirement in found]


def test_r28_a_requirement_that_is_added_or_raised_in_the_running_freeze_is_found() -> None:
    assert lines(raised(catalog(), catalog(LINE), FROZEN)) == [
        "upgrade now requires daemon stable 5.0.0 where it required nothing, and its freeze has begun"
    ]
    assert lines(raised(catalog(LINE), catalog(LINE | {"at_least": "5.1.0"}), FROZEN)) == [
        "upgrade now requires daemon stable 5.1.0 instead of 5.0.0, and its freeze has begun"
    ]
    assert raised(catalog(LINE | {"audiences": ["hosts"]}), catalog(LINE | {"audiences": ["exchanges"]}), FROZEN)


def test_what_is_removed_or_changed_before_the_freeze_is_fine() -> None:
    assert not raised(catalog(), catalog(LINE), BEFORE)
    assert not raised(catalog(LINE), catalog(LINE | {"at_least": "4.9.0"}), BEFORE)
    assert not raised(catalog(LINE), catalog(), FROZEN)
    assert not raised(catalog(LINE), catalog(LINE | {"audiences": ["hosts"]}), FROZEN)


def test_r28_a_lower_version_would_let_another_release_through() -> None:
    assert lines(raised(catalog(LINE), catalog(LINE | {"at_least": "4.9.0"}), FROZEN)) == [
        "upgrade now requires daemon stable 4.9.0 instead of 5.0.0, and its freeze has begun"
    ]


def test_r28_a_requirement_whose_moment_has_passed_is_not_to_come_once_more() -> None:
    passed = LINE | {"by": "2026-03-28T00:00:00Z"}
    (line,) = lines(raised(catalog(passed), catalog(LINE), FROZEN))
    assert "5.0.0 at a later moment than before, which had passed, and its freeze has begun" in line
    assert not raised(catalog(passed), catalog(passed), FROZEN)
    assert not raised(catalog(LINE | {"by": "2026-03-30T00:00:00Z"}), catalog(LINE), FROZEN)
    out = build.release("5.0.0", shipped_at="2026-03-01T00:00:00Z")
    assert not raised(catalog(passed, releases=[out]), catalog(LINE, releases=[out]), FROZEN)


def test_r28_a_cancelled_event_whose_freeze_still_runs_does_not_require_again() -> None:
    cancelled = {"revisions": [{"until": "2026-03-28T00:00:00Z", "because": "A test.", "status": "planned"}]}
    off, on = catalog(LINE, event=cancelled | {"status": "cancelled"}), catalog(LINE, event=cancelled)
    assert lines(raised(off, on, FROZEN)) == [
        "upgrade now requires daemon stable 5.0.0 where it required nothing, and its freeze has begun"
    ]


@pytest.mark.parametrize("end", ["2026-03-31 18:00", "2026-04-02 18:00"])
def test_r25_a_freeze_is_not_replaced_by_that_of_an_event_which_lets_its_version_through(end: str) -> None:
    """Neither under another id, nor by an event that moves nearer."""
    renamed = build.event("2026-03-31 12:00", end, id="renamed", type="mainnet-upgrade", requires=[LINE])
    replaced = build.catalog([renamed])
    later = build.event("2026-06-01 12:00", "2026-06-01 18:00", id="renamed", type="mainnet-upgrade", requires=[LINE])
    for before in (catalog(), catalog(LINE), build.catalog([*catalog().events, later])):
        ending = loosened(before, replaced, FROZEN)
        assert {(freeze.product, freeze.cause, freeze.required_by) for freeze in ending} == {
            ("daemon", "upgrade", "renamed")
        }
        assert "would end for what renamed requires on Sunday 29 March 2026" in str(ending[0])
    beside = build.catalog([*catalog().events, renamed])
    assert not loosened(catalog(), beside, FROZEN)


def test_a_new_event_exempts_from_nothing_that_ran_before_it() -> None:
    assert not raised(build.catalog(), catalog(LINE), FROZEN)


def test_r27_an_override_that_names_the_version_answers_for_it() -> None:
    assert not raised(catalog(), catalog(LINE, overrides=(override(),)), FROZEN)
    for other in (
        {"version": "5.0.1"},
        {"channel": "beta"},
        {"rules": ["urgency.runway"]},
        {"expires": "2026-03-28T23:59:59Z"},
        {"rules": ["freeze.soft"]},
        {"expires": "2026-05-30T00:00:00Z"},
        {"approvers": [{"person": "Ana", "duty": "engineering"}]},
        {"rollback_review": None},
    ):
        assert raised(catalog(), catalog(LINE, overrides=(override(**other),)), FROZEN)
