"""The calendar as iCalendar: accepted by two parsers, stable, and silent on what is not public (R91, R96)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import icalendar
import pytest
import vobject

from publisher.model.catalog import Catalog
from publisher.model.content.event import Event
from publisher.rules.calendar.lanes import quarter
from publisher.site.outputs.ics import to_ics
from tests.support import build
from tests.support.build import at

NOW = at("2026-02-01")
LONG = "Ünïcödé, commas; semicolons \\ and a title that is so long that must be folded over several lines 漢字漢字漢字"


def listing(starts: str = "2026-03-10 10:00", ends: str = "2026-03-10 22:00", **fields: Any) -> Event:
    return build.event(starts, ends, **{"impact": build.CALM} | fields)


def catalog(*events: Event) -> Catalog:
    way = {"bundle": "ab" * 32, "verified_at": "2026-01-20T10:00:00Z", "rehearsed_at": "2026-01-22T10:00:00Z"}
    one = build.release("4.2.0", planned_for="2026-02-20T09:00:00Z", rollback=way)
    hidden = build.release("9.9.9", planned_for="2026-02-21T09:00:00Z", visibility="internal")
    return build.catalog(events, [one, hidden], maintenance=(build.maintenance("2026-03-05 09:00"),))


def ics(*events: Event, public: bool = True, now: datetime = NOW, published: bytes | None = None) -> bytes:
    given = catalog(*events)
    return to_ics(quarter(given, now, timedelta(days=90), now, public=public), given, now, published)


def entries(data: bytes) -> dict[str, Any]:
    found = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert len({str(one["uid"]) for one in found}) == len(found)
    return {str(one["uid"]).partition("@")[0]: one for one in found}


def when(entry: Any, name: str) -> Any:
    return entry.decoded(name)


def test_r91_two_parsers_read_every_moment_as_it_was() -> None:
    data = ics(listing(title=LONG))
    read = vobject.readOne(data.decode())
    assert read.validate(raiseException=True)
    ours = {one.uid.value.partition("@")[0]: one for one in read.vevent_list}
    theirs = entries(data)
    assert set(ours) == set(theirs)
    for uid, one in theirs.items():
        assert ours[uid].dtstart.value == when(one, "dtstart")
        assert when(one, "dtstart").tzinfo is not None
        if "dtend" in one:
            assert ours[uid].dtend.value == when(one, "dtend") > when(one, "dtstart")
    event = theirs["event-example-listing"]
    assert str(event["summary"]) == LONG
    assert (when(event, "dtstart"), when(event, "dtend")) == (at("2026-03-10 10:00"), at("2026-03-10 22:00"))
    assert "dtend" not in theirs["release-daemon-4.2.0"]


def test_lines_are_folded_and_end_as_rfc_5545_has_it() -> None:
    data = ics(listing(title=LONG))
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert data.count(b"\n") == data.count(b"\r\n")
    assert b"METHOD:PUBLISH" in data
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT12H" in data
    assert b"X-PUBLISHED-TTL:PT12H" in data


def test_r91_an_event_that_is_moved_keeps_its_uid_and_counts_up() -> None:
    moved = listing(
        "2026-03-17 10:00",
        "2026-03-17 22:00",
        title="Another title",
        revisions=[{"until": "2026-01-15T00:00:00Z", "because": "Moved.", "starts": "2026-03-10T10:00:00Z"}],
    )
    first = ics(listing())
    before, after = entries(first), entries(ics(moved, published=first))
    assert set(before) == set(after)
    for uid in ("event-example-listing", "hard-example-listing-desktop"):
        assert after[uid]["sequence"] > before[uid]["sequence"]
        assert when(after[uid], "dtstamp") > when(before[uid], "dtstamp")


UID = "event-example-listing"


def test_r91_every_change_of_a_day_counts_up_and_what_has_not_changed_stays() -> None:
    """RFC 5545 3.8.7.4: moved twice, cancelled and brought back, without revisions, and by a clock that stands."""
    later = {"starts": "2026-03-17 10:00", "ends": "2026-03-17 22:00"}
    steps = [listing(), listing(**later), listing(), listing(status="cancelled"), listing()]
    data: bytes | None = None
    issues = []
    for step in steps:
        data = ics(step, published=data)
        issues.append(entries(data)[UID])
    numbers = [issue["sequence"] for issue in issues]
    stamps = [when(issue, "dtstamp") for issue in issues]
    assert all(after > before for before, after in pairwise(numbers)), numbers
    assert all(after > before for before, after in pairwise(stamps)), stamps
    released = "release-daemon-4.2.0"
    assert entries(ics(steps[0]))[released].to_ical() == entries(data or b"")[released].to_ical()


def test_a_calendar_that_says_the_same_is_the_same_bytes_on_another_day() -> None:
    first = ics(listing())
    second = ics(listing(), now=NOW + timedelta(days=3), published=first)
    same = {uid: entry.to_ical() for uid, entry in entries(second).items() if uid in entries(first)}
    assert same == {uid: entry.to_ical() for uid, entry in entries(first).items() if uid in same}
    assert UID in same


@pytest.mark.parametrize("lost", [None, b"", b"not a calendar", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\n"])
def test_without_the_calendar_before_nothing_goes_back(lost: bytes | None) -> None:
    before = entries(ics(listing()))
    after = entries(ics(listing(status="cancelled"), now=NOW + timedelta(seconds=1), published=lost))
    assert after[UID]["sequence"] > before[UID]["sequence"]
    assert when(after[UID], "dtstamp") > when(before[UID], "dtstamp")


def test_a_number_that_cannot_be_raised_is_taken_for_lost() -> None:
    planted = re.sub(rb"SEQUENCE:\d+", b"SEQUENCE:2147483647", ics(listing()))
    assert entries(ics(listing(), published=planted))[UID]["sequence"] < 2**31 - 1


def test_r91_a_cancelled_event_stays_and_says_so() -> None:
    event = entries(ics(listing(status="cancelled")))["event-example-listing"]
    assert event["status"] == "CANCELLED"
    assert [uid for uid in entries(ics(listing(status="cancelled"))) if uid.startswith("hard")] == []
    assert entries(ics(listing(confidence="rumoured")))["event-example-listing"]["status"] == "TENTATIVE"


def test_the_same_content_gives_the_same_bytes_and_uids_do_not_hang_on_the_day_of_asking() -> None:
    assert ics(listing()) == ics(listing())
    soft = "soft-example-listing-desktop-after"
    assert soft in entries(ics(listing()))
    assert soft in entries(ics(listing(), now=at("2026-03-12")))


@pytest.mark.parametrize("word", [b"zebra", b"Zebra", b"9.9.9"])
def test_r96_what_is_hidden_is_in_no_byte_not_even_in_a_uid(word: bytes) -> None:
    hidden = listing(
        id="zebra-listing",
        title="Zebra is listed",
        visibility="internal",
        public_title="Reserved",
        comms_lead="Zacharias",
    )
    data = ics(hidden)
    assert b"Reserved" in data
    assert word not in data
    assert b"Zebra" in ics(hidden, public=False)


def test_r96_how_sure_a_hidden_event_is_changes_nothing_in_its_freeze() -> None:
    def freezes(confidence: str) -> bytes:
        hidden = listing(visibility="internal", confidence=confidence)
        found = build.catalog([hidden], the_policy=PADDED)
        return to_ics(quarter(found, NOW, timedelta(days=90), NOW, public=True), found, NOW)

    assert freezes("rumoured") == freezes("confirmed")
    assert b"TENTATIVE" not in freezes("rumoured")


PADDED = build.team_policy().model_copy(
    update={"freeze": build.team_policy().freeze.model_copy(update={"pad_hidden": True})}
)


OLD = {"starts": "2026-03-10T10:00:00Z", "ends": "2026-03-10T22:00:00Z"}


def test_a_window_keeps_its_uid_when_an_earlier_one_of_its_event_is_over() -> None:
    moved = listing(
        "2026-03-25 10:00",
        "2026-03-25 22:00",
        revisions=[
            {
                "until": "2026-03-05T00:00:00Z",
                "because": "Moved.",
                "starts": "2026-03-10T10:00:00Z",
                "ends": "2026-03-10T22:00:00Z",
            }
        ],
    )
    before, after = entries(ics(moved)), entries(ics(moved, now=at("2026-03-12")))
    uids = {uid for uid in before if uid.startswith("hard-") and uid.endswith("-desktop-2")}
    assert len(uids) == 1
    for uid in set(before) & set(after):
        assert when(before[uid], "dtstart") == when(after[uid], "dtstart"), uid
    assert uids <= set(after)
