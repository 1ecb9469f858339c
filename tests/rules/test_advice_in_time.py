"""No advice is ever later than the moment by which users must act, whatever the calendar holds (R93)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from publisher.model.catalog import Catalog
from publisher.model.content.release import ChangeClass, Release
from publisher.model.values import format_time
from publisher.rules.calendar.advice import AdviceKind, plan
from tests.rules.test_properties import minutes
from tests.rules.test_properties_whole import events, overrides
from tests.support import build

DATE = re.compile(r"\d+ \w+ \d{4}, \d\d:\d\d")


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Catalog, Release]:
    """Up to five events, some of which require a version, and a release that users must run by a date."""
    calendar = [draw(events(f"event-{number}")) for number in range(draw(st.integers(1, 5)))]
    notes = {"action": "required", "restart": "service", "symptoms": [], "first_24h": ["Wait."]}
    required = {"required_by": format_time(draw(minutes))} if draw(st.booleans()) else {}
    release = build.release(
        "4.2.0",
        draw(st.sampled_from(sorted(ChangeClass))),
        "daemon",
        notes=notes | required,
        planned_for=format_time(draw(minutes)),
        necessity=draw(st.sampled_from(["essential", "opportunistic"])),
        for_event=draw(st.sampled_from([None, "event-0"])),
    )
    catalog = build.catalog(calendar, [release], overrides=tuple(draw(st.lists(overrides(), max_size=1))))
    return catalog, catalog.releases[0]


@given(calendars(), minutes)
def test_r93_no_advice_is_later_than_required_by(calendar: tuple[Catalog, Release], now: datetime) -> None:
    catalog, release = calendar
    required = release.notes.required_by
    advice = plan(catalog, release, "stable", now)
    if required is None:
        return
    for option in advice.options:
        if option.span is not None:
            assert option.span.start < required
            assert option.span.end is not None
            assert option.span.end <= required
        for date in DATE.findall(f"{option.what} {option.cost}"):
            assert datetime.strptime(date, "%d %B %Y, %H:%M").replace(tzinfo=UTC) <= required
    assert advice.options or "Call Ana" in advice.too_late
    if now >= required - timedelta(seconds=1):
        assert AdviceKind.MOVE_RIGHT not in {option.kind for option in advice.options}
