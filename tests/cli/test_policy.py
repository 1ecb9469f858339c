"""`publish policy`: the policy of a moment in sentences."""

from __future__ import annotations

import json

from tests.support.command import Publish


def test_it_prints_sentences_with_the_numbers_of_the_data(publish: Publish) -> None:
    ran = publish("policy")
    assert ran.code == 0
    assert "7 d hard before" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 100


def test_json_has_version_digest_and_sections(publish: Publish) -> None:
    value = json.loads(publish("policy", "--json").out)
    assert (value["version"], value["profile"]) == (1, "team")
    assert {"bands", "doubt", "overrides", "maintenance"} <= {section["id"] for section in value["sections"]}
