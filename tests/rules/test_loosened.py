"""A freeze that has begun does not end earlier unseen (R25, R98)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from publisher.rules.lint.loosened import loosened
from tests.support import build
from tests.support.build import at

NOW = at("2026-03-05")
DATES = ("2026-03-10 10:00", "2026-03-10 22:00")


@pytest.mark.parametrize(
    ("dates", "fields"),
    [
        (("2026-04-10 10:00", "2026-04-10 22:00"), {}),
        (("2026-03-10 10:00", "2026-03-10 21:59"), {}),
        (DATES, {"status": "cancelled"}),
        (DATES, {"type": "testnet-upgrade"}),
    ],
)
def test_r25_what_ends_it_earlier_is_found(dates: tuple[str, str], fields: dict[str, Any]) -> None:
    found = loosened(build.catalog([build.event(*DATES)]), build.catalog([build.event(*dates, **fields)]), NOW)
    assert {one.cause for one in found} == {"example-listing"}
    assert "has begun, and would end on" in str(found[0])


@pytest.mark.parametrize(
    ("dates", "fields"),
    [
        (("2026-03-10 10:00", "2026-03-10 23:00"), {}),
        (DATES, {"severity": build.severity(5)}),
        (
            ("2026-04-10 10:00", "2026-04-10 22:00"),
            {
                "revisions": [
                    {
                        "until": "2026-03-05T00:00:00Z",
                        "because": "Put off.",
                        "starts": "2026-03-10T10:00:00Z",
                        "ends": "2026-03-10T22:00:00Z",
                    }
                ]
            },
        ),
    ],
)
def test_r25_what_keeps_it_or_makes_it_longer_is_fine(dates: tuple[str, str], fields: dict[str, Any]) -> None:
    after = build.catalog([build.event(*dates, **fields)])
    assert loosened(build.catalog([build.event(*DATES)]), after, NOW) == ()


def test_r25_a_freeze_that_has_not_begun_may_be_changed() -> None:
    before, after = build.catalog([build.event(*DATES)]), build.catalog([])
    assert loosened(before, after, at("2026-02-01")) == ()


def test_r98_a_policy_that_is_replaced_and_not_kept_is_found() -> None:
    base = {"events": ["exchange-listing"], "band": {}, "because": "exchange listing"}
    events = [build.event(*DATES)]
    before = build.catalog(events, the_policy=build.policy())
    loose = build.policy(base=[base]).model_copy(update={"version": 2, "effective": NOW})
    assert loosened(before, build.catalog(events, the_policy=loose), NOW)
    kept = build.catalog(events, the_policy=loose, earlier_policies=(build.policy(),))
    assert loosened(before, kept, NOW) == ()


@pytest.mark.parametrize("limit", [None, "2 d"])
def test_r24_a_policy_that_asks_for_less_testing_meanwhile_is_found(limit: str | None) -> None:
    """It loosens the freeze of untested releases, or of those that were tested for a while, and of no others."""
    longer = {"because": "not tested", "tested_less_than": "14 d", "add": {"hard_after": "2 d"}}
    before = build.catalog([build.event(*DATES)], the_policy=build.policy(adjust=[longer]))
    adjust = [] if limit is None else [longer | {"tested_less_than": limit}]
    loose = build.policy(adjust=adjust).model_copy(update={"version": 2})
    (hard,) = {one.hardness for one in loosened(before, build.catalog([build.event(*DATES)], the_policy=loose), NOW)}
    assert hard == "hard"


@pytest.mark.parametrize(("kept", "found"), [(True, False), (False, True)])
def test_r18_r25_an_estimate_that_moves_away_keeps_its_freeze_if_what_was_known_is_kept(
    kept: bool, found: bool
) -> None:
    def trigger(day: int) -> dict[str, Any]:
        return {
            "kind": "block",
            "chain": "TRON",
            "height": 1000 + day,
            "seen": 1000,
            "as_of": "2026-03-01T00:00:00Z",
            "spacing_seconds": 86400,
            "earliest": f"2026-03-{day:02}T00:00:00Z",
            "latest": f"2026-03-{day + 2:02}T00:00:00Z",
        }

    before = build.event("2026-03-10 10:00", "2026-03-10 22:00", trigger=trigger(9))
    known = {"starts": "2026-03-10T10:00:00Z", "ends": "2026-03-10T22:00:00Z", "trigger": trigger(9)}
    revision = {"until": "2026-03-05T00:00:00Z", "because": "Blocks come more slowly.", **known}
    fields = {"trigger": trigger(25), "revisions": [revision] if kept else []}
    after = build.event("2026-03-26 10:00", "2026-03-26 22:00", **fields)
    assert bool(loosened(build.catalog([before]), build.catalog([after]), NOW)) is found


@pytest.mark.parametrize(("moment", "found"), [(NOW, {"daemon"}), (at("2026-02-01"), set())])
def test_r25_a_product_that_gets_another_id_does_not_shed_its_freeze(moment: datetime, found: set[str]) -> None:
    before, after = build.catalog([build.event(*DATES)]), build.catalog([build.event(*DATES)])
    after.products["node"] = after.products.pop("daemon").model_copy(update={"id": "node"})
    assert {one.product for one in loosened(before, after, moment)} == found


def test_r95_a_product_that_is_said_to_reach_less_far_meanwhile_is_found() -> None:
    fields = {"base": [{"events": ["exchange-listing"], "band": {"hard_after": "1 d"}, "because": "listing"}]}
    far = [{"because": "reach", "blast_radius_at_least": 5, "add": {"hard_after": "5 d"}}]
    policy = build.policy(**fields, adjust=far)
    before, after = (build.catalog([build.event(*DATES)], the_policy=policy) for _ in range(2))
    after.products["daemon"] = build.product("daemon", blast_radius=2)
    assert {one.product for one in loosened(before, after, at("2026-03-10 12:00"))} == {"daemon"}
