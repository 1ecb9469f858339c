"""Notices: the reason for a hold or a withdrawal, in words that nobody can follow or run."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from publisher.model.records.notice import NoticeFile
from publisher.wire.errors import FeedError
from publisher.wire.feed_words import BrakeKind, WithdrawalAction
from publisher.wire.quotation import why_not_quotable
from publisher.wire.stopping.brakes import Brake
from publisher.wire.stopping.notice import MAX_BYTES, BrakeNotice, notice_of
from publisher.wire.version import Version

AT, LATER = "2027-03-01T12:00:00Z", "2027-03-01T18:00:00Z"
REASON = "Nodes with more than 2 TB lose their index after a restart."


def fields(**changes: Any) -> dict[str, Any]:
    common = {"format": "tidegate-notice/1", "product": "node", "channel": "stable", "version": "4.1.0", "at": AT}
    written = {**common, "kind": "withdrawal", "because": REASON, "action": "go-back", **changes}
    return {name: value for name, value in written.items() if value is not None}


def read(data: bytes, platforms: tuple[str, ...] = ()) -> BrakeNotice:
    brake = Brake(hashlib.sha256(data).hexdigest(), Version.parse("4.1.0"), platforms)
    return notice_of(brake, "node", "stable", data)


def read_fields(**changes: Any) -> BrakeNotice:
    return read(json.dumps(fields(**changes)).encode())


def test_a_withdrawal_says_why_and_what_to_do() -> None:
    notice = read_fields(replaced_by="4.1.1")
    assert (notice.kind, notice.because) == (BrakeKind.WITHDRAWAL, REASON)
    assert (notice.action, str(notice.replaced_by)) == (WithdrawalAction.GO_BACK, "4.1.1")
    assert notice.next_update is None


def test_a_hold_promises_an_update() -> None:
    notice = read_fields(kind="hold", action=None, next_update=LATER)
    assert notice.next_update == datetime(2027, 3, 1, 18, tzinfo=UTC)
    with pytest.raises(FeedError, match=r"notice\.next_update is missing"):
        read_fields(kind="hold", action=None)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"format": "tidegate-notice/2"}, "the notice has the format 'tidegate-notice/2'"),
        ({"kind": "rumour"}, "notice.kind must be one of: hold, withdrawal"),
        ({"action": None}, "notice.action is missing"),
        ({"action": "reinstall"}, "notice.action must be one of: stop, go-back, update, keep-running"),
        ({"because": "Get it from https://bad.example now"}, "looks like an address"),
        ({"because": "x" * 281}, "has 281 characters; at most 280 are shown"),
        ({"product": "other"}, "about something else"),
        ({"channel": "beta"}, "about something else"),
        ({"version": "4.1.1"}, "about something else"),
        ({"platforms": ["linux-amd64"]}, "about something else"),
    ],
)
def test_a_notice_that_does_not_fit_is_not_shown(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(FeedError) as caught:
        read_fields(**changes)
    assert what in caught.value.what


def test_other_bytes_are_not_the_notice_that_was_signed() -> None:
    data = json.dumps(fields()).encode()
    brake = Brake(hashlib.sha256(data).hexdigest(), Version.parse("4.1.0"))
    with pytest.raises(FeedError, match="not the one that was signed"):
        notice_of(brake, "node", "stable", data + b" ")


def test_a_notice_without_end_is_not_read() -> None:
    with pytest.raises(FeedError, match=f"at most {MAX_BYTES} are read"):
        read(json.dumps(fields()).encode() + b" " * MAX_BYTES)


@pytest.mark.parametrize("platforms", [(), ("linux-amd64", "macos-arm64")])
def test_the_client_reads_what_the_publisher_writes(platforms: tuple[str, ...]) -> None:
    written = NoticeFile.model_validate_json(json.dumps({**fields(replaced_by="4.1.1"), "platforms": platforms}))
    notice = read(written.to_bytes(), platforms)
    assert written.to_bytes() == NoticeFile.model_validate_json(written.to_bytes()).to_bytes()
    assert notice == BrakeNotice(
        kind=BrakeKind.WITHDRAWAL,
        product="node",
        channel="stable",
        version=Version.parse("4.1.0"),
        platforms=platforms,
        at=datetime(2027, 3, 1, 12, tzinfo=UTC),
        because=REASON,
        action=WithdrawalAction.GO_BACK,
        replaced_by=Version.parse("4.1.1"),
    )


@pytest.mark.parametrize(
    "text",
    [
        REASON,
        "Version 4.1.0 deletes wallets, e.g. those made before 2024; a fix is being tested.",
        "Uploads fail behind some routers (about 3 of 100). Nothing is lost.",
        "La red se detiene: esperen, por favor.",
        "\u6570\u636e\u4f1a\u4e22\u5931\u3002\u8bf7\u7b49\u5f85\u4fee\u590d\u3002",
        "Since 1.2.0-rc.1 lost data: 50% of it, each day at 12:00:00 UTC.",
    ],
)
def test_plain_reasons_are_quoted(text: str) -> None:
    assert why_not_quotable(text) is None


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("See https://fix.example/now", "an address"),
        ("See fix.example for more", "an address"),
        ("Write to help@fix.example", "an address"),
        ("Connect to 203.0.113.7 instead", "an address"),
        ("Connect to 2001:db8::1 instead", "an address"),
        ("Connect to _203.0.113.7_ instead", "an address"),
        ("See fix.example_ for more", "an address"),
        ("See fix\uff0eexample for more", "an address"),
        ("See fix\u2024example for more", "an address"),
        ("See fix\u3002example for more", "an address"),
        ("See fix.e\u0301xample for more", "an address"),
        ("See fix%2Eexample for more", "an address"),
        ("See fix[.]example or fix (dot) example", "an address"),
        ("See fix . example for more", "an address"),
        ("Open mailto:help", "an address"),
        ("Ask @fixers", "an address"),
        ("Call +1 900 555 0199", "an address"),
        ("Run `rm -rf` first", "a command"),
        ("Run \uff43\uff55\uff52\uff4c and then sh", "a command"),
        ("Run npx fix and then sh", "a command"),
        ("Do apt-get install fix", "a command"),
        ("Do docker run fix", "a command"),
        ("Run curl and then sh", "a command"),
        ("Start it with --no-verify", "a command"),
        ("Delete /var/lib/node first", "a command"),
        ("Pay 10 to TLa2f6VPqDgRE67v1736s7bJ8Ray5wYjU7", "an account or a key"),
        ("Pay 10 to _TLa2f6VPqDgRE67v1736s7bJ8Ray5wYjU7_", "an account or a key"),
        ("Pay 10 to DE89 3704 0044 0532 0130 00", "an account or a key"),
        ("One line\nand another", "a line end"),
        ("hidden\u200bword", "an invisible character"),
    ],
)
def test_words_that_could_be_followed_or_run_are_refused(text: str, what: str) -> None:
    assert what in (why_not_quotable(text) or "")
