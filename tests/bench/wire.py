"""What an update check costs on the wire: while ten events require versions, and after a long and troubled past."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

from tests.bench.measure import Result
from tests.support.project import Project
from tests.support.wire_cost import KIB, advise_many, check, ten_events, withdraw_many

FEW, MANY = 10, 60
"""Releases of a past. What a channel signs names current feeds only: a release more costs a digit of a number."""


def run(scratch: Path) -> Iterator[tuple[str, Result]]:
    """A client of yesterday and a new one, beside the same clients where nothing is required or nothing happened."""
    yield from _requirements(scratch)
    yield from _past(scratch)


def _past(scratch: Path) -> Iterator[tuple[str, Result]]:
    """200 withdrawals and 50 advisories, after few releases and after many."""
    few, many = (_after(scratch / f"wire-past-{releases}", releases) for releases in (FEW, MANY))
    growth = (many[NEW][1] - few[NEW][1]) / (MANY - FEW)
    yield from _compared(
        "200 withdrawals and 50 advisories",
        many,
        few,
        f"the same after {FEW} releases, not {MANY}: {growth:.2f} bytes a release; 10,000 were not published for it",
    )


def _requirements(scratch: Path) -> Iterator[tuple[str, Result]]:
    plain, required = _sizes(scratch / "wire-plain"), _sizes(scratch / "wire-required", requiring=True)
    yield from _compared("10 requirements", required, plain, "the same release where nothing is required")


Cost = Mapping[str, tuple[int, int]]
"""Client -> requests and bytes of bodies."""

YESTERDAY, NEW = "of yesterday", "that is new"
LIMITS = {YESTERDAY: (8, 20), NEW: (11, 40)}
"""Client -> requests and KiB that a check may cost at most."""


def _compared(what: str, ours: Cost, theirs: Cost, other: str) -> Iterator[tuple[str, Result]]:
    for who, (requests, kib) in LIMITS.items():
        (asked, size), (_, other_size) = ours[who], theirs[who]
        yield (
            f"update check with {what}, KiB, client {who}",
            Result(
                round(size / KIB, 2),
                round(other_size / KIB, 2),
                round(size / other_size, 3),
                f"at most {requests} requests and {kib} KiB",
                asked <= requests and size <= kib * KIB,
                f"{asked} requests; KiB of bodies; theirs: {other}",
            ),
        )


def _after(directory: Path, releases: int) -> Cost:
    project = Project(directory)
    for number in range(releases):
        project.publish(f"1.{number}.0", storage=project.storage())
    withdraw_many(project, 200)
    advise_many(project, 50)
    return _checks(project, directory, f"1.{releases}.0")


def _sizes(directory: Path, *, requiring: bool = False) -> Cost:
    project = Project(directory)
    project.publish("1.0.0")
    if requiring:
        ten_events(project)
    return _checks(project, directory, "1.1.0")


def _checks(project: Project, directory: Path, new: str) -> Cost:
    """What the check costs that finds a new release."""
    check(project, directory / "yesterday")
    project.now += timedelta(days=1)
    project.publish(new, storage=project.storage())
    return {YESTERDAY: check(project, directory / "yesterday"), NEW: check(project, directory / "new")}
