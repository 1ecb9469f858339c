"""Two operators who want the opposite at once: one change is whole, the loser is told, and what stops always lands.

Both plan on the same state, and go on at the same moment, in threads on one store. `make nightly` runs many rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import TypeVar

import pytest

from publisher.channel.audit.channel import audit
from publisher.channel.ledger.entries import Head
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.errors import InputError, StorageConflict
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.recover import Recovery, apply_recover, survey_bucket
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, plan_promote
from publisher.storage.protocol import Storage
from publisher.wire.version import Version
from tests.support.braking import hold, reject, stopped, take_back, withdraw
from tests.support.flaky import FlakyStorage
from tests.support.project import Project

Result = TypeVar("Result")
Act = Callable[[Project, Storage], object]
SECONDS = 60
LIVE, STAGED = Version.parse("1.1.0"), Version.parse("1.2.0")


@dataclass
class Meeting(FlakyStorage):
    """Waits before its first change until the other one is about to make one as well."""

    barrier: Barrier = field(default_factory=lambda: Barrier(1))
    met: bool = False

    def _change(self, what: str, act: Callable[[], Result]) -> Result:
        if not self.met and what != "prepare":
            self.met = True
            try:
                self.barrier.wait(SECONDS)
            except BrokenBarrierError as error:
                raise AssertionError("the other one never got as far as writing") from error
        return super()._change(what, act)


def at_once(project: Project, *acts: Act) -> list[StorageConflict | None]:
    """What each of them was told; None for who was not in anybody's way."""
    barrier = Barrier(len(acts))

    def run(act: Act) -> StorageConflict | None:
        try:
            act(project, Meeting(project.storage(), barrier=barrier))
        except StorageConflict as error:
            return error
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


ROUNDS = pytest.mark.parametrize("rounds", [1, pytest.param(40, marks=pytest.mark.nightly)])


@pytest.fixture
def made(tmp_path: Path) -> Callable[[int], Project]:
    """Projects in which 1.1.0 is live after 1.0.0, and 1.2.0 is staged and approved."""

    def make(number: int) -> Project:
        project = Project(tmp_path / f"{number}")
        for version in ("1.0.0", "1.1.0"):
            project.publish(version)
        project.add_release("1.2.0")
        project.stage("1.2.0")
        project.approve("1.2.0")
        project.now += timedelta(hours=1)
        assert project.catalog is not None
        return project

    return make


def promote(project: Project, storage: Storage) -> None:
    request, staged = PromoteRequest("node", "stable"), project.staged(storage=storage)
    plan = plan_promote(request, staged, project.catalog, project.look(storage), project.key_ring(), project.now)
    apply_promote(plan, project.catalog, storage, lambda: project.now)


def first_state(project: Project) -> Head:
    return survey_bucket(project.storage(), project.root, project.catalog.signers).states[-1].head


def recover(project: Project, storage: Storage) -> None:
    survey = survey_bucket(storage, project.root, project.catalog.signers)
    work = Recovery(survey, storage, project.root, project.catalog, project.key_ring(), project.now)
    apply_recover(work.put_back(first_state(project), disown=True), storage)


def ships(project: Project) -> str:
    offered = project.look().offered("node", "stable").values()
    [version] = {str(feed.release.version) for feed in offered if feed.release}
    return version


def whole(project: Project) -> None:
    """Everything verifies, in the bucket and for a client that knows what was there before."""
    assert audit(StoreSource(project.storage()), project.root, project.now).sound
    assert verify_ledger(project.storage(), project.root, project.catalog.signers)[1].sound
    url = project.bucket.as_uri()
    client = UpdateClient(url, project.root, project.base / "client", fetcher_for(url), lambda: project.now)
    client.fetch_feed("node", "stable", "linux-amd64")


def told(error: StorageConflict | None) -> bool:
    """Whether somebody lost; then they know, and what to do."""
    assert error is None or (error.what and error.fix)
    return error is not None


@ROUNDS
def test_r80_a_hold_lands_whoever_promotes_at_that_moment(made: Callable[[int], Project], rounds: int) -> None:
    for number in range(rounds):
        project = made(number)
        whole(project)
        held, promoted = at_once(project, lambda p, s: hold(p, "1.2.0", s), promote)
        assert held is None
        assert stopped(project).stops(STAGED, "linux-amd64")
        assert ships(project) == ("1.1.0" if told(promoted) else "1.2.0")
        whole(project)


@ROUNDS
def test_a_withdrawal_lands_whoever_rolls_back_at_that_moment(made: Callable[[int], Project], rounds: int) -> None:
    for number in range(rounds):
        project = made(number)
        whole(project)
        withdrawn, back = at_once(
            project, lambda p, s: withdraw(p, "1.1.0", storage=s), lambda p, s: take_back(p, "1.1.0", s)
        )
        assert withdrawn is None
        assert stopped(project).withdrawal_of(LIVE, "linux-amd64") is not None
        assert ships(project) == ("1.1.0" if told(back) else "1.0.0")
        whole(project)


@ROUNDS
def test_two_holds_at_once_both_land(made: Callable[[int], Project], rounds: int) -> None:
    for number in range(rounds):
        project = made(number)
        whole(project)
        assert at_once(
            project, lambda p, s: hold(p, "1.1.0", s), lambda p, s: hold(p, "1.2.0", s, because="It eats the disk.")
        ) == [None, None]
        assert {brake.version for brake in stopped(project).holds} == {LIVE, STAGED}
        whole(project)


@ROUNDS
def test_a_withdrawal_lands_whoever_recovers_at_that_moment(made: Callable[[int], Project], rounds: int) -> None:
    for number in range(rounds):
        project = made(number)
        whole(project)
        withdrawn, recovered = at_once(project, lambda p, s: withdraw(p, "1.1.0", storage=s), recover)
        assert withdrawn is None
        assert stopped(project).withdrawal_of(LIVE, "linux-amd64") is not None
        assert ships(project) == ("1.1.0" if told(recovered) else "1.0.0")
        assert verify_ledger(project.storage(), project.root, project.catalog.signers)[1].sound


@ROUNDS
def test_a_no_and_a_promotion_at_once_are_never_both_in_effect(made: Callable[[int], Project], rounds: int) -> None:
    """Whoever says no to what has just gone live is told so, and holds it."""
    for number in range(rounds):
        project = made(number)
        whole(project)
        digest = project.staged().candidate.digest

        def say_no(project: Project, storage: Storage) -> None:
            try:
                reject(project, "1.2.0", storage)
            except InputError as error:
                raise StorageConflict(error.what, fix=error.fix) from error

        rejected, promoted = at_once(project, say_no, promote)
        assert told(rejected) != told(promoted)
        assert (stopped(project).rejected, ships(project)) == (
            ((), "1.2.0") if told(rejected) else ((digest,), "1.1.0")
        )
        whole(project)
