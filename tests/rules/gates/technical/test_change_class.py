"""The declared class against what the build changed (R26)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from publisher.content.schemas import example
from publisher.evidence.changes import ChangeFacts, VersionStep
from publisher.model.catalog import Catalog
from publisher.model.content.product import Product
from publisher.model.content.release import ChangeClass
from publisher.model.published_file import PublishedFile
from publisher.model.records.decision import Decision, Outcome
from publisher.model.records.evidence import Evidence
from publisher.rules.evaluate import evaluate
from publisher.rules.freeze.matrix import at_least
from tests.support import build
from tests.support.build import at

AREAS = [
    {"paths": ["src/dht/**", "src/net/*.c"], "change_class": "dht"},
    {"paths": ["**/store/**"], "change_class": "storage"},
    {"paths": ["doc/**", "*.md"], "change_class": "docs"},
]


def catalog(profile: str = "team") -> Catalog:
    known = build.catalog(the_policy=build.team_policy().model_copy(update={"profile": profile}))
    fields = example("products")["products"][0] | {"id": "daemon", "areas": AREAS, "channels": ["stable", "beta"]}
    known.products["daemon"] = Product.model_validate_json(json.dumps(fields))
    return known


def decided(change_class: str, *paths: str, versions: tuple[VersionStep, ...] = (), **fields: Any) -> Decision:
    release = build.release("4.2.0", change_class, **fields)
    facts = ChangeFacts(paths=paths, versions=versions)
    return evaluate(catalog(), release, "stable", at("2026-01-01"), Evidence(facts=(facts,)))


@pytest.mark.parametrize(
    ("change_class", "path", "outcome"),
    [
        ("ui-polish", "theme/colours.css", Outcome.PASS),
        ("docs", "doc/start.md", Outcome.PASS),
        ("docs", "theme/colours.css", Outcome.BLOCKED),  # no area tells what it is, and no freeze stops docs
        ("ui-polish", "src/dht/node.c", Outcome.BLOCKED),
        ("ui-polish", "src/dht/deep/er.c", Outcome.BLOCKED),
        ("ui-polish", "src/net/peer.c", Outcome.BLOCKED),
        ("ui-polish", "src/net/deep/peer.c", Outcome.PASS),
        ("ui-polish", "store/index.c", Outcome.BLOCKED),
        ("dht", "src/dht/node.c", Outcome.PASS),
        ("protocol", "src/dht/node.c", Outcome.PASS),
        ("patch", "src/dht/node.c", Outcome.BLOCKED),
        ("security", "src/dht/node.c", Outcome.NEEDS_APPROVAL),
    ],
)
def test_r26_a_theme_refresh_that_touches_dht_code_fails(change_class: str, path: str, outcome: Outcome) -> None:
    assert decided(change_class, "README.md", path).outcome is outcome


@pytest.mark.parametrize(
    ("name", "after", "outcome"),
    [("storage", "8", Outcome.BLOCKED), ("storage", "7", Outcome.PASS), ("unheard-of", "8", Outcome.BLOCKED)],
)
def test_r20_r26_a_patch_that_steps_a_schema_or_wire_version_fails(name: str, after: str, outcome: Outcome) -> None:
    step = VersionStep(name=name, before="7", after=after)
    assert decided("patch", versions=(step,)).outcome is outcome


def test_r26_the_public_reads_the_class_and_no_path() -> None:
    public = decided("ui-polish", "src/dht/secret.c").public()
    reasons = " ".join(verdict.reason for verdict in public.verdicts)
    assert "changed something of class dht" in reasons
    assert "secret" not in reasons


def test_r26_without_a_list_of_changes_a_publication_stops_and_a_question_does_not() -> None:
    release = build.release("4.2.0")
    files = (PublishedFile(file="node", platform="linux-amd64", size=1, sha256="a" * 64),)
    for profile, evidence, outcome in (
        ("team", Evidence(), Outcome.PASS),
        ("team", Evidence(artifacts=files), Outcome.UNKNOWN),
        ("solo", Evidence(artifacts=files), Outcome.PASS),
    ):
        assert evaluate(catalog(profile), release, "stable", at("2026-01-01"), evidence).outcome is outcome


def test_r14_r26_a_class_that_waits_less_long_only_where_versions_may_not_fit_is_refused_too() -> None:
    """DHT waits a day longer than seeding at events with a risk for compatibility, and as long at others."""
    policy, daemon = build.team_policy().freeze, build.subject("daemon", "seeding")
    assert at_least(policy, daemon, ChangeClass.DHT, ChangeClass.SEEDING)
    assert not at_least(policy, daemon, ChangeClass.SEEDING, ChangeClass.DHT)


def test_r24_r26_a_class_that_waits_less_long_only_where_people_are_missing_is_refused_too() -> None:
    gap = {"because": "gap", "uncovered": True, "classes": ["dht"], "add": {"hard_before": "1 d"}}
    policy, daemon = build.policy(adjust=[gap]).freeze, build.subject("daemon", "seeding")
    assert at_least(policy, daemon, ChangeClass.DHT, ChangeClass.SEEDING)
    assert not at_least(policy, daemon, ChangeClass.SEEDING, ChangeClass.DHT)
