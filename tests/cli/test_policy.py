"""`publish policy`: the policy of a moment in sentences."""

from __future__ import annotations

import json

from tests.support.command import Publish


def test_it_prints_sentences_with_the_numbers_of_the_data(publish: Publish) -> None:
    ran = publish("policy")
    assert ran.code == 0
    assert "hard freeze from 7 days before" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_at_an_earlier_time_it_is_the_policy_of_that_time(publish: Publish) -> None:
    now, then = publish("policy").out, publish("policy", "--at", "2026-06-01T00:00:00Z").out
    assert "Version 2, profile team" in now
    assert "Version 1, profile team" in then
    assert "Only a rumour" not in then
    rumour = "If an event is only rumoured: hard freeze 2 days longer before and soft freeze 2 days longer after."
    assert rumour in " ".join(now.split())


def test_json_has_version_digest_and_sections(publish: Publish) -> None:
    value = json.loads(publish("policy", "--json").out)
    assert (value["version"], value["profile"]) == (2, "team")
    assert {"bands", "doubt", "overrides", "maintenance"} <= {section["id"] for section in value["sections"]}
