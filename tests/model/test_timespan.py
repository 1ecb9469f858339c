"""Spans are half-open: the end is the first moment after them."""

from __future__ import annotations

from datetime import timedelta

from publisher.model.timespan import Span
from tests.support.build import at

MORNING = Span(at("2026-03-10 08:00"), at("2026-03-10 12:00"))
MOMENT = timedelta(seconds=1)


def test_a_span_holds_its_start_and_not_its_end() -> None:
    assert [MORNING.holds(MORNING.start + shift) for shift in (-MOMENT, timedelta())] == [False, True]
    assert [MORNING.holds(MORNING.end + shift) for shift in (-MOMENT, timedelta())] == [True, False]
    assert MORNING.length == timedelta(hours=4)


def test_spans_that_only_touch_do_not_overlap() -> None:
    noon = Span(MORNING.end, MORNING.end + MOMENT)
    assert not MORNING.overlaps(noon)
    assert not noon.overlaps(MORNING)
    assert MORNING.overlaps(Span(MORNING.end - MOMENT, noon.end))
    assert Span(MORNING.end - MOMENT, noon.end).overlaps(MORNING)
