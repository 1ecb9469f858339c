"""What to run, by when: the page, ready.json and ready.ics; nothing of events that are not public (R18, R55, R96)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import icalendar
import jsonschema
import pytest
import vobject

from publisher.content.schemas import schema_of
from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.model.content.policy import Policy
from publisher.model.records.channel_state import ChannelState, Withdrawal
from publisher.model.records.required_versions import RequiredVersions
from publisher.site.render import READY_DATA, READY_ICS, render_site
from publisher.wire.version import Version
from tests.site.factory import (
    FEED_SCHEMA,
    NOW,
    TEMPLATES,
    at,
    catalog,
    event,
    live,
    page,
    policy,
    product,
    release,
    render,
)
from tests.site.htmltext import from_markdown


def runways(length: str = "21 d") -> Policy:
    """The site's test policy, in which listings may require versions, with one runway for all."""
    runway = {"because": "nodes on main networks", "length": length}
    return policy(requirements={"events": ["exchange-listing"], "runways": [runway]})


def demand(at_least: str = "5.0.0", **values: Any) -> dict[str, Any]:
    return {"product": "node", "channel": "stable", "at_least": at_least, **values}


def upgrade(ident: str = "upgrade", days: float = 60, *demands: dict[str, Any], **values: Any) -> Event:
    """A network upgrade that requires 5.0.0 of everybody, unless told otherwise."""
    fields = {"title": "Network upgrade", "starts": at(days), "ends": at(days + 0.5), "requires": demands or [demand()]}
    return event(ident, **{**fields, **values})


NEEDED = {"action": "required"}
PUBLISHED = release("4.1.0", shipped_at=at(-20), planned_for=None)


def given(*events: Event, releases: tuple[Any, ...] = (PUBLISHED,), rules: Policy | None = None) -> Catalog:
    return catalog(events=events, releases=releases, rules=rules or runways())


def text(content: Catalog, state: ChannelState | None = None, now: datetime = NOW) -> str:
    return from_markdown(page(content, "ready.md", state, now).split("---\n", 2)[2]).text


def data(content: Catalog, state: ChannelState | None = None, now: datetime = NOW) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(content, state, now)[READY_DATA])
    return found


def entries(data: bytes) -> dict[str, Any]:
    calendar = icalendar.Calendar.from_ical(data)
    return {str(entry["uid"]).partition("@")[0]: entry for entry in calendar.walk("VEVENT")}


SECRET = {"title": "Leak of a partner", "summary": "Leak of what happens.", "public_title": "Reserved days"}

TRIGGER = {
    "kind": "block",
    "chain": "BitTorrent Chain",
    "height": 71_000_000,
    "seen": 68_408_000,
    "as_of": at(-1),
    "spacing_seconds": 2.0,
    "earliest": at(58),
    "latest": at(60),
}
"""A block in 59 days, give or take a day."""


def test_r55_a_card_answers_who_what_by_when_whether_it_is_out_and_what_if_not() -> None:
    asked = demand(audiences=["hosts", "exchanges"], otherwise="Older nodes are no longer paid.")
    said = text(given(upgrade("upgrade", 60, asked)))
    for words in (
        "One version is required: Storage node 5.0.0 or later on Stable, by Tuesday 19 January 2027, 12:00 UTC.",
        "Run 5.0.0 or later on Stable By Tuesday 19 January 2027, 12:00 UTC 60 days left announced, not out yet",
        "Who Hosts and exchanges.",
        "Why Network upgrade.",
        "Is it out? Announced, not out yet, and no date is known.",
        "If you run an older version then Older nodes are no longer paid.",
    ):
        assert words in said


def test_without_a_sentence_of_its_own_the_event_says_what_happens() -> None:
    said = text(given(upgrade(summary="Old nodes lose their *peers*.")))
    assert "Who Everybody who runs it." in said
    assert "If you run an older version then Old nodes lose their peers." in said


def test_the_page_exists_when_nothing_is_required_and_says_so() -> None:
    quiet = given(event())
    assert "What to run, by when No event requires a version now." in text(quiet)
    assert data(quiet) == {"format": "tidegate-required-versions/1", "at": at(0), "requirements": [], "cancelled": []}
    assert entries(render(quiet)[READY_ICS]) == {}
    home = from_markdown(page(quiet, "index.md")).text
    assert "No event requires a version now." in home
    assert "Known problems" in home


@pytest.mark.parametrize("state", [None, live("5.0.1")])
def test_what_is_out_is_linked_with_its_download(state: ChannelState | None) -> None:
    shipped = release("5.0.1", shipped_at=at(-2), planned_for=None)
    content = given(upgrade(), releases=(PUBLISHED, shipped))
    assert "Is it out? Yes: 5.0.1 is out since 18 November 2026. Download and check" in text(content, state)
    links = {attributes.get("href") for _, attributes in from_markdown(page(content, "ready.md", state)).elements}
    assert {"../releases/node/5.0.1/", "../downloads/#node-stable"} <= links
    (requirement,) = data(content, state)["requirements"]
    assert (requirement["state"], requirement["offered"], requirement["late"]) == ("out", "5.0.1", False)


def test_a_pre_release_or_a_version_that_was_taken_back_is_not_out() -> None:
    withdrawal = Withdrawal(product="node", channel="stable", version=Version.parse("5.0.0"), at=NOW)
    content = given(upgrade(), releases=(PUBLISHED, release("5.0.0", shipped_at=at(-2), planned_for=None)))
    state = live("4.1.0").model_copy(update={"withdrawn": (withdrawal,)})
    assert "Announced, not out yet, and no date is known." in text(content, state)
    (requirement,) = data(content, state)["requirements"]
    assert (requirement["state"], requirement["offered"]) == ("announced", "4.1.0")


def test_r28_an_announced_release_has_its_date_and_is_late_after_its_last_safe_date() -> None:
    planned = release("5.0.0", planned_for=at(20), notes=NEEDED)
    said = text(given(upgrade(), releases=(PUBLISHED, planned)))
    assert "Announced, not out yet: 5.0.0, planned for Thursday 10 December, 12:00 UTC." in said
    assert "Last safe date to publish it: Tuesday 29 December 2026, 12:00 UTC." in said
    assert "Late. The last safe date" not in said
    behind = release("5.0.0", planned_for=at(45), notes=NEEDED)
    said = text(given(upgrade(), releases=(PUBLISHED, behind)))
    late = "Late. The last safe date to publish it is Tuesday 29 December 2026, 12:00 UTC, 21 days before you need it."
    assert late in said
    assert "You will have less time than that to install it." in said
    behind = release("5.0.0", planned_for=at(80), notes=NEEDED)
    assert "Its planned date is too late." in text(given(upgrade(), releases=(PUBLISHED, behind)))


def test_a_freeze_in_the_way_of_an_announced_release_shows_the_date_that_plan_gives() -> None:
    other = event("other", starts=at(12), ends=at(12.5))
    content = given(upgrade(), other, releases=(PUBLISHED, release("5.0.0", planned_for=at(10), notes=NEEDED)))
    assert "5.0.0, not before Saturday 5 December, 00:00 UTC." not in text(content)
    assert "5.0.0, not before Sunday 6 December, 00:00 UTC." in text(content)
    (requirement,) = data(content)["requirements"]
    assert requirement["expected"] == "2026-12-06T00:00:00Z"


def test_r93_no_page_names_a_date_after_users_must_run_it() -> None:
    """Another event freezes from the planned day until after the upgrade; the first open date would be too late."""
    needed = NEEDED | {"required_by": at(20)}
    planned = release("5.0.0", planned_for=at(15), notes=needed)
    other = event("other", starts=at(14), ends=at(30))
    content = given(upgrade("upgrade", 20), other, releases=(PUBLISHED, planned), rules=runways("2 d"))
    page_text = text(content)
    assert "Announced, not out yet: 5.0.0, and no date is open in time." in page_text
    assert "No date is open before you need it." in page_text
    (requirement,) = data(content)["requirements"]
    assert (requirement["late"], requirement.get("expected")) == (True, None)
    assert "5.0.0 has no date in time" in from_markdown(page(content, "index.md")).text
    box = from_markdown(page(content, "releases/node/5.0.0.md")).text
    assert "No date is open before Thursday 10 December, 12:00 UTC, when it must run" in box
    assert "Earliest:" not in box


def test_r28_past_its_last_safe_date_it_is_late_until_it_is_out() -> None:
    content = given(upgrade("upgrade", 20))
    late = "Late. The last safe date to publish it was Thursday 19 November 2026, 12:00 UTC, 21 days before"
    assert late in text(content)
    (requirement,) = data(content)["requirements"]
    assert requirement["late"] is True
    out = given(upgrade("upgrade", 20), releases=(release("5.0.0", shipped_at=at(-1), planned_for=None),))
    assert "Late. The last safe date" not in text(out)


def test_r28_a_late_date_is_shown_with_its_reason_and_not_as_a_wait() -> None:
    content = given(upgrade(), releases=(PUBLISHED, release("5.0.0", planned_for=at(45), notes=NEEDED)))
    home = from_markdown(page(content, "index.md")).text
    reason = '"Network upgrade" requires it by Tuesday 19 January 2027, 12:00 UTC. The last safe date to ship was'
    assert f"5.0.0 planned for Monday 4 January 2027, 12:00 UTC At short notice: {reason}" in home
    said = from_markdown(page(content, "releases/node/5.0.0.md")).text
    assert (
        f"Planned for Monday 4 January 2027, 12:00 UTC Why At short notice, which people have to approve: {reason}"
        in said
    )


def test_r96_a_date_after_the_end_of_an_embargo_does_not_name_the_event_before() -> None:
    hidden = {"visibility": "embargoed", "embargoed_until": at(20), **SECRET}
    content = given(event("partner", starts=at(30), ends=at(31), **hidden), releases=(release(planned_for=at(29)),))
    for path, body in render(content).items():
        assert b"Leak" not in body, path
    assert b"Leak of a partner" in render(content, now=NOW + timedelta(days=21))["index.md"]


def test_r18_a_block_is_told_with_its_height_its_window_and_when_that_was_estimated() -> None:
    content = given(upgrade("upgrade", 59, trigger=TRIGGER))
    said = text(content)
    assert (
        "Network upgrade, at block 71,000,000 of BitTorrent Chain. That is expected about Monday 18 January 2027,"
        " 12:00 UTC: between Sunday 17 January 2027, 12:00 UTC and Tuesday 19 January 2027, 12:00 UTC, as estimated"
        " on 19 November 2026. The date above leaves room, since an estimate grows less certain with age." in said
    )
    (requirement,) = data(content)["requirements"]
    assert requirement["by"] == at(58)
    # 59 days after the estimate it would have widened by almost 59 hours, at an hour a day.
    assert timedelta(hours=54) < datetime.fromisoformat(requirement["by"]) - datetime.fromisoformat(requirement["due"])
    assert requirement["estimate"]["height"] == 71_000_000


def test_r18_an_old_estimate_near_its_runway_says_so() -> None:
    content = given(upgrade("upgrade", 59, trigger=TRIGGER))
    assert "this one is old, so look again before you rely on it" in text(content, now=NOW + timedelta(days=25))


def test_requirements_stand_by_the_moment_and_only_what_is_over_and_not_covered_is_too_late() -> None:
    content = given(
        upgrade("later", 90, demand("6.0.0"), title="Later"),
        upgrade("sooner", 60, title="Sooner"),
        upgrade("past", -10, demand("4.0.0", audiences=["hosts"]), title="Past"),
        upgrade("older", -30, demand("3.0.0", audiences=["hosts"]), title="Older"),
    )
    said = text(content)
    assert said.index("Sooner") < said.index("Later") < said.index("Too late") < said.index("Past")
    assert "2 versions are required. The first: Storage node 5.0.0" in said
    assert "Storage node 4.0.0 or later on Stable, for hosts, was required by Tuesday 10 November 2026" in said
    assert "Past. Run 4.1.0." in said
    assert "Older." not in said
    assert [each["event"] for each in data(content)["requirements"]] == ["past", "sooner", "later"]


def test_at_the_moment_itself_it_is_too_late() -> None:
    content = given(upgrade())
    due = NOW + timedelta(days=60)
    assert "Too late" not in text(content, now=due - timedelta(seconds=1))
    assert "0 minutes left" in text(content, now=due - timedelta(seconds=1))
    said = text(content, now=due)
    assert "Too late" in said
    assert "It is not out yet." in said
    assert entries(render(content, now=due)[READY_ICS]) == {}


def test_a_cancelled_event_is_named_once_while_it_is_to_come_and_asks_for_nothing() -> None:
    content = given(upgrade("fork", 30, title="The fork", status="cancelled"))
    said = text(content)
    assert "No event requires a version now." in said
    assert said.count("The fork") == 1
    assert "Nobody needs to update for The fork: it was cancelled." in said
    assert data(content)["cancelled"] == [{"event": "fork", "title": "The fork"}]
    assert "The fork" not in text(content, now=NOW + timedelta(days=31))
    entry = entries(render(content)[READY_ICS])["required-fork-node-stable"]
    assert str(entry["status"]) == "CANCELLED"
    assert entry.walk("VALARM") == []
    assert "Nobody needs to update for it." in from_markdown(page(content, "events/fork.md")).text


@pytest.mark.parametrize("status", ["planned", "cancelled"])
@pytest.mark.parametrize(
    "hidden", [{"visibility": "internal"}, {"visibility": "embargoed", "embargoed_until": at(40)}], ids=str
)
def test_r96_what_is_not_public_requires_nothing_of_the_public(hidden: dict[str, Any], status: str) -> None:
    asked = demand("9.8.7", otherwise="Leak of what happens.")
    content = given(upgrade("leak-event", 60, asked, status=status, **hidden, **SECRET))
    for path, body in render(content, live()).items():
        assert not re.search(rb"leak|9\.8\.7", body, re.IGNORECASE), path
        assert "leak" not in path
    assert "No event requires a version now." in text(content)
    if "embargoed_until" in hidden and status == "planned":
        assert b"9.8.7" in render(content, live(), NOW + timedelta(days=41))["ready.md"]


def test_r96_an_internal_release_that_is_required_is_not_named() -> None:
    secret = release("5.0.3", visibility="internal", sentence="Leak of a release.", planned_for=at(9), notes=NEEDED)
    content = given(upgrade(), releases=(PUBLISHED, secret))
    for path, body in render(content, live()).items():
        assert not re.search(rb"leak|5\.0\.3", body, re.IGNORECASE), path
    assert "Announced, not out yet, and no date is known." in text(content)


def test_ready_json_is_what_its_schema_says() -> None:
    schema = schema_of(RequiredVersions, closed=True, nulls=True)
    everything = given(
        upgrade("upgrade", 59, demand(otherwise="It stops."), trigger=TRIGGER),
        upgrade("past", -10, demand("4.0.0")),
        upgrade("fork", 30, status="cancelled"),
    )
    jsonschema.validate(data(everything), schema)
    assert RequiredVersions.model_validate_json(render(everything)[READY_DATA]).at == NOW


def test_r91_the_calendar_has_the_moment_and_alarms_at_the_runway_and_a_week_before() -> None:
    content = given(upgrade("upgrade", 60, demand(audiences=["hosts"])))
    body = render(content)[READY_ICS]
    assert vobject.readOne(body.decode()).validate(raiseException=True)
    entry = entries(body)["required-upgrade-node-stable"]
    assert entry.decoded("dtstart") == NOW + timedelta(days=60)
    assert str(entry["summary"]) == "Last moment to run Storage node 5.0.0 or later, Stable"
    assert str(entry["description"]) == "Network upgrade requires Storage node 5.0.0 or later, Stable for hosts."
    assert str(entry["status"]) == "CONFIRMED"
    alarms = entry.walk("VALARM")
    assert [alarm.decoded("trigger") for alarm in alarms] == [timedelta(days=-21), timedelta(days=-7)]
    assert {str(alarm["action"]) for alarm in alarms} == {"DISPLAY"}
    assert all(str(alarm["description"]) for alarm in alarms)


@pytest.mark.parametrize(("runway", "days"), [("7 d", [-7]), ("0 d", [-7]), ("3 d", [-7, -3])])
def test_no_alarm_rings_twice_or_at_the_moment_itself(runway: str, days: list[int]) -> None:
    entry = entries(render(given(upgrade(), rules=runways(runway)))[READY_ICS])["required-upgrade-node-stable"]
    assert [alarm.decoded("trigger") for alarm in entry.walk("VALARM")] == [timedelta(days=day) for day in days]


def test_a_moment_that_is_only_estimated_is_tentative() -> None:
    entry = entries(render(given(upgrade("upgrade", 59, trigger=TRIGGER)))[READY_ICS])["required-upgrade-node-stable"]
    assert str(entry["status"]) == "TENTATIVE"
    assert entry.decoded("dtstart") < NOW + timedelta(days=58)


def test_two_demands_of_one_event_have_two_entries_and_two_places() -> None:
    both = upgrade("upgrade", 60, demand(audiences=["hosts"]), demand("6.0.0", audiences=["exchanges"]))
    assert set(entries(render(given(both))[READY_ICS])) == {
        "required-upgrade-node-stable",
        "required-upgrade-node-stable-2",
    }
    cards = [
        a for _, a in from_markdown(page(given(both), "ready.md")).elements if a.get("class") == "tg-card tg-ready"
    ]
    anchors = [card["id"] for card in cards]
    assert anchors == ["upgrade-node-stable", "upgrade-node-stable-2"]


def test_an_entry_that_says_the_same_keeps_its_stamp_and_one_that_moves_counts_up() -> None:
    def again(content: Catalog, before: bytes, now: datetime) -> Any:
        files = render_site(content, None, now, TEMPLATES, FEED_SCHEMA, {READY_ICS: before})
        return entries(files[READY_ICS])["required-upgrade-node-stable"]

    first = render(given(upgrade()))[READY_ICS]
    old = entries(first)["required-upgrade-node-stable"]
    later = NOW + timedelta(days=1)
    same = again(given(upgrade()), first, later)
    assert (same["sequence"], same.decoded("dtstamp")) == (old["sequence"], NOW)
    for changed in (
        given(upgrade("upgrade", 61)),
        given(upgrade(), rules=runways("30 d")),
        given(upgrade("upgrade", 60, demand("5.0.1"))),
    ):
        moved = again(changed, first, later)
        assert moved["sequence"] > old["sequence"]
        assert moved.decoded("dtstamp") == later


def test_products_without_a_requirement_are_named() -> None:
    content = given(upgrade())
    more = replace(content, products=content.products | {"window": product("window", name="Window")})
    assert "No version of Window is required." in text(more)


BUSY = (
    catalog(
        events=(
            upgrade(
                "fork", 59, demand("5.0.0", audiences=["hosts", "exchanges"]), trigger=TRIGGER, title="Network upgrade"
            ),
            upgrade("listing", 4, demand("4.1.1", audiences=["api-users"]), title="A pair opens"),
            upgrade("past", -10, demand("4.0.0", otherwise="x"), title="Old contract closed", status="happened"),
            upgrade("gone", 30, title="Rule change", status="cancelled"),
        ),
        releases=(
            release("4.0.0", shipped_at=at(-90), planned_for=None),
            PUBLISHED,
            release("4.1.1", change_class="patch", planned_for=at(0.1), notes=NEEDED),
            release("5.0.0", planned_for=at(50), notes=NEEDED),
        ),
        products=(product(min_secure="4.1.1", min_supported="4.1.0"),),
        rules=runways(),
    ),
    live().model_copy(
        update={"withdrawn": (Withdrawal(product="node", channel="stable", version=Version.parse("4.1.1"), at=NOW),)}
    ),
    NOW,
)
"""All at once; for looking at the pages."""


def test_everything_at_once_renders() -> None:
    content, state, now = BUSY
    assert "Late. The last safe date" in text(content, state, now)
