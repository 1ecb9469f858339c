"""The policy in sentences: every number is the data's (R98)."""

from __future__ import annotations

from publisher.model.content.policy import Policy
from publisher.rules.policy_text import policy_text
from tests.support import build


def text(policy: Policy) -> str:
    return "\n".join(sentence for section in policy_text(policy) for sentence in section.sentences)


def test_r98_numbers_come_from_the_data() -> None:
    before = text(build.team_policy())
    assert "hard freeze from 7 days before to the end of the event, soft freeze 3 days after that" in before
    changed = build.policy(base=[{"events": ["fork"], "band": {"hard_before": "11 d"}, "because": "a fork"}])
    assert "A fork (fork): hard freeze from 11 days before to the end of the event." in text(changed)


def test_r98_every_adjustment_tells_its_conditions() -> None:
    one = {
        "because": "many conditions",
        "classes": ["rpc"],
        "client_types": ["daemon"],
        "events": ["exchange-listing"],
        "severity_at_least": 2,
        "severity_at_most": 4,
        "compatibility_risk_at_least": 2,
        "blast_radius_at_least": 3,
        "event_sensitivity_at_least": 4,
        "tested_less_than": "5 d",
        "uncovered": True,
        "add": {"hard_before": "1 d"},
    }
    assert (
        "Many conditions: hard freeze 1 day longer before, for RPC changes, on nodes, around exchange listing, from"
        " severity 2 up, up to severity 4, with a compatibility risk of 2 of 3 or more, with a blast radius of 3 of 5"
        " or more, with an event sensitivity of 4 of 5 or more, for releases tested for less than 5 days, if on-call or"
        " support is not fully staffed around the event."
    ) in text(build.policy(adjust=[one]))


def test_every_sentence_ends_as_one_and_begins_with_a_capital() -> None:
    for section in policy_text(build.team_policy()):
        for sentence in section.sentences:
            assert sentence.endswith("."), sentence
            assert sentence[0].isupper() or sentence[0].isdigit(), sentence
            assert "  " not in sentence


def test_profile_solo_says_that_proofs_are_not_required() -> None:
    solo = build.team_policy().model_copy(update={"profile": "solo"})
    assert "shown as not required, never as passed" in text(solo)
    assert "One person may grant it, with name and reason" in text(solo)
    assert "an executive" not in text(solo)
    assert "an executive" in text(build.team_policy())
