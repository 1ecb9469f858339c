"""Support of old versions ends after its deprecation, and never while a freeze around an event holds (R86, R90)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from publisher.content.schemas import example
from publisher.model.catalog import Catalog
from publisher.model.content.deprecation import Deprecation
from publisher.model.content.event import Event
from publisher.rules.lint.dropped_support import DroppedSupport, dropped_support
from tests.support import build
from tests.support.build import at

NOW = at("2026-03-05")
OVER = build.event("2026-02-01", "2026-02-02")
"""A listing whose freezes are long over."""
NEAR = build.event("2026-03-10", "2026-03-11", id="near-listing")
"""A listing whose freeze holds."""
SHIPPED = {"3.9.0": "2025-06-01", "4.0.0": "2025-12-01", "4.1.0": "2026-02-20"}


def end(**fields: Any) -> Deprecation:
    """The end of support of all before 4.0.0: marked in 4.0.0, warned about in 4.1.0, due since February."""
    known = example("deprecation") | {
        "product": "daemon",
        "versions_below": "4.0.0",
        "announced": "2025-12-01T00:00:00Z",
        "marked_in": "4.0.0",
        "warned_in": "4.1.0",
        "earliest_removal": "2026-02-25T00:00:00Z",
    }
    known.pop("remove_in", None)
    return Deprecation.model_validate_json(json.dumps(known | fields))


def catalog(oldest: str | None, *deprecations: Deprecation, events: tuple[Event, ...] = (OVER,)) -> Catalog:
    releases = [build.release(version, shipped_at=f"{day}T00:00:00Z") for version, day in SHIPPED.items()]
    built = build.catalog(events, releases)
    built.products["daemon"] = build.product("daemon", min_supported=oldest)
    return replace(built, deprecations=deprecations)


def drops(old: str | None, new: str | None, *deprecations: Deprecation, **more: Any) -> tuple[DroppedSupport, ...]:
    return dropped_support(catalog(old, **more), catalog(new, *deprecations, **more), NOW)


def test_r86_it_may_rise_after_its_deprecation() -> None:
    assert drops("3.9.0", "4.0.0", end()) == ()
    assert drops(None, "4.0.0", end()) == ()
    assert drops(None, "4.0.0", end(versions_below="4.1.0")) == ()


@pytest.mark.parametrize(("old", "new"), [("4.0.0", "3.9.0"), ("4.0.0", None), ("4.0.0", "4.0.0"), (None, "3.9.0")])
def test_what_drops_nothing_needs_no_deprecation(old: str | None, new: str | None) -> None:
    assert drops(old, new) == ()


@pytest.mark.parametrize(
    ("deprecations", "fix"),
    [
        ((), 'announce it first: add a deprecation with `versions_below: "4.0.0"` in content/deprecations/'),
        (
            (end(versions_below="3.9.5"),),
            'announce it first: add a deprecation with `versions_below: "4.0.0"` in content/deprecations/',
        ),
        (
            (end(earliest_removal="2026-03-05T00:00:01Z"),),
            "wait until Thursday 5 March 2026, 00:00 UTC, the `earliest_removal` of example-deprecation",
        ),
        ((end(remove_in="4.2.0"),), "publish 4.2.0, the `remove_in` of example-deprecation, first"),
        (
            (end(warned_in=None),),
            "publish a release that warns of it first, and name it in `warned_in` of example-deprecation",
        ),
        (
            (end(warned_in="4.1.5"),),
            "publish a release that warns of it first, and name it in `warned_in` of example-deprecation",
        ),
    ],
    ids=["none", "of-fewer", "not-due", "removal-not-out", "without-warning", "warning-not-out"],
)
def test_r86_without_a_deprecation_that_is_due_it_is_refused(deprecations: tuple[Deprecation, ...], fix: str) -> None:
    named = tuple(one.model_copy(update={"id": "example-deprecation"}) for one in deprecations)
    (dropped,) = drops("3.9.0", "4.0.0", *named)
    assert dropped.what == "support of daemon would begin at 4.0.0, but no deprecation that is due names 3.9.0"
    assert dropped.fix == fix


def test_a_deprecation_of_another_product_or_of_something_else_does_not_count() -> None:
    assert drops("3.9.0", "4.0.0", end(product="dashboard"))
    assert drops("3.9.0", "4.0.0", end(versions_below=None))


def test_r86_while_a_freeze_around_an_event_holds_it_is_refused_even_after_its_deprecation() -> None:
    (dropped,) = drops("3.9.0", "4.0.0", end(), events=(OVER, NEAR))
    assert dropped.what.startswith("support of daemon would begin at 4.0.0 while the freeze around near-listing holds")
    assert dropped.fix.startswith("raise `min_supported` after ")
    assert dropped_support(catalog("3.9.0"), catalog("4.0.0", end()), NOW) == ()


def test_a_new_product_may_begin_anywhere() -> None:
    before = catalog(None)
    del before.products["daemon"]
    assert dropped_support(before, catalog("4.0.0"), NOW) == ()
