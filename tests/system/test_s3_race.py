"""Four publishers at once, processes each with a version of its own, on the real S3 server.

In each round all plan on the same state and go on at the same moment: every other round at the staging pointer, the
others at the flip, where they publish to one channel or to two. One wins, every loser is told, and nothing is lost or
half published. 50 rounds in CI, 500 in `make nightly`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.pipeline.ledger_append import verify_ledger
from tests.support.broken_off import refuting
from tests.support.project import Project
from tests.support.publishers import FLIP, SECONDS, STAGING, Round, processes, race
from tests.support.s3_place import Place, Places

pytestmark = pytest.mark.system

WORKERS = 4
STABLE = ("stable",) * WORKERS
BOTH = ("stable", "beta") * (WORKERS // 2)
STARTS = ((STAGING, STABLE), (FLIP, STABLE), (STAGING, BOTH), (FLIP, BOTH))


@pytest.mark.parametrize("count", [50, pytest.param(500, marks=pytest.mark.nightly)])
def test_r80_one_publisher_wins_and_the_others_are_told(places: Places, tmp_path: Path, count: int) -> None:
    project = Project(tmp_path / "project")
    place = places.new()
    rounds = [Round(number, *STARTS[number % len(STARTS)]) for number in range(1, count + 1)]
    for one in rounds:
        for worker in range(WORKERS):
            project.add_release(one.version(worker), channels="stable, beta")
            project.build(one.version(worker))
    project.add_release("1.0.0", channels="stable, beta")
    project.publish("1.0.0", storage=place.prepared())
    project.publish("1.0.0", channel="beta", storage=place.storage())

    context = processes()
    barrier, turn, results = context.Barrier(WORKERS + 1), context.Lock(), context.Queue()
    arguments = (project, place, places.server.admin.environment, rounds)
    crew = [
        context.Process(target=race, args=(*arguments, worker, barrier, turn, results)) for worker in range(WORKERS)
    ]
    live = {"stable": "1.0.0", "beta": "1.0.0"}
    for process in crew:
        process.start()
    try:
        for one in rounds:
            barrier.wait(SECONDS)
            barrier.wait(SECONDS)
            told = {worker: (said, won) for _, worker, said, won in (results.get(timeout=10) for _ in range(WORKERS))}
            winners = [worker for worker, (_, won) in told.items() if won]
            assert len(winners) == 1, (one, told)
            live[one.channels[winners[0]]] = one.version(winners[0])
            look(place, project, tmp_path / "client", live, thorough=one.number % 10 == 0)
            barrier.wait(SECONDS)
    except BaseException:
        barrier.abort()
        raise
    finally:
        for process in crew:
            process.join(10)
            if process.is_alive():
                process.kill()
    assert [process.exitcode for process in crew] == [0] * WORKERS
    ledger, found = verify_ledger(place.storage(), project.root, project.catalog.signers)
    assert found.findings == ()
    shipped = [one.entry.result for one in ledger.logged if one.entry and one.entry.result]
    assert len(shipped) >= count + 2


def look(place: Place, project: Project, state: Path, live: dict[str, str], *, thorough: bool) -> None:
    """A client that has seen every round sees the winner's; now and then the audit looks at everything."""
    assert place.versions(project, state) == {live["stable"]}
    if thorough:
        assert refuting(place.audit(project).findings) == []
