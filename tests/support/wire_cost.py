"""What an update check costs on the wire: requests, and bytes of bodies; for a budget and for the bench."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tuf.ngclient import FetcherInterface

from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from tests.support.project import Project
from tests.support.requiring import require

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
