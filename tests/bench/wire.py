"""What an update check costs on the wire while ten events require versions, half of them at a block."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from tests.bench.measure import Result
from tests.support.project import Project
from tests.support.wire_cost import KIB, check, ten_events


def run(scratch: Path) -> Iterator[tuple[str, Result]]:
    """A client of yesterday and a new one, beside the same clients where nothing is required."""
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
