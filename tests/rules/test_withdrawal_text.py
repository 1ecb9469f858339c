"""What whoever runs a stopped version is told: by what the notice asks, and by what is offered where (R81, R82)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from publisher.client.answers.decide import ClientState, decide
from publisher.model.published_file import PublishedFile
from publisher.model.records.channel_state import ChannelState, Hold, LiveRelease, Withdrawal
from publisher.model.records.notice import NoticeFile
from publisher.rules.withdrawal_text import advice, hold_advice, hold_sentence
from publisher.wire.feed_parser import Artifact, OfferedRelease, ParsedFeed
from publisher.wire.feed_words import Action, BackState, BrakeKind, Restart, WithdrawalAction
from publisher.wire.stopping.brakes import Brake, ChannelBrakes
from publisher.wire.stopping.notice import BrakeNotice
from publisher.wire.stopping.withdrawn import GoingBack
from publisher.wire.version import Version
from tests.support.build import at

NOW = at("2026-11-20 12:00")
BAD = Version.parse("4.1.0")
LINUX, WINDOWS = "linux-amd64", "windows-amd64"
REASON = "Nodes lose their index."
NO_WAY_BACK = "Going back is not possible yet: the channel has not signed it"


def line(version: str, *platforms: str) -> LiveRelease:
    files = tuple(
        PublishedFile(file=f"node-{platform}", platform=platform, size=1, sha256="a" * 64)
        for platform in platforms or (LINUX, WINDOWS)
    )
    return LiveRelease(product="node", channel="stable", version=Version.parse(version), artifacts=files)


def notice(kind: BrakeKind, **fields: Any) -> NoticeFile:
    return NoticeFile(kind=kind, product="node", channel="stable", version=BAD, at=NOW, because=REASON, **fields)


def withdrawn(action: str | None, *platforms: str, taken_back: bool = False, **fields: Any) -> Withdrawal:
    given = notice(BrakeKind.WITHDRAWAL, action=WithdrawalAction(action), **fields) if action else None
    return Withdrawal(
        product="node",
        channel="stable",
        version=BAD,
        at=NOW,
        taken_back=taken_back,
        id="b" * 64,
        platforms=platforms,
        notice=given,
    )


def held(version: str = "4.1.0", *platforms: str, promised: float = 6) -> Hold:
    given = notice(BrakeKind.HOLD, next_update=NOW + timedelta(hours=promised))
    return Hold(
        product="node",
        channel="stable",
        version=Version.parse(version),
        platforms=platforms,
        id="c" * 64,
        notice=given,
    )


def state(*live: LiveRelease, **fields: Any) -> ChannelState:
    return ChannelState(read_at=NOW, live=live, **fields)


@pytest.mark.parametrize(
    ("action", "forward", "text"),
    [
        ("stop", True, "Stop running it. Update to 4.1.1."),
        ("update", True, "Update to 4.1.1."),
        ("go-back", True, "Update to 4.1.1."),
        ("keep-running", True, "Keep it running, but do not install it again. Version 4.1.1 is available."),
        (
            "stop",
            False,
            f"Stop running it. {NO_WAY_BACK}, and nothing newer is offered. Check again soon.",
        ),
        ("update", False, "Keep it running until a later version is offered here, and check again soon."),
        (
            "go-back",
            False,
            f"{NO_WAY_BACK}. Keep it running for now, and check again soon.",
        ),
        ("keep-running", False, "Keep it running, but do not install it again."),
        (None, True, "Update to 4.1.1."),
        (None, False, "Nothing is offered in its place yet; do not install it again, and check again soon."),
    ],
)
def test_r81_the_advice_is_what_the_notice_asks_for_and_what_is_offered(
    action: str | None, forward: bool, text: str
) -> None:
    entry = withdrawn(action)
    live = state(line("4.1.1" if forward else "4.1.0"), withdrawn=(entry,))
    assert advice(entry, live) == text


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ("stop", "Stop running it. Go back to 4.0.0."),
        ("go-back", "Go back to 4.0.0."),
        ("keep-running", "Keep it running, but do not install it again. You may go back to 4.0.0."),
        (None, "Go back to 4.0.0."),
    ],
)
def test_going_back_needs_the_channels_signature_too(action: str | None, text: str) -> None:
    entry = withdrawn(action, taken_back=True)
    assert advice(entry, state(line("4.0.0"), withdrawn=(entry,))) == text
    only_withdrawn = withdrawn(action)
    assert "o back to 4.0.0" not in advice(only_withdrawn, state(line("4.0.0"), withdrawn=(only_withdrawn,)))


def test_nobody_is_sent_to_a_version_that_is_stopped_itself() -> None:
    entry = withdrawn("go-back", taken_back=True)
    on_hold = state(line("4.0.0"), withdrawn=(entry,), holds=(held("4.0.0"),))
    assert advice(entry, on_hold).startswith("Going back is not possible yet: 4.0.0 is on hold.")
    other = entry.model_copy(update={"version": Version.parse("4.0.0")})
    assert "nobody should run 4.0.0 either" in advice(entry, state(line("4.0.0"), withdrawn=(entry, other)))


def test_each_platform_is_told_what_is_offered_there() -> None:
    entry = withdrawn("stop", taken_back=True)
    mixed = state(line("4.1.1", LINUX), line("4.0.0", WINDOWS), withdrawn=(entry,))
    assert advice(entry, mixed, LINUX) == "Stop running it. Update to 4.1.1."
    assert advice(entry, mixed, WINDOWS) == "Stop running it. Go back to 4.0.0."


def test_r82_a_hold_says_what_new_installs_get() -> None:
    everywhere, windows = held(), held("4.1.0", WINDOWS)
    nothing = state(line("4.1.0"), holds=(everywhere,))
    assert hold_advice(everywhere, nothing) == "Keep running what you run. New installs get no version."
    before = nothing.model_copy(update={"previous": (line("4.0.0"),)})
    assert hold_advice(everywhere, before) == "Keep running what you run. New installs get 4.0.0."
    some = nothing.model_copy(update={"previous": (line("4.0.0", LINUX),)})
    assert hold_advice(everywhere, some).endswith("get 4.0.0 on linux-amd64; no version on windows-amd64.")
    one_platform = state(line("4.1.0"), previous=(line("4.0.0"),), holds=(windows,))
    assert hold_advice(windows, one_platform).endswith("New installs get 4.0.0.")
    assert one_platform.new_installs("node", "stable") == {LINUX: BAD, WINDOWS: Version.parse("4.0.0")}


def test_r82_a_promise_that_has_passed_says_so() -> None:
    hold = held()
    assert hold_sentence(hold, NOW).endswith(
        f'since Friday 20 November 2026, 12:00 UTC: "{REASON}" The next update is promised for Friday 20 November 2026,'
        " 18:00 UTC."
    )
    late = hold_sentence(hold, NOW + timedelta(hours=6))
    assert late.endswith("The next update was promised for Friday 20 November 2026, 18:00 UTC and has not come.")


BACKUP = "Unpack the copy from before the update."


def offered(version: str | None) -> OfferedRelease | None:
    if version is None:
        return None
    artifact = Artifact("node.zip", 1, "a" * 64, f"artifacts/node/stable/{version}/node.zip", ())
    return OfferedRelease(Version.parse(version), "It does more.", Action.OPTIONAL, Restart.NONE, artifact)


@pytest.mark.parametrize("taken_back", [None, BackState.COMPATIBLE, BackState.RESTORE_BACKUP])
@pytest.mark.parametrize("action", [None, *WithdrawalAction])
@pytest.mark.parametrize(
    ("release", "before"),
    [("4.1.0", None), ("4.1.0", "4.0.0"), ("4.0.0", None), ("4.0.0", "3.9.0"), ("4.1.1", None), ("4.2.0", "4.1.1")],
)
@pytest.mark.parametrize("on_hold", [None, "4.0.0", "4.2.0", "4.1.1"])
@pytest.mark.parametrize("gone", [None, "4.0.0"])
def test_r81_pages_and_commands_say_what_the_client_says(
    release: str,
    before: str | None,
    action: WithdrawalAction | None,
    taken_back: BackState | None,
    on_hold: str | None,
    gone: str | None,
) -> None:
    """Whoever reads the site and whoever runs `tidegate check` are told the same."""
    backup = BACKUP if taken_back is BackState.RESTORE_BACKUP else None
    entry = withdrawn(action, taken_back=taken_back is not None).model_copy(update={"backup": backup})
    others = (entry.model_copy(update={"version": Version.parse(gone), "taken_back": False}),) if gone else ()
    holds = (held(on_hold),) if on_hold else ()
    channel = state(
        line(release, LINUX),
        previous=(line(before, LINUX),) if before else (),
        withdrawn=(entry, *others),
        holds=holds,
    )
    notice_read = None
    if action is not None:
        notice_read = BrakeNotice(BrakeKind.WITHDRAWAL, "node", "stable", BAD, (), NOW, REASON, None, action, None)
    answer = decide(
        ParsedFeed("node", "stable", LINUX, offered(release), offered(before)),
        (),
        ChannelBrakes(
            holds=tuple(Brake(hold.id, hold.version) for hold in holds),
            withdrawn=tuple(Brake("b" * 64, stopped.version) for stopped in (entry, *others)),
        ),
        notice_read,
        ClientState(BAD, LINUX, {BAD: GoingBack(taken_back, backup)} if taken_back else {}),
        NOW,
    )
    assert answer.reason == f"Version 4.1.0, which you run, was withdrawn. {advice(entry, channel)}"
