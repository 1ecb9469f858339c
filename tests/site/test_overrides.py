"""The register of overrides: every one of a public release, with its reason and who answers for it (R30)."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from publisher.content.schemas import example
from publisher.model.content.risk_register import Override
from tests.site.factory import at, catalog, page, release


def override(**fields: Any) -> Override:
    known = example("override") | {"product": "node", "version": "4.2.0", "approved_at": at(-1), "expires": at(1)}
    return Override.model_validate_json(json.dumps(known | fields))


def test_r30_the_register_tells_rule_reason_and_people() -> None:
    content = replace(catalog(releases=(release("4.2.0"),)), overrides=(override(),))
    shown = page(content, "overrides.md")
    for part in (
        "Nodes of 4.2.0 accept remote commands without a password.",
        "<code>freeze.hard</code>",
        "Ana (engineering), Ben (operations), Eva (executive).",
        "in force",
        "The rollback was reviewed by Ben",
    ):
        assert part in shown
    assert "register of overrides" in page(content, "policy.md")


def test_r30_what_is_over_stays_in_the_register_latest_first() -> None:
    both = (
        override(id="old", approved_at=at(-9), expires=at(-8), reason="The older one."),
        override(id="new", reason="The newer one."),
    )
    shown = page(replace(catalog(releases=(release("4.2.0"),)), overrides=both), "overrides.md")
    assert shown.index("The newer one.") < shown.index("The older one.")
    assert shown.count("in force") == 1


def test_an_empty_register_says_so_and_one_of_an_internal_release_is_not_shown() -> None:
    hidden = replace(catalog(releases=(release("4.2.0", visibility="internal"),)), overrides=(override(),))
    for content in (catalog(), hidden):
        assert "None so far." in page(content, "overrides.md")
