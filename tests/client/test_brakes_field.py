"""Holds and withdrawals as the signed metadata of brakes lists them, and what a channel lifts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tuf.api.metadata import Targets

from publisher.wire.errors import ClientVerificationError
from publisher.wire.stopping.brakes import (
    BRAKES_FIELD,
    LIFTED_FIELD,
    MOST,
    Brake,
    ChannelBrakes,
    Freeze,
    brakes_of,
    lifted_by,
)
from publisher.wire.version import Version

CHANNEL = "node.stable"
NEW = Version.parse("4.1.0")
HOLD, WITHDRAWAL, CANDIDATE = "a" * 64, "b" * 64, "c" * 64
EXPIRES = datetime(2027, 1, 1, tzinfo=UTC)


def role(**fields: Any) -> Targets:
    return Targets(version=1, expires=EXPIRES, unrecognized_fields=fields)


def brakes(**channel: Any) -> ChannelBrakes:
    return brakes_of(role(**{BRAKES_FIELD: {CHANNEL: channel}}), CHANNEL)


def test_what_is_stopped_is_read_by_channel() -> None:
    stopped = brakes(
        holds=[{"id": HOLD, "version": "4.1.0", "platforms": ["windows-amd64", "linux-amd64"]}],
        withdrawn=[{"id": WITHDRAWAL, "version": "4.0.2"}],
        rejected=[CANDIDATE],
        freezes=[{"event": "fork", "begins": "2027-03-01T12:00:00Z", "ends": "2027-03-02T12:00:00Z"}],
    )
    assert stopped.holds == (Brake(HOLD, NEW, ("linux-amd64", "windows-amd64")),)
    assert stopped.withdrawn == (Brake(WITHDRAWAL, Version.parse("4.0.2")),)
    assert stopped.rejected == (CANDIDATE,)
    assert stopped.freezes == (
        Freeze("fork", datetime(2027, 3, 1, 12, tzinfo=UTC), datetime(2027, 3, 2, 12, tzinfo=UTC)),
    )


def test_nothing_is_stopped_where_nothing_is_said() -> None:
    assert brakes_of(role(), CHANNEL) == brakes_of(role(**{BRAKES_FIELD: {}}), CHANNEL) == ChannelBrakes()


def test_what_is_malformed_about_another_channel_stops_nobody_here() -> None:
    assert brakes_of(role(**{BRAKES_FIELD: {"other.stable": "nonsense"}}), CHANNEL) == ChannelBrakes()


def test_a_brake_with_platforms_stops_no_other_platform() -> None:
    stopped = brakes(holds=[{"id": HOLD, "version": "4.1.0", "platforms": ["linux-amd64"]}])
    assert stopped.stops(NEW, "linux-amd64")
    assert not stopped.stops(NEW, "macos-arm64")
    assert not stopped.stops(Version.parse("4.1.1"), "linux-amd64")
    assert stopped.hold_of(NEW, "linux-amd64") == stopped.holds[0]
    assert stopped.hold_of(NEW, "macos-arm64") is None


def test_a_withdrawn_version_is_not_only_held() -> None:
    stopped = brakes(withdrawn=[{"id": WITHDRAWAL, "version": "4.1.0"}])
    assert stopped.stops(NEW, "any")
    assert (stopped.hold_of(NEW, "any"), stopped.withdrawal_of(NEW, "any")) == (None, stopped.withdrawn[0])


def test_what_is_lifted_stops_nothing_any_more() -> None:
    stopped = brakes(
        holds=[{"id": HOLD, "version": "4.1.0"}], withdrawn=[{"id": WITHDRAWAL, "version": "4.1.0"}], rejected=[HOLD]
    )
    left = stopped.without({HOLD})
    assert (left.holds, left.withdrawn) == ((), stopped.withdrawn)
    assert left.rejected == (HOLD,), "a rejected candidate is not lifted by an id"


def test_what_was_seen_before_goes_on_stopping() -> None:
    seen = Brake(HOLD, NEW)
    assert ChannelBrakes().joined([seen], [seen]) == ChannelBrakes(holds=(seen,), withdrawn=(seen,))
    assert ChannelBrakes(holds=(seen,)).joined([seen], []) == ChannelBrakes(holds=(seen,)), "each counts once"


def test_an_earlier_hold_is_not_replaced_by_one_of_the_same_id_that_stops_less() -> None:
    """The id is that of a notice, which nobody reads before a version is stopped."""
    seen, narrowed = Brake(HOLD, NEW), Brake(HOLD, NEW, ("linux-amd64",))
    assert ChannelBrakes(holds=(narrowed,)).joined([seen], []).stops(NEW, "windows-amd64")


def test_a_freeze_holds_from_its_first_moment_until_its_last() -> None:
    begins, ends = datetime(2027, 3, 1, tzinfo=UTC), datetime(2027, 3, 2, tzinfo=UTC)
    stopped = ChannelBrakes(freezes=(Freeze("fork", begins, ends),))
    assert stopped.freeze_at(begins) == stopped.freezes[0]
    assert stopped.freeze_at(ends) is None


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ([], "x-tidegate-brakes must be an object"),
        ({CHANNEL: []}, "x-tidegate-brakes.node.stable must be an object"),
        ({CHANNEL: {"holds": {}}}, "x-tidegate-brakes.node.stable.holds must be an array"),
        ({CHANNEL: {"holds": [{"id": HOLD}]}}, "holds[0].version is missing"),
        ({CHANNEL: {"holds": [{"id": "x", "version": "1.0.0"}]}}, "holds[0].id must be 64 small hexadecimal digits"),
        ({CHANNEL: {"holds": [{"id": HOLD, "version": "one"}]}}, "holds[0].version"),
        ({CHANNEL: {"withdrawn": [{"id": HOLD, "version": "1.0.0", "platforms": ["A"]}]}}, "platforms[0] must be"),
        ({CHANNEL: {"rejected": [1]}}, "rejected[0] must be a text"),
        ({CHANNEL: {"rejected": [CANDIDATE] * (MOST + 1)}}, f"at most {MOST} are read"),
        (
            {CHANNEL: {"freezes": [{"event": "e", "begins": "2027-03-01T12:00:00Z", "ends": "2027-03-01T12:00:00Z"}]}},
            "freezes[0].ends must be after begins",
        ),
    ],
)
def test_whoever_cannot_read_what_is_stopped_offers_nothing(fields: Any, what: str) -> None:
    with pytest.raises(ClientVerificationError) as caught:
        brakes_of(role(**{BRAKES_FIELD: fields}), CHANNEL)
    assert what in caught.value.what
    assert "brakes role is malformed" in caught.value.what


def test_a_channel_lifts_by_id() -> None:
    assert lifted_by(role(**{LIFTED_FIELD: [HOLD, WITHDRAWAL]})) == (HOLD, WITHDRAWAL)
    assert lifted_by(role()) == ()


@pytest.mark.parametrize("ids", ["all", [1], ["everything"], {}])
def test_a_malformed_lift_is_refused(ids: Any) -> None:
    with pytest.raises(ClientVerificationError, match="channel role is malformed"):
        lifted_by(role(**{LIFTED_FIELD: ids}))
