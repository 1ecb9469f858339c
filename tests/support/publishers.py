"""Publishers in processes of their own, on the real S3 server; what the crash and race tests run.

They are forked from a small server process that has loaded everything once, so each costs a few hundredths of a second.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.context import ForkServerContext
from pathlib import Path
from threading import BrokenBarrierError
from typing import Any

from publisher.errors import StorageConflict
from publisher.pipeline.candidates.staged import staged_release
from publisher.pipeline.ledger_append import append
from publisher.pipeline.objects.writing import write_objects
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.progress import silent
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, live_version, plan_promote
from publisher.pipeline.release.release import ReleasePlan, apply_release, plan_release
from publisher.pipeline.release.stage import apply_stage, plan_stage
from publisher.storage.protocol import Storage
from publisher.storage.s3 import claim
from tests.support.braking import hold, reject, take_back, withdraw
from tests.support.killing import Fuse, KillingStorage, fused_requests
from tests.support.project import Project
from tests.support.s3_place import Place

CHANGES, OPERATIONS, REQUESTS = "changes", "operations", "requests"
SECONDS = 120
"""No publisher of these tests needs longer."""


def processes() -> ForkServerContext:
    """Where to start them."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


@dataclass(frozen=True)
class Job:
    """One run of a publisher: what it does, and where it is killed."""

    project: Project
    place: Place
    environment: Mapping[str, str]
    what: str
    """`release VERSION`, `stage VERSION`, `promote VERSION` (which signs first), `refresh`, or one of STOPS VERSION."""
    counted: str = CHANGES
    at: int = 0
    after: bool = False

    def run(self, report: Path | None = None) -> int | None:
        """The exit code; -9 when it was killed. The steps that it took go to `report`."""
        process = processes().Process(target=_work, args=(self, report))
        process.start()
        process.join(SECONDS)
        if process.is_alive():
            process.kill()
            raise TimeoutError(f"{self.what} did not end")
        return process.exitcode


def _work(job: Job, report: Path | None) -> None:
    os.environ.update(job.environment)
    fuse = Fuse(job.at, job.after)
    inner = job.place.storage()
    storage: Storage = (
        fused_requests(inner, fuse)
        if job.counted == REQUESTS
        else KillingStorage(inner, fuse, reads=job.counted == OPERATIONS)
    )
    claim.CLAIM_DEAD = timedelta(0)  # of one who was killed; nobody else is at work here
    publish(job.project, job.what, storage)
    if report is not None:
        report.write_text(json.dumps(fuse.steps))


STOPS: Mapping[str, Callable[[Project, str, Storage], object]] = {
    "hold": hold,
    "withdraw": lambda project, version, storage: withdraw(project, version, storage=storage),
    "rollback": take_back,
    "reject": reject,
}
"""What one person on call does about a version."""


def publish(project: Project, what: str, storage: Storage) -> None:
    """What a publisher does."""
    command, _, version = what.partition(" ")
    if command in STOPS:
        STOPS[command](project, version, storage)
        return
    catalog, ring, now = project.catalog, project.key_ring(), project.now
    if command == "refresh":
        plan_refresh(project.look(storage), catalog, ring, now).apply(storage)
    elif command == "stage":
        apply_stage(plan_stage(project.request(version), catalog, project.look(storage), ring, now), storage)
    elif command == "promote":
        request = PromoteRequest("node", "stable")
        staged = staged_release(storage, request.role, catalog.signers)
        if staged is None:
            assert str(live_version(request, project.look(storage))) == version
            return
        if (
            str(live_version(request, project.look(storage))) != version
        ):  # else a killed run has flipped, and people are done
            project.approve(version, storage=storage)
        signed = project.staged(storage=storage)
        apply_promote(
            plan_promote(request, signed, catalog, project.look(storage), ring, now),
            catalog,
            storage,
            lambda: now,
        )
    else:
        project.publish(version, storage=storage)


# --- races

STAGING, FLIP = "staging", "flip"


@dataclass(frozen=True)
class Round:
    """Who publishes what, and where they begin at once: at the staging pointer, or at the first file of the flip."""

    number: int
    start: str
    channels: tuple[str, ...]

    def version(self, worker: int) -> str:
        return f"1.{self.number}.{worker}"


def race(
    project: Project,
    place: Place,
    environment: Mapping[str, str],
    rounds: list[Round],
    worker: int,
    barrier: Any,
    turn: Any,
    results: Any,
) -> None:
    """One publisher through all rounds: plans on the same state as the others, then goes on at the same time."""
    os.environ.update(environment)
    storage = place.storage()
    for one in rounds:
        try:
            plan = _planned(project, storage, one, worker)
            if one.start == FLIP:
                with turn:  # all have staged in the place of the same pointer, and none has swapped it
                    write_objects((*plan.stage.objects, *plan.signatures), storage, silent)
                    assert plan.stage.pointer is not None
                    append(plan.stage.pointer.entry, storage)
            barrier.wait(SECONDS)
            told = _applied(project, plan, storage, one)
        except BrokenBarrierError:
            return
        except Exception as error:
            barrier.abort()
            results.put((one.number, worker, f"{type(error).__name__}: {error}", False))
            raise
        results.put((one.number, worker, told, told == ""))
        barrier.wait(SECONDS)
        barrier.wait(SECONDS)  # the test has looked


def _planned(project: Project, storage: Storage, one: Round, worker: int) -> ReleasePlan:
    version = one.version(worker)
    request = project.request(version, channel=one.channels[worker])
    return plan_release(request, project.catalog, project.look(storage), project.key_ring(), project.now, replace=True)


def _applied(project: Project, plan: ReleasePlan, storage: Storage, one: Round) -> str:
    """Empty for the winner, what the others are told."""
    try:
        if one.start == FLIP:
            apply_promote(plan.promote, project.catalog, storage, lambda: project.now)
        else:
            apply_release(plan, project.catalog, storage, lambda: project.now)
    except StorageConflict as error:
        return error.what
    return ""
