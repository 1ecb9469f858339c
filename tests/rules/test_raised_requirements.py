"""Nobody exempts a feature from a freeze by editing the event that causes it (R25, R28)."""

from __future__ import annotations

import json
from typing import Any

from publisher.content.schemas import example
from publisher.model.catalog import Catalog
from publisher.model.content.risk_register import Override
from publisher.rules.lint.raised_requirements import Raised, raised
from tests.support import build
from tests.support.build import at

LINE = {"product": "daemon", "channel": "stable", "at_least": "5.0.0"}
FROZEN, BEFORE = at("2026-03-29"), at("2026-02-01")


def catalog(*required: dict[str, Any], **fields: Any) -> Catalog:
    upgrade = build.event(
        "2026-03-31 12:00", "2026-03-31 18:00", id="upgrade", type="mainnet-upgrade", requires=required
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


def test_what_is_lowered_removed_or_changed_before_the_freeze_is_fine() -> None:
    assert not raised(catalog(), catalog(LINE), BEFORE)
    assert not raised(catalog(LINE), catalog(LINE | {"at_least": "4.9.0"}), FROZEN)
    assert not raised(catalog(LINE), catalog(), FROZEN)
    assert not raised(catalog(LINE), catalog(LINE | {"audiences": ["hosts"]}), FROZEN)


def test_a_new_event_exempts_from_nothing_that_ran_before_it() -> None:
    assert not raised(build.catalog(), catalog(LINE), FROZEN)


def test_r27_an_override_that_names_the_version_answers_for_it() -> None:
    assert not raised(catalog(), catalog(LINE, overrides=(override(),)), FROZEN)
    for other in (
        {"version": "5.0.1"},
        {"channel": "beta"},
        {"rules": ["urgency.runway"]},
        {"expires": "2026-03-28T23:59:59Z"},
    ):
        assert raised(catalog(), catalog(LINE, overrides=(override(**other),)), FROZEN)
