"""SIGKILL at every point of release, stage, promote and refresh, on the real S3 server, in a process of its own.

After each, clients (a fresh one, and one that knows the old state) see a whole old or new channel; the audit finds
nothing wrong but files that nothing signed leads to yet; and running the command again completes it. CI tries a few
points, `make nightly` all that change anything, and besides every such request to the server, with binaries in parts. A
kill next to a read leaves the bucket as the change before it left it, so of the reads every tenth is tried.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from publisher.model.config.role import RolePolicy
from publisher.pipeline.ledger_append import verify_ledger
from tests.support.broken_off import refuting
from tests.support.project import Project
from tests.support.publishers import CHANGES, OPERATIONS, REQUESTS, Job, publish
from tests.support.s3_place import Place, Places

pytestmark = pytest.mark.system

KILLED = -9
READS = re.compile(r"(read|open|stat|list|is_prepared|get_|head_|list_)")
"""How the names of steps begin that change nothing."""
IN_PARTS = {"part_size": 1024, "stream_limit": 1024}


@dataclass(frozen=True)
class Scene:
    """A published 1.0.0, clients that know it, and what is to be done next."""

    project: Project
    copy: Callable[[], Place]
    job: Job
    new: str
    """What clients are offered when all is done."""
    unseen: bool
    """Whether clients see nothing of the job itself: promoting is another one."""


def scene(places: Places, base: Path, what: str, counted: str) -> Scene:
    project = Project(base / "project")
    template = places.new(**(IN_PARTS if counted == REQUESTS else {}))
    new = "1.0.0"
    project.add_release(new)
    if what == "refresh":  # snapshot and timestamp fall due at once, while clients still believe the old ones
        project.override(project.with_roles(snapshot=RolePolicy(threshold=1, expires=timedelta(hours=48))))
    project.publish(new, storage=template.prepared())
    project.now += timedelta(hours=30)
    command, _, version = what.partition(" ")
    if version:
        new = version
        project.add_release(new)
        project.build(new)
    if command == "promote":
        publish(project, f"stage {new}", template.storage())
    job = Job(project, template, places.server.admin.environment, what, counted)
    return Scene(project, places.copier(template), job, new, unseen=command == "stage")


def try_points(places: Places, base: Path, what: str, counted: str, every: int) -> None:
    it = scene(places, base, what, counted)
    steps = base / "steps.json"
    assert replace(it.job, place=it.copy()).run(steps) == 0
    points = [
        (number, after)
        for number, step in enumerate(json.loads(steps.read_text()), 1)
        if READS.match(step) is None or number % 10 == 1
        for after in (False, True)
    ]
    assert len(points) >= 4
    for number, after in points[::every]:
        where = f"killed {'after' if after else 'before'} step {number}"
        try_point(it, base / f"{number}-{after}", replace(it.job, place=it.copy(), at=number, after=after), where)


def try_point(it: Scene, base: Path, job: Job, where: str) -> None:
    place, project, old = job.place, it.project, base / "client"
    assert place.versions(project, old) == {"1.0.0"}
    assert job.run() == KILLED, where

    seen = place.versions(project, base / "fresh client")
    assert seen == {"1.0.0"} or (seen == {it.new} and not it.unseen), where
    assert place.versions(project, old) == seen, where
    assert refuting(place.audit(project).findings) == [], where

    assert replace(job, at=0).run() == 0, where
    if it.unseen:
        assert place.versions(project, old) == {"1.0.0"}, where
        assert replace(job, what=f"promote {it.new}", at=0).run() == 0, where
    assert place.versions(project, old) == place.versions(project, base / "another client") == {it.new}, where
    assert place.audit(project).findings == (), where
    assert verify_ledger(place.storage(), project.root, project.catalog.signers)[1].findings == (), where
    assert place.expires() == project.now + timedelta(hours=48), where


@pytest.mark.parametrize(
    ("what", "every"), [("release 1.1.0", 3), ("stage 1.1.0", 7), ("promote 1.1.0", 5), ("refresh", 3)]
)
def test_r80_killed_at_a_change(places: Places, tmp_path: Path, what: str, every: int) -> None:
    try_points(places, tmp_path, what, CHANGES, every)


@pytest.mark.nightly
@pytest.mark.parametrize("what", ["release 1.1.0", "stage 1.1.0", "promote 1.1.0", "refresh"])
@pytest.mark.parametrize("counted", [OPERATIONS, REQUESTS])
def test_r80_killed_anywhere(places: Places, tmp_path: Path, what: str, counted: str) -> None:
    try_points(places, tmp_path, what, counted, every=1)
