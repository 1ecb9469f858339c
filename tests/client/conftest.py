"""A bucket, a client for it, and no way to the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from pytest_socket import socket_allow_hosts
from tuf.ngclient import FetcherInterface

from publisher.client import cli
from publisher.client.cli import main, wall_clock
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from tests.support.mirror import Mirror, mirrored
from tests.support.tuf_repository import Bucket, a_feed
from tests.support.waiting import Waiting

Run = Callable[..., tuple[int, str, str]]
SetClock = Callable[[str], None]

ASK = ("btfs-node", "stable", "linux-amd64")
"""What the client of these tests asks for."""


def empty(directory: Path) -> bool:
    return not list(directory.iterdir())


@pytest.fixture(autouse=True)
def only_this_machine() -> None:
    socket_allow_hosts(["127.0.0.1", "::1"])


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """A bucket with btfs-node 4.1.0 for linux-amd64, signed by alice and bob."""
    bucket = Bucket(tmp_path / "bucket")
    bucket.release(a_feed())
    return bucket


@pytest.fixture
def server(bucket: Bucket) -> Iterator[Mirror]:
    """The bucket behind a real server, which can be told to fail; for tests that are marked `loopback`."""
    with mirrored(bucket.directory) as running:
        yield running


@pytest.fixture
def waiting() -> Waiting:
    """A clock that only waiting moves."""
    return Waiting()


@pytest.fixture
def to(tmp_path: Path) -> Path:
    """An empty download directory."""
    directory = tmp_path / "downloads"
    directory.mkdir()
    return directory


class CountingFetcher(FetcherInterface):
    """Remembers the addresses that were asked for, below the bucket's."""

    def __init__(self, url: str) -> None:
        self.inner = fetcher_for(url)
        self.prefix = f"{url}/tuf/"
        self.asked: list[str] = []

    def _fetch(self, url: str) -> Iterator[bytes]:
        self.asked.append(url.removeprefix(self.prefix))
        return self.inner.fetch(url)


@pytest.fixture
def fetcher(bucket: Bucket) -> CountingFetcher:
    return CountingFetcher(bucket.url)


@pytest.fixture
def client(bucket: Bucket, fetcher: CountingFetcher, tmp_path: Path) -> UpdateClient:
    """A client with an empty state directory."""
    return UpdateClient(bucket.url, bucket.root_bytes, tmp_path / "state", fetcher, wall_clock)


@pytest.fixture
def fresh_client(bucket: Bucket, tmp_path: Path) -> Callable[[], UpdateClient]:
    """Makes further clients, each with a state directory of its own."""
    made: list[int] = []

    def make() -> UpdateClient:
        made.append(1)
        state = tmp_path / f"state-{len(made)}"
        return UpdateClient(bucket.url, bucket.root_bytes, state, fetcher_for(bucket.url), wall_clock)

    return make


@pytest.fixture
def run(bucket: Bucket, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `tidegate` on the bucket: (exit code, output, errors)."""
    (tmp_path / "root.json").write_bytes(bucket.root_bytes)

    def run(command: str, *words: str, **changes: str) -> tuple[int, str, str]:
        options = {
            "url": bucket.url,
            "root": str(tmp_path / "root.json"),
            "product": "btfs-node",
            "channel": "stable",
            "platform": "linux-amd64",
            "state": str(tmp_path / "state"),
        } | changes
        code = main([command, *(part for name, value in options.items() for part in (f"--{name}", value)), *words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> SetClock:
    """Sets the clock of the command."""
    return lambda moment: monkeypatch.setattr(cli, "wall_clock", lambda: datetime.fromisoformat(moment))
