"""A freeze that has begun does not end earlier unseen (R25, R98)."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.rules.loosened import loosened
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
    assert "which has begun, would end on" in str(found[0])


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
