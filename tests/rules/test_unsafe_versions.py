"""Advisories in rules: which versions are unsafe, what a floor owes them, promises that were not kept (R81, R86)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.content.advisory import Advisory
from publisher.rules.lint.lints import lints
from publisher.rules.unsafe_versions import broken_promises, lagging_floor, no_way_back
from publisher.wire.version import Version
from tests.support import build
from tests.support.build import at

NOW = at("2026-03-01")


def advisory(ident: str = "leak", **values: Any) -> Advisory:
    """Of the daemon, before 1.2, which fixes it; details are promised for a day in February."""
    fields = {
        "id": ident,
        "product": "daemon",
        "title": "The password is not checked",
        "severity": "high",
        "affected": [{"before": "1.2"}],
        "fixed_in": ["1.2"],
        "summary": "Anybody can stop the node.",
        "what_to_do": "Update to 1.2.",
        "published": "2026-01-01T00:00:00Z",
        "security_details_after": "2026-02-20T12:00:00Z",
    }
    whole = {name: value for name, value in {**fields, **values}.items() if value is not None}
    return Advisory.model_validate_json(json.dumps(whole))


def catalog(*advisories: Advisory, floor: str | None = None) -> Catalog:
    given = build.catalog()
    daemon = given.products["daemon"].model_copy(update={"min_secure": Version.parse(floor) if floor else None})
    return replace(given, advisories=advisories, products={**given.products, "daemon": daemon})


@pytest.mark.parametrize(
    ("limits", "unsafe"),
    [
        ({"before": "1.2"}, ["1.0", "1.1", "1.2-rc.1"]),
        ({"from": "1.1"}, ["1.1", "1.2-rc.1", "1.2", "1.3"]),
        ({"from": "1.1", "before": "1.3"}, ["1.1", "1.2-rc.1", "1.2"]),
    ],
)
def test_a_range_begins_with_its_first_version_and_ends_before_its_last(
    limits: dict[str, str], unsafe: list[str]
) -> None:
    leak = advisory(affected=[limits], fixed_in=None, none_yet_because="It is being tested.")
    versions = ["1.0", "1.1", "1.2-rc.1", "1.2", "1.3"]
    assert [version for version in versions if leak.affects(Version.parse(version))] == unsafe


@pytest.mark.parametrize(
    ("floor", "values", "lags"),
    [
        (None, {}, True),
        ("1.1", {}, True),
        ("1.2-rc.1", {}, True),
        ("1.2", {}, False),
        ("2.0", {}, False),
        ("1.1", {"keeps_min_secure_because": "Few are affected."}, False),
        (None, {"fixed_in": None, "none_yet_because": "It is being tested."}, False),
        ("1.2", {"affected": [{"before": "1.2"}, {"from": "2.0", "before": "2.1"}], "fixed_in": ["1.2", "2.1"]}, True),
        ("2.1", {"affected": [{"from": "2.0", "before": "2.1"}, {"before": "1.2"}], "fixed_in": ["1.2"]}, False),
    ],
)
def test_a_floor_lies_above_all_that_is_affected(floor: str | None, values: dict[str, Any], lags: bool) -> None:
    leak = advisory(**values)
    assert (lagging_floor(leak, catalog(leak, floor=floor).products["daemon"]) is not None) is lags


def test_r81_the_way_back_names_every_advisory_against_it() -> None:
    given = catalog(advisory(), advisory("second", affected=[{"from": "1.1", "before": "1.2"}]))
    assert no_way_back(given, "daemon", Version.parse("1.0")) == (
        "No rollback metadata: 1.0 is unsafe (advisory leak). If this release fails, hold it and ship a fix."
    )
    assert "(advisories leak and second)" in (no_way_back(given, "daemon", Version.parse("1.1")) or "")
    assert no_way_back(given, "daemon", Version.parse("1.2")) is None
    assert no_way_back(given, "desktop", Version.parse("1.0")) is None


@pytest.mark.parametrize(
    ("values", "broken"),
    [
        ({}, True),
        ({"security_details_after": "2026-03-01T00:00:00Z"}, True),
        ({"security_details_after": "2026-03-01T00:00:01Z"}, False),
        ({"security_details_after": None}, False),
        ({"details": "The check was skipped."}, False),
        ({"details_url": "https://example.org/leak"}, False),
    ],
)
def test_r86_a_promise_that_passes_without_details_rings(values: dict[str, Any], broken: bool) -> None:
    given = catalog(advisory(**values))
    assert (broken_promises(given, NOW) == given.advisories) is broken
    advice = [lint for lint in lints(given, NOW) if lint.about == "leak"]
    assert len(advice) == broken


def test_the_advice_says_what_was_promised_and_what_to_do() -> None:
    [advice] = [lint for lint in lints(catalog(advisory()), NOW) if lint.about == "leak"]
    assert advice.what == "its details were promised for Friday 20 February 2026, 12:00 UTC and are missing"
    assert advice.fix == "add `details` or `details_url`, or promise a later moment in `security_details_after`"
