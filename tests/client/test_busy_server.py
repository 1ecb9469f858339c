"""Metadata and feeds from servers that fail now and then, or ask for time: waited for, and not for ever."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from publisher.client.network.http import WebFetcher
from publisher.client.network.patience import TRIES
from publisher.client.updater import UpdateClient
from publisher.wire.errors import Code, TransferError
from tests.client.conftest import ASK, Run, SetClock
from tests.support.mirror import Mirror, Trouble, breaks_after, status
from tests.support.tuf_repository import Bucket, a_feed
from tests.support.waiting import NOW, Waiting

pytestmark = pytest.mark.loopback


@pytest.fixture
def client(server: Mirror, bucket: Bucket, tmp_path: Path, waiting: Waiting) -> UpdateClient:
    fetcher = WebFetcher({}, "test", retries=0)
    return UpdateClient(server.url, bucket.root_bytes, tmp_path / "state", fetcher, waiting.clock, waiting.patience())


def well_then(count: int, trouble: Trouble) -> list[Trouble]:
    """So many good answers before this one."""
    return [lambda handler, data, start: breaks_after(len(data))(handler, data, start)] * count + [trouble]


@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("trouble", [status(502), status(429), breaks_after(7)], ids=["502", "429", "breaks"])
def test_each_file_of_a_check_is_asked_for_again(
    client: UpdateClient, server: Mirror, waiting: Waiting, place: int, trouble: Trouble
) -> None:
    """Next root, timestamp, snapshot, targets, the role and the feed; there is no next root, so no bytes of it."""
    server.everywhere = [status(404), *well_then(5, status(404))]
    server.everywhere[place:place] = [trouble]
    if place == 0 and "breaks" in trouble.__qualname__:
        server.everywhere[0] = status(500)
    assert client.fetch_feed(*ASK).release is not None
    assert waiting.slept == [1]
    paths = [path for path, _ in server.asked]
    assert paths[place] == paths[place + 1]
    assert len(paths) == 7


def test_retry_after_is_followed_as_seconds_and_as_a_date(
    client: UpdateClient, server: Mirror, waiting: Waiting
) -> None:
    date = {"Date": format_datetime(NOW, usegmt=True)}
    later = format_datetime(NOW + timedelta(seconds=35), usegmt=True)
    server.everywhere = [
        status(503, **{"Retry-After": "25"}),
        status(429, **{"Retry-After": later, **date}),
    ]
    client.fetch_feed(*ASK)
    assert waiting.slept == [25, 35]


def test_a_server_that_asks_for_an_hour_is_told_and_nothing_is_lost(
    client: UpdateClient, bucket: Bucket, server: Mirror, waiting: Waiting
) -> None:
    client.fetch_feed(*ASK)
    bucket.release(a_feed(version="4.2.0"))
    server.everywhere = [status(404), status(503, **{"Retry-After": "3600"})]
    with pytest.raises(TransferError) as caught:
        client.fetch_feed(*ASK)
    assert caught.value.what == (
        f"cannot check for updates: {server.url}/tuf/metadata/timestamp.json was answered with status 503;"
        " it asks to wait until 2026-11-20 13:00:00 UTC"
    )
    assert (caught.value.code, waiting.slept) == (Code.UNREACHABLE, [])
    release = client.fetch_feed(*ASK).release
    assert release is not None
    assert str(release.version) == "4.2.0"


def test_all_metadata_of_a_check_shares_one_patience(client: UpdateClient, server: Mirror, waiting: Waiting) -> None:
    busy = status(503, **{"Retry-After": "70"})
    server.everywhere = [status(404), busy, *well_then(1, busy)]
    with pytest.raises(TransferError, match="asks to wait until"):
        client.fetch_feed(*ASK)
    assert waiting.slept == [70]


def test_while_the_server_asks_for_time_what_was_verified_last_is_reported(
    client: UpdateClient, server: Mirror
) -> None:
    client.fetch_feed(*ASK)
    server.everywhere = [status(503, **{"Retry-After": "3600"})] * 9
    assert client.fetch_or_recall(*ASK).feed.release is not None


def test_the_command_waits_too(
    run: Run, server: Mirror, monkeypatch: pytest.MonkeyPatch, set_clock: SetClock, waiting: Waiting
) -> None:
    set_clock(waiting.now.isoformat())
    monkeypatch.setattr("publisher.client.cli.time.sleep", waiting.sleep)
    monkeypatch.setattr("publisher.client.cli.random.random", lambda: 1.0)
    server.everywhere = [status(503, **{"Retry-After": "8"})]
    code, _, err = run("check", "--current", "4.0.0", url=server.url)
    assert (code, waiting.slept) == (0, [10])
    assert err == "tidegate: waiting for 10 seconds before the server is asked again\n"
    server.everywhere = [status(503)] * 99
    assert run("check", "--current", "4.0.0", url=server.url)[0] == 5
    assert len(waiting.slept) == TRIES
