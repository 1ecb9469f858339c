"""A clock that is wrong: refused, in words that name both clocks. The server's is a hint, and decides nothing."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from urllib3.exceptions import MaxRetryError, SSLError

from publisher.client.network.http import WebFetcher
from publisher.client.updater import UpdateClient
from publisher.wire.errors import ExpiredError
from tests.client.conftest import ASK
from tests.support.mirror import Mirror, Trouble, head
from tests.support.tuf_repository import Bucket, a_feed
from tests.support.waiting import Waiting

pytestmark = pytest.mark.loopback

TODAY = datetime(2026, 11, 20, 12, tzinfo=UTC)
HINT = "this machine's clock may be wrong"


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """A bucket whose timestamp is valid for a day."""
    bucket = Bucket(tmp_path / "bucket")
    bucket.expires["timestamp"] = TODAY + timedelta(days=1)
    bucket.release(a_feed())
    return bucket


@pytest.fixture
def waiting() -> Waiting:
    return Waiting(TODAY)


@pytest.fixture
def client(server: Mirror, bucket: Bucket, tmp_path: Path, waiting: Waiting) -> UpdateClient:
    fetcher = WebFetcher({}, "test", retries=0)
    return UpdateClient(server.url, bucket.root_bytes, tmp_path / "state", fetcher, waiting.clock)


def dated(moment: datetime | str) -> Trouble:
    """Answers well, by a clock that shows this."""
    text = moment if isinstance(moment, str) else format_datetime(moment, usegmt=True)

    def trouble(handler: object, data: bytes, start: int) -> None:
        handler.date_time_string = lambda *_: text  # type: ignore[attr-defined]
        if data:
            head(handler, data, start)  # type: ignore[arg-type]
            handler.wfile.write(data)  # type: ignore[attr-defined]
        else:
            handler.send_error(404)  # type: ignore[attr-defined]

    return trouble


def refused(client: UpdateClient, server: Mirror, moment: datetime | str) -> ExpiredError:
    server.everywhere = [dated(moment)] * 99
    with pytest.raises(ExpiredError) as caught:
        client.fetch_feed(*ASK)
    return caught.value


def test_a_clock_that_is_ahead_is_told_what_the_server_s_clock_shows(
    client: UpdateClient, server: Mirror, waiting: Waiting
) -> None:
    waiting.now = TODAY + timedelta(days=9)
    error = refused(client, server, TODAY)
    assert f"{HINT}: it shows 2026-11-29 12:00 UTC, the server's 2026-11-20 12:00 UTC" in error.what
    assert "have expired" in error.what
    assert error.fix.startswith("set this machine's clock if it is wrong")


def test_the_brakes_say_so_too(client: UpdateClient, bucket: Bucket, server: Mirror, waiting: Waiting) -> None:
    bucket.expires["timestamp"] = TODAY + timedelta(days=99)
    bucket.brakes, bucket.expires["brakes"] = True, TODAY + timedelta(days=1)
    bucket.publish()
    waiting.now = TODAY + timedelta(days=9)
    error = refused(client, server, TODAY)
    assert "the brakes of this channel have expired" in error.what
    assert HINT in error.what


@pytest.mark.parametrize("minutes", [-60, 0, 60])
def test_clocks_that_agree_within_an_hour_are_not_doubted(
    client: UpdateClient, server: Mirror, waiting: Waiting, minutes: int
) -> None:
    waiting.now = TODAY + timedelta(days=9)
    assert HINT not in refused(client, server, waiting.now + timedelta(minutes=minutes)).what


@pytest.mark.parametrize("text", ["", "yesterday", "Fri, 31 Dec 99999 23:59:59 GMT"])
def test_a_server_without_a_clock_is_not_quoted(
    client: UpdateClient, server: Mirror, waiting: Waiting, text: str
) -> None:
    waiting.now = TODAY + timedelta(days=9)
    assert HINT not in refused(client, server, text).what


def test_the_server_s_clock_decides_nothing(client: UpdateClient, server: Mirror, waiting: Waiting) -> None:
    """Neither does one that says "not yet" revive what has expired, nor does a later one expire what is valid."""
    server.everywhere = [dated(TODAY + timedelta(days=999))] * 99
    client.fetch_feed(*ASK)
    waiting.now = TODAY + timedelta(days=2)
    for _ in range(2):
        refused(client, server, TODAY)


def test_a_wrong_clock_loses_nothing(client: UpdateClient, server: Mirror, waiting: Waiting, tmp_path: Path) -> None:
    client.fetch_feed(*ASK)
    kept = {path: path.read_bytes() for path in (tmp_path / "state/metadata").glob("*.json")}
    waiting.now = TODAY + timedelta(days=9000)
    refused(client, server, TODAY)
    assert {path: path.read_bytes() for path in (tmp_path / "state/metadata").glob("*.json")} == kept
    # It was ahead only: set right, the channel stays refused no longer than the timestamp that was known then lasts.
    waiting.now = TODAY
    assert "set the clock" in refused(client, server, TODAY).fix


@pytest.mark.parametrize("words", ["certificate has expired", "certificate is not yet valid"])
def test_a_certificate_that_the_clock_refuses_points_at_the_clock(
    server: Mirror, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    def refuse(*_: object) -> None:
        reason = SSLError(ssl.SSLCertVerificationError(1, f"certificate verify failed: {words} (_ssl.c:1000)"))
        raise MaxRetryError(None, "/", reason)  # type: ignore[arg-type]

    fetcher = WebFetcher({}, "test", retries=0)
    monkeypatch.setattr(WebFetcher, "_get", refuse)
    with pytest.raises(Exception, match=r"by this machine's clock, which may be wrong"):
        fetcher.download_bytes("https://updates.example/", 10)
