"""The published test vectors of `ready`, which every implementation must give, and what holds for all answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.client.answers.decide import ClientState
from publisher.client.ready.assess import EXIT_CODES, assess
from publisher.wire.answer_words import Readiness
from publisher.wire.feed_parser import ParsedFeed, parse_feed
from publisher.wire.feed_words import Audience, BackState
from publisher.wire.requirement import Estimate, Requirement
from publisher.wire.stopping.brakes import BRAKES_FIELD, Brake, ChannelBrakes, brakes_of
from publisher.wire.stopping.withdrawn import GoingBack
from publisher.wire.version import Version
from tests.client.test_brakes_field import role

VECTORS = Path(__file__).parent.parent / "vectors" / "client" / "ready.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
DAY = timedelta(days=1)
START = datetime(2027, 1, 1, tzinfo=UTC)
NOTHING = ChannelBrakes()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_published_vector(case: dict[str, Any]) -> None:
    taken_back = {Version.parse(text): GoingBack(BackState.COMPATIBLE) for text in case.get("taken_back", [])}
    answer = assess(
        parse_feed(json.dumps(case["feed"]).encode()),
        ClientState(Version.parse(case["current"]), "linux-amd64", taken_back),
        datetime.fromisoformat(case["at"]),
        brakes_of(role(**{BRAKES_FIELD: {"btfs-node.stable": case.get("brakes", {})}}), "btfs-node.stable"),
        audience=Audience(case["audience"]) if "audience" in case else None,
        silenced=case.get("brakes_expired", False),
    )
    pressing = answer.pressing
    assert {
        "readiness": answer.readiness,
        "exit_code": EXIT_CODES[answer.readiness],
        "event": pressing.requirement.event if pressing else None,
        "due": pressing.due.strftime("%Y-%m-%dT%H:%M:%SZ") if pressing else None,
        "days_left": pressing.days_left if pressing else None,
        "install": str(answer.release.version) if answer.release else None,
    } == case["answer"]


def test_the_vectors_have_every_answer_and_no_name_twice() -> None:
    assert {case["answer"]["readiness"] for case in CASES} == set(Readiness)
    assert len({case["name"] for case in CASES}) == len(CASES)


def running(version: Version, *taken_back: Version) -> ClientState:
    """A machine that runs a version; the channel took these back."""
    return ClientState(version, "linux-amd64", dict.fromkeys(taken_back, GoingBack(BackState.COMPATIBLE)))


def rank(readiness: Readiness) -> int:
    """How bad it is, by the documented order."""
    return ["ready", "update", "held", "unknown", "too-late", "withdrawn"].index(readiness)


versions = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda numbers: Version.parse("{}.{}".format(*numbers)))
days = st.integers(-10, 60).map(lambda count: START + count * DAY)


@st.composite
def requirements(draw: st.DrawFn) -> Requirement:
    """One with a date or with an estimate, at any stage of its life."""
    by = draw(days)
    estimate = None
    if draw(st.booleans()):
        drift = timedelta(seconds=draw(st.integers(0, 86399)))
        as_of = draw(days)
        estimate = Estimate("block", "bttc", 10, 5, 2000, as_of, by, by + 3 * DAY, drift, draw(days))
    audiences = tuple(draw(st.sets(st.sampled_from(Audience))))
    return Requirement("an-event", "An event", draw(versions), by, by - 7 * DAY, audiences, estimate)


feeds = st.lists(requirements(), max_size=4).map(
    lambda items: ParsedFeed("btfs-node", "stable", "linux-amd64", None, requirements=tuple(items))
)
audiences = st.none() | st.sampled_from(Audience)


def wider(requirement: Requirement, earlier: timedelta, drift: timedelta, trust: timedelta) -> Requirement:
    """The same requirement, its moment known less well."""
    estimate = requirement.estimate
    if estimate is None:
        return requirement
    widened = Estimate(
        estimate.kind,
        estimate.chain,
        estimate.height,
        estimate.seen,
        estimate.spacing_ms,
        estimate.as_of,
        estimate.earliest - earlier,
        estimate.latest + earlier,
        estimate.drift_per_day + drift,
        estimate.trusted_until - trust,
    )
    rest = (requirement.runway_begins, requirement.audiences, widened, requirement.url)
    return Requirement(requirement.event, requirement.title, requirement.at_least, requirement.by, *rest)


more = st.integers(0, 20 * 86400).map(lambda seconds: timedelta(seconds=seconds))


@given(feeds, versions, days, audiences, more, more, more)
def test_widening_never_makes_an_answer_better(
    feed: ParsedFeed,
    current: Version,
    at: datetime,
    audience: Audience | None,
    earlier: timedelta,
    drift: timedelta,
    trust: timedelta,
) -> None:
    items = tuple(wider(requirement, earlier, drift, trust) for requirement in feed.requirements)
    widened = ParsedFeed(feed.product, feed.channel, feed.platform, None, requirements=items)
    before, after = (assess(each, running(current), at, NOTHING, audience=audience) for each in (feed, widened))
    assert rank(after.readiness) >= rank(before.readiness)


@given(feeds, versions, versions, days, audiences, st.booleans())
def test_a_later_version_is_never_less_ready(
    feed: ParsedFeed, current: Version, other: Version, at: datetime, audience: Audience | None, silenced: bool
) -> None:
    older, newer = (
        assess(feed, running(version), at, NOTHING, audience=audience, silenced=silenced)
        for version in sorted((current, other))
    )
    assert rank(newer.readiness) <= rank(older.readiness)


@given(feeds, versions, days, days, audiences)
def test_time_alone_never_makes_an_answer_better(
    feed: ParsedFeed, current: Version, at: datetime, then: datetime, audience: Audience | None
) -> None:
    earlier, later = (
        assess(feed, running(current), moment, NOTHING, audience=audience) for moment in sorted((at, then))
    )
    assert rank(later.readiness) >= rank(earlier.readiness)


@given(feeds, versions, days, audiences)
def test_whoever_is_ready_for_everybody_is_ready_for_each_audience(
    feed: ParsedFeed, current: Version, at: datetime, audience: Audience | None
) -> None:
    everybody, some = (assess(feed, running(current), at, NOTHING, audience=whom) for whom in (None, audience))
    assert rank(some.readiness) <= rank(everybody.readiness)


@given(feeds, versions, days)
def test_r86_a_withdrawn_version_is_never_ready_and_nobody_is_while_the_brakes_have_expired(
    feed: ParsedFeed, current: Version, at: datetime
) -> None:
    withdrawn = ChannelBrakes(withdrawn=(Brake("a" * 64, current),))
    assert assess(feed, running(current), at, withdrawn).readiness is Readiness.WITHDRAWN
    assert assess(feed, running(current, current), at, NOTHING).readiness is Readiness.WITHDRAWN
    held = assess(feed, running(current), at, NOTHING, silenced=True)
    assert rank(held.readiness) >= rank(Readiness.HELD)
    assert held.release is None
