"""What is on hold or withdrawn by brakes: every page of the product says so, and says what to do first (R81, R82)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from publisher.content.schemas import schema_of
from publisher.model.allowed_markup import html_problem
from publisher.model.records.channel_state import ChannelState, Hold, LiveMitigation, LiveRelease, PastBrake, Withdrawal
from publisher.model.records.holds_file import HoldsFile
from publisher.model.records.notice import NoticeFile
from publisher.wire.feed_words import BrakeKind, WithdrawalAction
from publisher.wire.version import Version
from tests.site.factory import NOW, at, catalog, live, page, product, release, render
from tests.site.htmltext import from_markdown

REASON = "Nodes with more than 2 TB lose their index after a restart."
GIVEN = catalog(
    releases=(
        release("4.0.0", shipped_at=at(-30), planned_for=None),
        release("4.1.0", shipped_at=at(-2), planned_for=None, notes={"action": "optional"}),
        release("4.2.0"),
    ),
    products=(product(), product("desktop", name="Desktop client")),
)
PAGES_OF_PRODUCT = (
    "index.md",
    "ready.md",
    "downloads.md",
    "incidents.md",
    "releases/index.md",
    "releases/node/4.0.0.md",
    "releases/node/4.1.0.md",
    "releases/node/4.2.0.md",
)


def notice(kind: BrakeKind, since: datetime, **fields: Any) -> NoticeFile:
    about = {"product": "node", "channel": "stable", "version": Version.parse("4.1.0")}
    return NoticeFile(**{**about, "kind": kind, "at": since, "because": REASON, **fields})


def hold(*platforms: str, promised: float = 6, ident: str = "a", hours: float = 2) -> Hold:
    """4.1.0 is on hold; users hear more so many hours from now."""
    reason = notice(
        BrakeKind.HOLD,
        NOW - timedelta(hours=hours),
        next_update=NOW + timedelta(hours=promised),
        platforms=platforms,
    )
    return Hold(
        product="node",
        channel="stable",
        version=reason.version,
        platforms=platforms,
        id=ident * 64,
        notice=reason,
    )


def withdrawal(action: str, *platforms: str, **fields: Any) -> Withdrawal:
    reason = notice(BrakeKind.WITHDRAWAL, NOW - timedelta(days=1), action=WithdrawalAction(action), platforms=platforms)
    known = {"product": "node", "channel": "stable", "version": reason.version, "at": reason.at, "taken_back": False}
    return Withdrawal(**{**known, "id": "b" * 64, "platforms": platforms, "notice": reason, **fields})


def previous(version: str = "4.0.0") -> tuple[LiveRelease, ...]:
    return live(version).live


def state(*holds: Hold, withdrawn: tuple[Withdrawal, ...] = (), **fields: Any) -> ChannelState:
    """4.1.0 is live, with 4.0.0 before it."""
    changes = {"holds": holds, "withdrawn": withdrawn, "previous": previous(), **fields}
    return live("4.1.0").model_copy(update=changes)


def text_of(path: str, given: ChannelState) -> str:
    return from_markdown(page(GIVEN, path, given)).text


@pytest.mark.parametrize("path", PAGES_OF_PRODUCT)
def test_r82_every_page_of_the_product_says_what_is_on_hold_and_what_to_do(path: str) -> None:
    page_text = text_of(path, state(hold()))
    assert "Keep running what you run. New installs get 4.0.0." in page_text
    assert f"The publisher says: “{REASON}”" in page_text
    assert "The next update is promised for Friday 20 November 2026, 18:00 UTC." in page_text
    assert "On hold in Stable since Friday 20 November 2026, 10:00 UTC, on all platforms." in page_text
    assert "has not come" not in page_text


@pytest.mark.parametrize("path", PAGES_OF_PRODUCT)
def test_a_promise_that_has_passed_is_an_alarm(path: str) -> None:
    page_text = text_of(path, state(hold(promised=-1)))
    assert "overdue The next update was promised for Friday 20 November 2026, 11:00 UTC and has not come." in page_text


def test_the_page_of_the_version_says_it_first_and_offers_no_file() -> None:
    source = page(GIVEN, "releases/node/4.1.0.md", state(hold()))
    page_text = from_markdown(source).text
    assert page_text.split("Storage node 4.1.0 ", 1)[1].startswith("On hold. Keep running what you run.")
    assert "Optional or not? Not now from Stable: it is on hold. Restart?" in page_text
    assert "Its files are not offered while it is on hold." in page_text
    assert "SHA-256" not in page_text
    assert "out now" not in page_text


def test_other_products_are_left_alone() -> None:
    other = release("1.0.0", product="desktop", planned_for=None, shipped_at=at(-3))
    given = catalog(releases=(*GIVEN.releases, other), products=tuple(GIVEN.products.values()))
    assert REASON not in from_markdown(page(given, "releases/desktop/1.0.0.md", state(hold()))).text


def test_what_new_installs_get_is_what_home_and_downloads_offer() -> None:
    files = render(GIVEN, state(hold()))
    home = from_markdown(files["index.md"].decode()).text
    assert "Storage node Stable 4.0.0 since" in home
    assert "4.0.0 live, signatures verified" in home
    assert "4.1.0 live" not in home
    downloads = from_markdown(files["downloads.md"].decode()).text
    assert "node-4.0.0-linux.tar.gz linux-amd64" in downloads
    assert "on hold node-4.1.0-linux.tar.gz 4.1.0, linux-amd64" in downloads
    assert 'href="https://dl.example.org/releases/node/4.1.0/' not in files["downloads.md"].decode()
    before = from_markdown(files["releases/node/4.0.0.md"].decode()).text
    assert "out now Shipped" in before
    assert "node-4.0.0-linux.tar.gz" in before


def test_a_hold_on_one_platform_leaves_the_other() -> None:
    files = render(GIVEN, state(hold("windows-amd64")))
    page_text = from_markdown(files["releases/node/4.1.0.md"].decode()).text
    assert "On hold for windows-amd64. Keep running what you run. New installs get 4.0.0." in page_text
    assert "node-4.1.0-linux.tar.gz" in page_text
    assert "node-4.1.0-windows.zip" not in page_text
    assert "on hold for windows-amd64 Shipped" in page_text
    downloads = from_markdown(files["downloads.md"].decode()).text
    assert "node-4.0.0-windows.zip windows-amd64" in downloads
    assert "node-4.0.0-linux" not in downloads
    assert "on hold node-4.1.0-windows.zip" in downloads


def test_where_nothing_is_left_nothing_is_offered() -> None:
    files = render(GIVEN, state(hold(), previous=()))
    home = from_markdown(files["index.md"].decode()).text
    assert "New installs get no version." in home
    assert "nothing new is offered now; keep what you run" in home
    assert "Nothing is offered here now. These files are stopped:" in from_markdown(files["downloads.md"].decode()).text


def test_a_hold_whose_notice_cannot_be_read_holds_all_the_same() -> None:
    unread = hold().model_copy(update={"notice": None})
    page_text = text_of("releases/node/4.1.0.md", state(unread))
    assert "On hold. Keep running what you run." in page_text
    assert "The publisher’s reason could not be read. On hold in Stable, on all platforms." in page_text


def test_an_extended_hold_is_reason_once_with_its_latest_promise() -> None:
    page_text = text_of("index.md", state(hold(promised=-1), hold(promised=4, ident="c", hours=0)))
    assert page_text.count("On hold: Storage node 4.1.0") == 1
    assert "16:00 UTC." in page_text
    assert "has not come" not in page_text


@pytest.mark.parametrize(
    ("action", "todo", "word"),
    [
        ("stop", "Stop running it. Going back is not possible yet", "do not use"),
        ("keep-running", "Keep it running, but do not install it again.", "do not install"),
        ("update", "Keep it running until a later version is offered here", "do not use"),
    ],
)
def test_r81_a_withdrawn_version_says_first_what_to_do_then_why(action: str, todo: str, word: str) -> None:
    files = render(GIVEN, state(withdrawn=(withdrawal(action),)))
    page_text = from_markdown(files["releases/node/4.1.0.md"].decode()).text
    assert page_text.split("Storage node 4.1.0 ", 1)[1].startswith(todo)
    assert f"The publisher says: “{REASON}” Withdrawn from Stable on Thursday 19 November 2026, 12:00 UTC" in page_text
    assert f"{word} It was withdrawn, and its files are not offered any more." in page_text
    assert "Optional or not? Do not install it: it was withdrawn." in page_text
    assert "SHA-256" not in page_text
    downloads = from_markdown(files["downloads.md"].decode()).text
    assert f"If you run 4.1.0: Withdrawn from Stable on Thursday 19 November 2026, 12:00 UTC. {todo}" in downloads
    assert f"{word} node-4.1.0-linux.tar.gz 4.1.0, linux-amd64" in downloads
    assert "node-4.0.0-linux.tar.gz linux-amd64" in downloads
    home = from_markdown(files["index.md"].decode()).text
    assert f"If you run 4.1.0: Withdrawn from Stable on Thursday 19 November 2026, 12:00 UTC. {todo}" in home
    assert "Storage node Stable 4.0.0 since" in home


def test_a_withdrawal_on_one_platform_stops_that_one_only() -> None:
    page_text = text_of("releases/node/4.1.0.md", state(withdrawn=(withdrawal("stop", "windows-amd64"),)))
    assert "Withdrawn from Stable for windows-amd64 on" in page_text
    assert "do not use Its files for windows-amd64 were withdrawn." in page_text
    assert "node-4.1.0-linux.tar.gz" in page_text
    assert "node-4.1.0-windows.zip" not in page_text


def test_an_old_version_that_is_withdrawn_on_one_platform_is_supported_on_the_others() -> None:
    files = render(GIVEN, state(withdrawn=(withdrawal("update", "windows-amd64"),), live=live("4.1.1").live))
    page_text = from_markdown(files["releases/index.md"].decode()).text
    assert "4.1.0withdrawn for windows-amd64" in page_text
    assert "Storage node 4.1.0 18 November 2026 no end planned supported" in page_text
    everywhere = render(GIVEN, state(withdrawn=(withdrawal("update"),), live=live("4.1.1").live))
    page_text = from_markdown(everywhere["releases/index.md"].decode()).text
    assert "Storage node 4.1.0 18 November 2026 19 November 2026 withdrawn" in page_text


def test_each_platform_has_its_own_row_where_the_advice_differs() -> None:
    lines = live("4.1.1").live[0]
    linux = lines.model_copy(update={"artifacts": lines.artifacts[:1]})
    old = live("4.1.0").live[0]
    windows = old.model_copy(update={"artifacts": old.artifacts[1:]})
    page_text = text_of("incidents.md", state(withdrawn=(withdrawal("stop"),), live=(linux, windows), previous=()))
    assert "linux-amd64: Stop running it. Update to 4.1.1." in page_text
    assert "windows-amd64: Stop running it. Going back is not possible yet" in page_text


def test_a_withdrawal_covers_the_hold_on_the_same_version() -> None:
    page_text = text_of("index.md", state(hold(), withdrawn=(withdrawal("stop"),)))
    assert "On hold:" not in page_text
    both = text_of("index.md", state(hold(), withdrawn=(withdrawal("stop", "windows-amd64"),)))
    assert "On hold: Storage node 4.1.0" in both


def past(brake: Hold | Withdrawal, kind: BrakeKind, lifted: datetime | None = None) -> PastBrake:
    assert brake.id is not None
    assert brake.notice is not None
    return PastBrake(
        kind=kind,
        product=brake.product,
        channel=brake.channel,
        version=brake.version,
        platforms=brake.platforms,
        id=brake.id,
        at=brake.notice.at,
        notice=brake.notice,
        lifted_at=lifted,
    )


def test_r82_the_history_tells_promises_and_whether_they_were_kept() -> None:
    first, second = hold(promised=-6, hours=10), hold(promised=3, ident="c", hours=4)
    done = past(withdrawal("stop", "windows-amd64", id="d" * 64), BrakeKind.WITHDRAWAL, NOW - timedelta(hours=12))
    history = (past(second, BrakeKind.HOLD), past(first, BrakeKind.HOLD), done)
    page_text = text_of("incidents.md", state(first, second, brake_history=history)).split("History", 1)[1]
    assert "Stable, all platforms. From Friday 20 November 2026, 02:00 UTC and still in force." in page_text
    assert (
        "Next update promised for Friday 20 November 2026, 06:00 UTC; it came late, on Friday 20 November 2026,"
        " 08:00 UTC. Update of Friday 20 November 2026, 08:00 UTC"
    ) in page_text
    assert "Stable, windows-amd64. From Thursday 19 November 2026, 12:00 UTC until Friday 20 November 2026" in page_text
    assert "when the channel’s people lifted it, after 12 hours." in page_text
    assert page_text.count("still in force") == 1


def test_a_hold_after_its_lift_is_another_incident() -> None:
    first = past(hold(promised=-6, hours=10), BrakeKind.HOLD, NOW - timedelta(hours=8))
    second = hold(ident="c", hours=1)
    page_text = text_of("incidents.md", state(second, brake_history=(past(second, BrakeKind.HOLD), first)))
    history = page_text.split("History", 1)[1]
    assert history.count("Stable, all platforms. From") == 2
    assert "came late" not in history


def test_incidents_without_a_bucket_and_without_any() -> None:
    assert "does not know what is on hold or withdrawn" in from_markdown(page(GIVEN, "incidents.md")).text
    calm = text_of("incidents.md", live("4.1.0"))
    assert "Nothing is on hold, and no version is withdrawn." in calm
    assert "Nothing was ever on hold or withdrawn." in calm


def test_holds_json_says_the_same_for_programs() -> None:
    hours = hold("windows-amd64", promised=-1)
    given = state(hours, withdrawn=(withdrawal("stop", "linux-amd64"),), brake_history=(past(hours, BrakeKind.HOLD),))
    data = json.loads(render(GIVEN, given)["data/holds.json"])
    assert HoldsFile.model_validate_json(json.dumps(data)).at == NOW
    assert set(data) <= set(schema_of(HoldsFile)["properties"])
    first, second = data["now"]
    assert (first["kind"], first["version"], first["overdue"], first["because"]) == ("hold", "4.1.0", True, REASON)
    assert first["advice"] == "Keep running what you run. New installs get 4.0.0."
    assert first["new_installs"] == {"linux-amd64": "4.0.0", "windows-amd64": "4.0.0"}
    assert (second["kind"], second["action"], second["platforms"]) == ("withdrawal", "stop", ["linux-amd64"])
    assert [entry["id"] for entry in data["history"]] == ["a" * 64]
    assert json.loads(render(GIVEN)["data/holds.json"])["now"] is None


def test_a_reason_is_text_and_nothing_else() -> None:
    evil = "<script>alert(1)</script> *bold* [x](y) & {{ 7 }}"
    hostile = hold()
    assert hostile.notice is not None
    hostile = hostile.model_copy(update={"notice": hostile.notice.model_copy(update={"because": evil})})
    for path in PAGES_OF_PRODUCT:
        parsed = from_markdown(page(GIVEN, path, state(hostile)))
        assert f"“{evil}”" in parsed.text
        assert not any(name == "script" for name, _ in parsed.elements)
        assert html_problem(page(GIVEN, path, state(hostile)).split("---\n", 2)[2]) is None


def test_settings_that_help_stand_on_the_page_of_incidents_until_they_end() -> None:
    fields = {"id": "e" * 64, "product": "node", "from": Version.parse("4.1.0"), "before": Version.parse("4.1.2")}
    text = {"setting": "cache", "name": "Cache", "how": "Settings, Storage.", "value": "off", "because": REASON}
    helps = LiveMitigation.model_validate({**fields, **text, "at": NOW, "until": NOW + timedelta(days=3)})
    page_text = text_of("incidents.md", state(mitigations=(helps,)))
    assert (
        "Storage node from 4.1.0, before 4.1.2. Until this is fixed: set Cache to off Settings, Storage." in page_text
    )
    ended = helps.model_copy(update={"until": NOW})
    assert "set Cache to off" not in text_of("incidents.md", state(mitigations=(ended,)))
