"""The published test vectors, which every implementation of the decision must give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.client.decide import Outcome, decide
from publisher.wire.feed_parser import parse_feed
from publisher.wire.version import Version
from tests.support.tuf_repository import a_feed

VECTORS = Path(__file__).parent.parent / "vectors" / "client" / "decisions.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_published_vector(case: dict[str, Any]) -> None:
    feed = parse_feed(json.dumps(case["feed"]).encode())
    current = Version.parse(case["current"]) if case["current"] else None
    answer = decide(feed, current, [Version.parse(text) for text in case.get("withdrawn", [])])
    assert {
        "outcome": answer.outcome,
        "offers": str(answer.release.version) if answer.release else None,
        "action": answer.action,
        "secure": answer.secure,
        "reason": answer.reason,
    } == case["answer"]


@given(st.tuples(st.integers(0, 9), st.integers(0, 9)), st.tuples(st.integers(0, 9), st.integers(0, 9)))
def test_only_what_is_newer_is_ever_offered(published: tuple[int, int], current: tuple[int, int]) -> None:
    feed = parse_feed(json.dumps(a_feed(version="{}.{}".format(*published))).encode())
    answer = decide(feed, Version.parse("{}.{}".format(*current)))
    assert (answer.release is not None) == (published > current) == (answer.outcome == Outcome.UPDATE_AVAILABLE)


@given(st.sampled_from(["1.0", "1.1", "1.2"]), st.sampled_from(["1.0", "1.1", "1.2"]), st.sets(st.sampled_from("012")))
def test_r81_what_was_taken_back_is_never_offered_and_whoever_runs_it_is_told(
    published: str, current: str, minors: set[str]
) -> None:
    withdrawn = [Version.parse(f"1.{minor}") for minor in minors]
    answer = decide(parse_feed(json.dumps(a_feed(version=published)).encode()), Version.parse(current), withdrawn)
    assert answer.release is None or answer.release.version not in withdrawn
    if Version.parse(current) in withdrawn:
        assert not answer.secure
        assert answer.outcome in (Outcome.TAKEN_BACK, Outcome.UPDATE_AVAILABLE)
        assert "was taken back" in answer.reason
