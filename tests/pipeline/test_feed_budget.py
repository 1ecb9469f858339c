"""What an update check costs while ten events require versions: requests, and bytes of bodies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from tuf.ngclient import FetcherInterface

from publisher.client.http import fetcher_for
from publisher.client.updater import UpdateClient
from tests.pipeline.test_announce import announce
from tests.support.approving import promote
from tests.support.project import Project
from tests.support.requiring import live_feeds, require, stage_announcement

KIB = 1024
REQUIRED = 10

TRIGGER = """\
trigger:
  kind: block
  chain: bittorrent-chain
  height: {height}
  seen: 40000000
  spacing_seconds: 3
  as_of: 2026-11-20T12:00:00Z
  earliest: {earliest}
  latest: {latest}
"""


@dataclass
class Counted(FetcherInterface):
    """Counts the requests of a client, and the bytes of the bodies that answer them."""

    inner: FetcherInterface
    requests: int = 0
    size: int = 0

    def _fetch(self, url: str) -> Iterator[bytes]:
        self.requests += 1
        for chunk in self.inner.fetch(url):
            self.size += len(chunk)
            yield chunk


def check(project: Project, state: Path) -> tuple[int, int]:
    """Requests, and bytes of bodies, of one update check."""
    url = project.bucket.as_uri()
    fetcher = Counted(fetcher_for(url))
    client = UpdateClient(url, project.root, state, fetcher, lambda: project.now)
    assert client.fetch_feed("node", "stable", "linux-amd64").release is not None
    return fetcher.requests, fetcher.size


def ten_events(project: Project) -> None:
    """Half of them wait for a block, as real forks do, with titles and audiences of real length."""
    for number in range(REQUIRED):
        event = f"mainnet-upgrade-of-the-storage-network-{number:02}"
        day = 4 + number
        require(
            project,
            f"2.{number}.0",
            event=event,
            starts=f"2027-01-{day:02} 12:00",
            more=", audiences: [hosts, exchanges]",
        )
        if number % 2 == 0:
            path = project.content / f"events/{event}.yaml"
            height = 40_000_000 + (45 + number) * 86_400 // 3
            earliest, latest = f"2027-01-{day - 1:02}T12:00:00Z", f"2027-01-{day + 1:02}T12:00:00Z"
            path.write_text(path.read_text() + TRIGGER.format(height=height, earliest=earliest, latest=latest))
    project.forget()


def test_an_update_check_stays_within_its_budget_while_ten_events_require_versions(published: Project) -> None:
    yesterday, cold = published.base / "yesterday", published.base / "cold"
    check(published, yesterday)
    ten_events(published)
    announce(published)
    assert len(live_feeds(published)["linux-amd64"].requirements) == REQUIRED

    published.now += timedelta(days=1)
    published.publish("1.1.0", storage=published.storage())
    requests, size = check(published, yesterday)
    assert (requests <= 8, size <= 20 * KIB) == (True, True), (requests, size)
    requests, size = check(published, cold)
    assert (requests <= 11, size <= 40 * KIB) == (True, True), (requests, size)
    requests, size = check(published, cold)
    assert (requests, size <= 2 * KIB) == (2, True), (requests, size)


def test_a_requirement_costs_a_client_that_has_nothing_new_nothing(published: Project) -> None:
    """Feeds that change are fetched once; what is asked each time is the timestamp."""
    state = published.base / "client"
    check(published, state)
    before = check(published, state)
    ten_events(published)
    stage_announcement(published)
    assert check(published, state) == before
    published.approve("1.0.0")
    promote(published)
    check(published, state)
    requests, size = check(published, state)
    assert (requests, abs(size - before[1]) < 64) == (before[0], True)
