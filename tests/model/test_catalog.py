"""What a catalog remembers."""

from __future__ import annotations

from dataclasses import replace

from publisher.model.catalog import Catalog
from tests.support import build


def test_a_function_is_asked_once_for_the_same_arguments_and_catalog() -> None:
    asked: list[int] = []

    def doubled(_: Catalog, number: int) -> int:
        asked.append(number)
        return 2 * number

    def halved(_: Catalog, number: int) -> float:
        return number / 2

    catalog = build.catalog()
    assert [catalog.remember(doubled, number) for number in (1, 2, 1)] == [2, 4, 2]
    assert catalog.remember(halved, 1) == 0.5
    assert asked == [1, 2]
    other = replace(catalog)
    assert other == catalog
    assert other.remember(doubled, 1) == 2
    assert asked == [1, 2, 1]
