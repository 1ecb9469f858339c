"""What must hold for any content: doubt and severity only ever close, and the next change is exact."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from publisher.model.catalog import Catalog
from publisher.model.content.event import Confidence, Event
from publisher.model.content.release import ChangeClass
from publisher.model.content.risk_register import SprintFreeze
from publisher.model.records.decision import Outcome
from publisher.rules.evaluate import evaluate
from publisher.rules.freeze.next_open import opening
from publisher.rules.freeze.timeline import Timeline, timeline
from publisher.rules.freeze.windows import freeze_windows
from tests.support import build
from tests.support.build import at

# A leap day, and both changes of daylight saving time of Europe and America, lie within.
FIRST = at("2028-02-20")
POLICY = build.team_policy()
_DOUBT = build.policy(
    uncertainty={
        "likely": {"hard_before": "12 h", "soft_after": "6 h"},
        "rumoured": {"hard_before": "2 d", "hard_after": "6 h", "soft_after": "1 d"},
    }
).freeze.uncertainty
DOUBTFUL = POLICY.model_copy(update={"freeze": POLICY.freeze.model_copy(update={"uncertainty": _DOUBT})})
TYPES = sorted(POLICY.event_types)
minutes = st.integers(0, 60 * 24 * 60).map(lambda number: FIRST + timedelta(minutes=number))
classes = st.sampled_from(sorted(ChangeClass))
clients = st.sampled_from(["daemon", "desktop", "dashboard", "service"])


@st.composite
def events(draw: st.DrawFn, ident: str = "") -> Event:
    start = draw(minutes)
    length = timedelta(minutes=draw(st.integers(1, 60 * 24 * 9)))
    fields: dict[str, Any] = {
        "type": draw(st.sampled_from(TYPES)),
        "severity": build.severity(draw(st.integers(1, 5))),
        "confidence": draw(st.sampled_from(sorted(Confidence))),
    }
    if ident:
        fields["id"] = ident
    return build.event(f"{start:%Y-%m-%d %H:%M}", f"{start + length:%Y-%m-%d %H:%M}", **fields)


@st.composite
def sprints(draw: st.DrawFn) -> SprintFreeze:
    start = draw(minutes)
    return SprintFreeze(
        id="sprint",
        title="A sprint",
        starts=start,
        ends=start + timedelta(minutes=draw(st.integers(1, 60 * 24 * 9))),
        allows=tuple(draw(st.lists(classes, max_size=3, unique=True))),
        because="sprint",
    )


@st.composite
def contents(draw: st.DrawFn) -> list[Event]:
    return [draw(events(f"event-{number}")) for number in range(draw(st.integers(0, 6)))]


def catalog(found: list[Event], *sprint: SprintFreeze) -> Catalog:
    return build.catalog(found, the_policy=DOUBTFUL, sprints=sprint)


def line(found: list[Event], client: str, change_class: str, *sprint: SprintFreeze) -> Timeline:
    return timeline(catalog(found, *sprint), build.subject(client, change_class))


def worse(event: Event, draw: st.DataObject) -> Event:
    """The same event, at least as severe, as long and as doubtful."""
    doubt = [Confidence.CONFIRMED, Confidence.LIKELY, Confidence.RUMOURED]
    score = draw.draw(st.integers(event.severity.score, 5))
    return event.model_copy(
        update={
            "severity": event.severity.model_copy(update={"score": score}),
            "confidence": draw.draw(st.sampled_from(doubt[doubt.index(event.confidence) :])),
            "starts": event.starts - timedelta(minutes=draw.draw(st.integers(0, 2000))),
            "ends": event.ends + timedelta(minutes=draw.draw(st.integers(0, 2000))),
        }
    )


def stopped(one: Timeline, now: datetime) -> tuple[bool, bool]:
    """(a hard freeze holds, anything stops)"""
    return bool(one.hard.holding(now)), bool(one.stopping.holding(now))


@given(contents(), clients, classes, minutes, st.data())
def test_r25_more_severe_longer_or_less_certain_never_opens_a_window(
    found: list[Event], client: str, change_class: str, now: datetime, data: st.DataObject
) -> None:
    before = stopped(line(found, client, change_class), now)
    after = stopped(line([worse(event, data) for event in found], client, change_class), now)
    assert all(then or not first for first, then in zip(before, after, strict=True))


@given(contents(), events("one-more"), clients, classes, minutes)
def test_one_more_event_never_lets_anything_ship_earlier(
    found: list[Event], more: Event, client: str, change_class: str, now: datetime
) -> None:
    before = opening(line(found, client, change_class), now)
    after = opening(line([*found, more], client, change_class), now)
    if before is not None:
        assert after is not None
        assert after[0] >= before[0]


@given(contents(), sprints(), clients, classes, minutes, st.data())
def test_the_next_change_is_exact(
    found: list[Event], sprint: SprintFreeze, client: str, change_class: str, now: datetime, data: st.DataObject
) -> None:
    one = build.release("4.2.0", change_class, client)
    content = catalog(found, sprint)

    def outcome(moment: datetime) -> Outcome:
        return evaluate(content, one, "stable", moment).outcome

    decision = evaluate(content, one, "stable", now)
    if decision.next_change is None:
        later = now + timedelta(days=data.draw(st.integers(0, 200)))
        assert outcome(later) is decision.outcome
        return
    assert outcome(decision.next_change) is decision.then
    assert decision.then is not decision.outcome
    between = int((decision.next_change - now) / timedelta(seconds=1)) - 1
    for seconds in (0, between, data.draw(st.integers(0, max(between, 0)))):
        assert outcome(now + timedelta(seconds=max(seconds, 0))) is decision.outcome


@given(contents(), sprints(), clients, classes, minutes)
def test_a_timeline_answers_as_a_look_at_every_window_would(
    found: list[Event], sprint: SprintFreeze, client: str, change_class: str, now: datetime
) -> None:
    content = catalog(found, sprint)
    windows = freeze_windows(content, build.subject(client, change_class))
    known = timeline(content, build.subject(client, change_class))
    assert known.holding(now) == tuple(window for window in windows if window.holds(now))
    moment = now
    while ends := [window.end for window in windows if window.holds(moment)]:
        moment = max(ends)
    assert known.until(now) == (moment if moment > now else None)
    if stretch := known.stretch(now):
        assert stretch[-1].end <= moment
        assert known.last(moment).end == moment
    assert list(known.every_edge_after(now)) == sorted(
        {edge for window in windows for edge in (window.start, window.end) if edge > now}
    )


@given(events(), clients, classes)
def test_windows_of_one_event_do_not_overlap_and_leave_no_gap(event: Event, client: str, change_class: str) -> None:
    windows = freeze_windows(catalog([event]), build.subject(client, change_class))
    for earlier, later in pairwise(windows):
        assert earlier.end == later.start
