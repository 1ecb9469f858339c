"""Trying again: when, how often, and how long at most. No test waits."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError, LengthOrHashMismatchError, SlowRetrievalError

from publisher.client.network.failures import (
    AllFailed,
    AskedToWait,
    Failure,
    ProxyRefused,
    StatusError,
    Unreachable,
)
from publisher.client.network.patience import PATIENCE, TRIES, impatient
from publisher.client.tuf_errors import translate
from publisher.wire.errors import ClientVerificationError, Code, TransferError
from tests.support.waiting import NOW, Waiting

A, B, C = (f"https://{name}.example/file" for name in "abc")


class Server:
    """Fails as it is told, in this order for each address, and then delivers."""

    def __init__(self, *failures: Failure, **others: list[Failure]) -> None:
        self.failures = {A: list(failures), B: others.get("b", []), C: others.get("c", [])}
        self.asked: list[str] = []

    def __call__(self, address: str) -> str:
        self.asked.append(address)
        if self.failures[address]:
            raise self.failures[address].pop(0)
        return address


def busy(after: timedelta | datetime | None = None, code: int = 503) -> StatusError:
    return StatusError(A, code, after)


@pytest.mark.parametrize("failure", [busy(), busy(code=500), busy(code=429), busy(code=502), Unreachable("broke")])
def test_what_may_pass_is_asked_for_again_after_longer_and_longer_pauses(waiting: Waiting, failure: Failure) -> None:
    server = Server(failure, failure)
    assert waiting.patience().first_of([A], server)[0] == A
    assert waiting.slept == [1, 2]


def test_it_is_not_asked_for_without_end(waiting: Waiting) -> None:
    server = Server(*[Unreachable("broke")] * 100)
    with pytest.raises(Unreachable):
        waiting.patience().first_of([A], server)
    assert len(server.asked) == TRIES


@pytest.mark.parametrize(
    "failure",
    [
        busy(code=404),
        busy(code=403),
        busy(code=410),
        DownloadHTTPError("of another fetcher", 400),
        SlowRetrievalError("slow"),
        LengthOrHashMismatchError("wrong"),
        ClientVerificationError("a web page", code=Code.WEB_PAGE),
        DownloadError("redirects to something weaker"),
    ],
)
def test_what_will_not_pass_is_asked_for_once(waiting: Waiting, failure: Failure) -> None:
    server = Server(failure)
    with pytest.raises(type(failure)):
        waiting.patience().first_of([A], server)
    assert (server.asked, waiting.slept) == ([A], [])


@pytest.mark.parametrize("after", [timedelta(seconds=30), NOW + timedelta(seconds=30)], ids=["seconds", "a moment"])
@pytest.mark.parametrize("code", [503, 429, 502])
def test_a_server_is_asked_when_it_says_and_not_before(
    waiting: Waiting, after: timedelta | datetime, code: int
) -> None:
    assert waiting.patience().first_of([A], Server(busy(after, code)))[0] == A
    assert waiting.slept == [30]


def test_pauses_are_drawn_out_by_chance_so_that_not_all_clients_come_back_at_once(waiting: Waiting) -> None:
    waiting.patience(chance=1.0).first_of([A], Server(busy(timedelta(seconds=40)), busy()))
    assert waiting.slept == [50, 2.5]


def test_a_server_that_names_times_is_followed_as_long_as_patience_lasts(waiting: Waiting) -> None:
    server = Server(*[busy(timedelta(seconds=20))] * 5)
    assert waiting.patience().first_of([A], server)[0] == A
    assert (waiting.slept, len(server.asked)) == ([20] * 5, TRIES + 3)
    with pytest.raises(AskedToWait):
        waiting.patience().first_of([A], Server(*[busy(timedelta(seconds=20))] * 100))
    assert sum(waiting.slept[5:]) <= PATIENCE


@pytest.mark.parametrize("after", [timedelta(0), timedelta(days=-3), NOW - timedelta(days=3)])
def test_a_server_that_says_at_once_is_not_asked_in_a_tight_loop(waiting: Waiting, after: timedelta | datetime) -> None:
    with pytest.raises(AskedToWait):
        waiting.patience().first_of([A], Server(*[busy(after)] * 100))
    assert waiting.slept == [1, 2, 4, 8, 16, 32]


@pytest.mark.parametrize("after", [timedelta(hours=1), NOW + timedelta(hours=1)], ids=["seconds", "a moment"])
def test_a_server_that_asks_for_too_much_is_not_waited_for_and_its_time_is_named(
    waiting: Waiting, after: timedelta | datetime
) -> None:
    server = Server(busy(after))
    with pytest.raises(AskedToWait) as caught:
        waiting.patience().first_of([A], server)
    error = translate(caught.value, "check for updates")
    assert "it asks to wait until 2026-11-20 13:00:00 UTC" in error.what
    assert (type(error), error.code) == (TransferError, Code.UNREACHABLE)
    assert error.fix == "keep what you run, and try again after that"
    assert (server.asked, waiting.slept) == ([A], [])


def test_patience_is_one_for_all_files_until_it_is_fresh(waiting: Waiting) -> None:
    patience = waiting.patience(seconds=50)
    patience.first_of([A], Server(busy(timedelta(seconds=40))))
    with pytest.raises(AskedToWait):
        patience.first_of([A], Server(busy(timedelta(seconds=40))))
    patience.fresh().first_of([A], Server(busy(timedelta(seconds=40))))
    assert waiting.slept == [40, 40]


def test_without_patience_nothing_is_asked_for_twice(waiting: Waiting) -> None:
    for failure in (Unreachable("broke"), busy(), busy(timedelta(0))):
        server = Server(failure)
        with pytest.raises(DownloadError):
            impatient(waiting.clock).first_of([A], server)
        assert server.asked == [A]


# Several addresses.


def test_the_next_address_is_asked_at_once_and_failures_are_known(waiting: Waiting) -> None:
    first, second = busy(timedelta(seconds=5)), LengthOrHashMismatchError("wrong")
    assert waiting.patience().first_of([A, B, C], Server(first, b=[second])) == (C, {A: first, B: second})
    assert waiting.slept == []


def test_addresses_that_may_recover_are_asked_again_each_at_its_time(waiting: Waiting) -> None:
    server = Server(
        busy(timedelta(seconds=60)),
        b=[LengthOrHashMismatchError("wrong")],
        c=[StatusError(C, 503, timedelta(seconds=20)), StatusError(C, 404)],
    )
    assert waiting.patience().first_of([A, B, C], server)[0] == A
    assert server.asked == [A, B, C, C, A]
    assert waiting.slept == [20, 40]


def test_a_proxy_that_wants_a_password_is_not_asked_for_every_address(waiting: Waiting) -> None:
    server = Server(ProxyRefused("no"))
    with pytest.raises(ProxyRefused):
        waiting.patience().first_of([A, B], server)
    assert server.asked == [A]


def failing(waiting: Waiting, *failures: Failure) -> AllFailed:
    named = dict(zip((A, B, C), failures, strict=False))

    def attempt(address: str) -> None:
        raise named[address]

    with pytest.raises(AllFailed) as caught:
        waiting.patience(seconds=0).first_of(list(named), attempt)
    return caught.value


def test_the_error_names_every_address_with_its_reason(waiting: Waiting) -> None:
    error = translate(
        failing(waiting, busy(timedelta(hours=1)), StatusError(B, 404), Unreachable(f"{C}: the connection broke (x)")),
        "download node.tar.gz",
    )
    assert error.what.startswith("cannot download node.tar.gz from any of 3 addresses: ")
    assert f"{A} was answered with status 503; it asks to wait until 2026-11-20 13:00:00 UTC" in error.what
    assert f"a file is missing on the server ({B} was answered with status 404)" in error.what
    assert f"{C}: the connection broke (x)" in error.what
    assert (type(error), error.code, error.exit_code) == (TransferError, Code.UNREACHABLE, 5)


def test_where_all_lack_the_file_it_is_missing(waiting: Waiting) -> None:
    error = translate(failing(waiting, busy(code=404), StatusError(B, 404)), "download it")
    assert error.code is Code.MISSING


def test_wrong_bytes_of_one_address_count_as_not_verified(waiting: Waiting) -> None:
    error = translate(failing(waiting, busy(), LengthOrHashMismatchError("x"), StatusError(C, 404)), "download it")
    assert f"{B}: the content differs from what was signed (x)" in error.what
    assert (type(error), error.code) == (ClientVerificationError, Code.NOT_VERIFIED)
