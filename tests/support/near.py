"""A release of a node near one event, and what a gate says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from publisher.model.catalog import Catalog
from publisher.model.content.event import Assumption, Event
from publisher.model.content.release import Release
from publisher.model.records.decision import Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.gate import Gate
from publisher.rules.engine.question import Question
from tests.support import build
from tests.support.build import at

SECOND = timedelta(seconds=1)
STARTS, ENDS = "2026-03-10 10:00", "2026-03-10 22:00"
DURING = at("2026-03-10 12:00")
# Around the listing a feature of a node is frozen from seven days before its start to 72 hours after its end.
FIRST, LAST = at("2026-03-03 10:00"), at("2026-03-13 22:00")


def listing(**fields: Any) -> Event:
    """The example listing, of severity 3."""
    return build.event(STARTS, ENDS, **fields)


def ask(catalog: Catalog, release: Release, moment: Any = DURING) -> Question:
    """A question about the stable channel."""
    return Question(catalog, release, "stable", Evidence(), moment)


def judged(gate: Gate, event: Event, moment: Any = DURING, change_class: str = "feature", **fields: Any) -> Verdict:
    """What a rule says of a release of a node near one event."""
    release = build.release("4.2.0", change_class, **fields)
    return gate.verdict(ask(build.catalog([event], [release]), release, moment))


def showing(catalog: Catalog, *what: str) -> Catalog:
    """The catalog, with a daemon that shows this."""
    daemon = catalog.products["daemon"].model_copy(
        update={"shows": tuple(Assumption(assumption) for assumption in what)}
    )
    return replace(catalog, products=catalog.products | {"daemon": daemon})
