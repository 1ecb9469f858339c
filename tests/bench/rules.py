"""How fast many releases are decided on against many events, and how that grows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from publisher.content.load import load_catalog
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.content.requirement import RequiredVersion
from publisher.rules.evaluate import evaluate
from publisher.rules.requirements.required import with_deadlines
from tests.bench.measure import Result, seconds
from tests.support.many import REFERENCE, write

HALF, FULL = 500, 1000
A_YEAR = 50
"""Events and releases a year: more of them are a longer history, not a busier one."""


def run(scratch: Path) -> Iterator[tuple[str, Result]]:
    """1,000 releases against 1,000 events, beside 500 against 500 in the same run."""
    whole = _catalog(scratch, FULL)
    half, full = _best(_catalog(scratch, HALF)), _best(whole)
    yield (
        "decide 1,000 releases, 1,000 events",
        Result(
            round(full, 4),
            round(half, 4),
            round(full / half, 3),
            "under 1 s, growth close to linear",
            full < 1 and full / half < 3,
            "theirs: 500 releases against 500 events, both 50 a year; a ratio of 2 is linear",
        ),
    )
    requiring = _best(_requiring(whole))
    yield (
        "decide where every tenth event requires a version",
        Result(
            round(requiring, 4),
            round(full, 4),
            round(requiring / full, 3),
            "at most 1.2",
            requiring / full <= 1.2,
            "theirs: the same 1,000 releases and events, none of which requires anything",
        ),
    )


def _requiring(catalog: Catalog) -> Catalog:
    """The same, with a requirement for a version of a product in turn, on its channel, in every tenth event."""
    releases = catalog.releases
    events = [
        event if index % 10 else event.model_copy(update={"requires": (_lowest_of(releases[index % len(releases)]),)})
        for index, event in enumerate(catalog.events)
    ]
    return with_deadlines(replace(catalog, events=tuple(events)))


def _lowest_of(release: Release) -> RequiredVersion:
    return RequiredVersion(product=release.product, channel=release.channels[0], at_least=release.version)


def _catalog(scratch: Path, size: int) -> Catalog:
    directory = scratch / f"rules-{size}"
    directory.mkdir()
    content, config = write(directory, releases=size, events=size, years=size // A_YEAR)
    return load_catalog([content], config)


def _best(catalog: Catalog) -> float:
    """Each release at the moment that it was planned for, since at one moment for all it is a matter of luck whether
    a freeze holds. Each time is the first, with a catalog that remembers nothing."""

    def decide_all() -> None:
        fresh = replace(catalog)
        for release in fresh.releases:
            evaluate(fresh, release, release.channels[0], release.planned_for or REFERENCE)

    return min(seconds(decide_all) for _ in range(3))
