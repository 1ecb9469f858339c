"""How carefully a release is handled (R95)."""

from __future__ import annotations

import pytest

from publisher.rules.risk_classification import classification
from tests.support import build


@pytest.mark.parametrize(
    ("reach", "sensitivity", "expected"),
    [
        (1, 1, "light"),
        (2, 4, "light"),
        (3, 3, "normal"),
        (2, 5, "normal"),
        (5, 1, "normal"),
        (3, 4, "normal"),
        (3, 5, "careful"),
        (5, 3, "careful"),
        (5, 5, "careful"),
    ],
)
def test_r95_care_follows_reach_and_sensitivity(reach: int, sensitivity: int, expected: str) -> None:
    product = build.product("daemon").model_copy(update={"blast_radius": reach, "event_sensitivity": sensitivity})
    assert classification(product, build.release("4.2.0")) == expected


def test_r95_the_numbers_of_a_release_count_before_those_of_its_product() -> None:
    product = build.product("daemon")
    assert classification(product, build.release("4.2.0")) == "careful"
    assert classification(product, build.release("4.2.0", blast_radius=1)) == "light"
    assert classification(product, build.release("4.2.0", blast_radius=3, event_sensitivity=3)) == "normal"


def test_r95_more_reach_or_sensitivity_never_means_less_care() -> None:
    order = ["light", "normal", "careful"]

    def care(reach: int, sensitivity: int) -> int:
        release = build.release("4.2.0", blast_radius=reach, event_sensitivity=sensitivity)
        return order.index(classification(build.product("daemon"), release))

    for reach in range(1, 5):
        for sensitivity in range(1, 6):
            assert care(reach, sensitivity) <= care(reach + 1, sensitivity)
            assert care(sensitivity, reach) <= care(sensitivity, reach + 1)
