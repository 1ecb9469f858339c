"""The published test vectors, which every implementation of the decision must give, and what holds for all answers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.client.answers.decide import ClientState, UpdateAdvice, decide
from publisher.wire.answer_words import Outcome
from publisher.wire.feed_parser import ParsedFeed, parse_feed
from publisher.wire.feed_words import Action, BackState, BrakeKind, WithdrawalAction
from publisher.wire.stopping.brakes import BRAKES_FIELD, Brake, ChannelBrakes, brakes_of
from publisher.wire.stopping.notice import BrakeNotice
from publisher.wire.stopping.withdrawn import GoingBack
from publisher.wire.version import Version
from tests.client.test_brakes_field import role
from tests.support.tuf_repository import a_feed

VECTORS = Path(__file__).parent.parent / "vectors" / "client" / "decisions.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"] if VECTORS.exists() else []
NOW = datetime(2027, 1, 15, tzinfo=UTC)


def a_withdrawal(version: Version, action: WithdrawalAction, replaced_by: Version | None = None) -> BrakeNotice:
    because = "It deletes wallets."
    return BrakeNotice(
        BrakeKind.WITHDRAWAL, "btfs-node", "stable", version, (), NOW, because, None, action, replaced_by
    )


def a_way(state: BackState) -> GoingBack:
    return GoingBack(state, "Unpack the backup." if state is BackState.RESTORE_BACKUP else None)


def answer_to(case: dict[str, Any]) -> dict[str, Any]:
    """The answer to a vector, in the form of its `answer`."""
    feed, state = parse_feed(json.dumps(case["feed"]).encode()), case["state"]
    current = Version.parse(state["current"]) if state["current"] else None
    notice = None
    if (fields := case["withdrawal"]) is not None:
        assert current is not None
        replaced_by = Version.parse(fields["replaced_by"]) if "replaced_by" in fields else None
        notice = a_withdrawal(current, WithdrawalAction(fields["action"]), replaced_by)
    advice = decide(
        feed,
        feed.requirements,
        brakes_of(role(**{BRAKES_FIELD: {"btfs-node.stable": case["brakes"]}}), "btfs-node.stable"),
        notice,
        ClientState(
            current,
            state["platform"],
            {Version.parse(text): a_way(BackState(name)) for text, name in state["taken_back"].items()},
        ),
        datetime.fromisoformat(case["now"]),
    )
    return {
        "outcome": advice.outcome,
        "offers": str(advice.release.version) if advice.release else None,
        "action": advice.action,
        "secure": advice.secure,
        "required_by": advice.required_by.strftime("%Y-%m-%dT%H:%M:%SZ") if advice.required_by else None,
        "hold": advice.hold.id if advice.hold else None,
        "withdrawal": advice.withdrawal.id if advice.withdrawal else None,
        "exit_code": advice.exit_code,
        "reason": advice.reason,
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_published_vector(case: dict[str, Any]) -> None:
    assert answer_to(case) == case["answer"]


def test_the_vectors_have_every_outcome_and_no_name_twice() -> None:
    assert {case["answer"]["outcome"] for case in CASES} == set(Outcome)
    assert {case["answer"]["exit_code"] for case in CASES} == {0, 10, 11, 12}
    assert {case["withdrawal"]["action"] for case in CASES if case["withdrawal"]} == set(WithdrawalAction)
    assert len({case["name"] for case in CASES}) == len(CASES)


PLATFORMS = ("linux-amd64", "windows-amd64")
versions = st.sampled_from([Version.parse(text) for text in ("1.0", "1.1", "1.2", "1.3")])
brake = st.builds(Brake, st.just("a" * 64), versions, st.sampled_from([(), PLATFORMS[:1], PLATFORMS[1:]]))
brake_lists = st.lists(brake, max_size=3).map(tuple)
all_brakes = st.builds(ChannelBrakes, holds=brake_lists, withdrawn=brake_lists)
taken_back = st.dictionaries(versions, st.sampled_from(BackState).map(a_way), max_size=2)
states = st.builds(ClientState, st.none() | versions, st.sampled_from(PLATFORMS), taken_back)


@st.composite
def feeds(draw: st.DrawFn) -> ParsedFeed:
    """With or without a release, one before it, and a security floor."""
    published = sorted(draw(st.sets(versions, max_size=2)), reverse=True)
    parsed = [parse_feed(json.dumps(a_feed(version=str(version))).encode()).release for version in published]
    release, previous = [*parsed, None, None][:2]
    return ParsedFeed("btfs-node", "stable", "linux-amd64", release, previous, draw(st.none() | versions))


@st.composite
def notices(draw: st.DrawFn) -> BrakeNotice | None:
    action = draw(st.none() | st.sampled_from(WithdrawalAction))
    return a_withdrawal(Version.parse("1.1"), action) if action else None


@given(feeds(), all_brakes, notices(), states)
def test_r81_what_was_stopped_is_never_offered_and_nothing_below_the_floor(
    feed: ParsedFeed, brakes: ChannelBrakes, notice: BrakeNotice | None, state: ClientState
) -> None:
    advice = decide(feed, (), brakes, notice, state, NOW)
    if (release := advice.release) is not None:
        assert not brakes.stops(release.version, state.platform)
        assert not brakes.stops(release.version, feed.platform)
        assert release.version not in state.taken_back
        assert feed.min_secure is None or release.version >= feed.min_secure


@given(feeds(), all_brakes, notices(), states)
def test_nobody_goes_back_without_the_brakes_and_the_channel_and_a_verdict(
    feed: ParsedFeed, brakes: ChannelBrakes, notice: BrakeNotice | None, state: ClientState
) -> None:
    advice, current = decide(feed, (), brakes, notice, state, NOW), state.current
    if current is not None and advice.release is not None and advice.release.version <= current:
        assert brakes.withdrawal_of(current, state.platform, feed.platform) is not None
        assert state.taken_back[current].state is not BackState.FORBIDDEN
        assert advice.release == feed.release


@given(feeds(), all_brakes, all_brakes, notices(), states)
def test_more_brakes_never_offer_a_later_version(
    feed: ParsedFeed, some: ChannelBrakes, more: ChannelBrakes, notice: BrakeNotice | None, state: ClientState
) -> None:
    before = offered(decide(feed, (), some, notice, state, NOW))
    after = offered(decide(feed, (), some.joined(more.holds, more.withdrawn), notice, state, NOW))
    current = state.current
    if after is not None and (current is None or after > current):
        assert before is not None
        assert before >= after


def offered(advice: UpdateAdvice) -> Version | None:
    return advice.release.version if advice.release else None


@given(feeds(), all_brakes, notices(), states)
def test_r86_whoever_runs_what_was_withdrawn_is_told_first_of_all(
    feed: ParsedFeed, brakes: ChannelBrakes, notice: BrakeNotice | None, state: ClientState
) -> None:
    advice, current = decide(feed, (), brakes, notice, state, NOW), state.current
    withdrawn = current is not None and brakes.withdrawal_of(current, state.platform, feed.platform) is not None
    assert (advice.outcome is Outcome.WITHDRAWN) == withdrawn == (advice.exit_code == 12)
    if withdrawn:
        assert advice.reason.startswith(f"Version {current}, which you run, was withdrawn.")
        assert not advice.secure


@given(feeds(), all_brakes, states)
def test_a_reason_that_cannot_be_read_offers_the_same(
    feed: ParsedFeed, brakes: ChannelBrakes, state: ClientState
) -> None:
    """A server that keeps a notice back changes words, and no offer."""
    unread = decide(feed, (), brakes, None, state, NOW)
    for action in WithdrawalAction:
        advice = decide(feed, (), brakes, a_withdrawal(Version.parse("1.1"), action), state, NOW)
        assert advice.release == unread.release
        assert unread.action in (advice.action, Action.REQUIRED)


def test_the_freeze_under_way_is_named_and_stops_nothing() -> None:
    freeze = {"event": "fork", "begins": "2027-01-14T00:00:00Z", "ends": "2027-01-16T00:00:00Z"}
    brakes = brakes_of(role(**{BRAKES_FIELD: {"btfs-node.stable": {"freezes": [freeze]}}}), "btfs-node.stable")
    feed = parse_feed(json.dumps(a_feed()).encode())
    advice = decide(feed, (), brakes, None, ClientState(Version.parse("4.0.2"), "linux-amd64"), NOW)
    assert (advice.freeze, advice.outcome) == (brakes.freezes[0], Outcome.UPDATE_AVAILABLE)
