"""What an update check costs on the wire: while ten events require versions, and after a long and troubled past."""

from __future__ import annotations

from collections.abc import Iterator
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
    for who, requests, kib in (("of yesterday", 8, 20), ("that is new", 11, 40)):
        (ours_requests, ours), (_, theirs) = many[who], few[who]
        yield (
            f"update check with 200 withdrawals and 50 advisories, KiB, client {who}",
            Result(
                round(ours / KIB, 2),
                round(theirs / KIB, 2),
                round(ours / theirs, 3),
                f"at most {requests} requests and {kib} KiB",
                ours_requests <= requests and ours <= kib * KIB,
                f"{ours_requests} requests; KiB of bodies; theirs: the same after {FEW} releases instead of {MANY},"
                f" {(ours - theirs) / (MANY - FEW):.2f} bytes a release; 10,000 releases were not published for it",
            ),
        )


def _after(directory: Path, releases: int) -> dict[str, tuple[int, int]]:
    project = Project(directory)
    for number in range(releases):
        project.publish(f"1.{number}.0", storage=project.storage())
    withdraw_many(project, 200)
    advise_many(project, 50)
    check(project, directory / "yesterday")
    project.now += timedelta(hours=1)
    project.publish(f"1.{releases}.0", storage=project.storage())
    return {
        "of yesterday": check(project, directory / "yesterday"),
        "that is new": check(project, directory / "new"),
    }


def _requirements(scratch: Path) -> Iterator[tuple[str, Result]]:
    plain, required = _sizes(scratch / "wire-plain"), _sizes(scratch / "wire-required", requiring=True)
    for who, requests, kib in (("of yesterday", 8, 20), ("that is new", 11, 40)):
        (ours_requests, ours), (_, theirs) = required[who], plain[who]
        yield (
            f"update check with 10 requirements, KiB, client {who}",
            Result(
                round(ours / KIB, 2),
                round(theirs / KIB, 2),
                round(ours / theirs, 3),
                f"at most {requests} requests and {kib} KiB",
                ours_requests <= requests and ours <= kib * KIB,
                f"{ours_requests} requests; KiB of bodies; theirs: the same release where nothing is required",
            ),
        )


def _sizes(directory: Path, *, requiring: bool = False) -> dict[str, tuple[int, int]]:
    """Requests and bytes of bodies of the check that finds a new release, by client."""
    project = Project(directory)
    project.publish("1.0.0")
    check(project, directory / "yesterday")
    if requiring:
        ten_events(project)
    project.now += timedelta(days=1)
    project.publish("1.1.0", storage=project.storage())
    return {
        "of yesterday": check(project, directory / "yesterday"),
        "that is new": check(project, directory / "new"),
    }
