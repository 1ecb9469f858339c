"""What a schedule changes in an event that is there: its dates, its status and the versions that it requires.

Everything else is the words of people, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from publisher.content.foreign.fields import Unusable, first_problem
from publisher.content.foreign.schedule import ScheduledEvent
from publisher.model.content.event import Event, Revision
from publisher.model.content.requirement import RequiredVersion
from publisher.model.values import format_time
from publisher.rules import english

HasBegun = Callable[[str], bool]
"""Whether a freeze around the event of this id has begun, by what was known so far."""


@dataclass
class RevisedEvent:
    """An event as the schedule has it now."""

    event: Event
    what: list[str] = field(default_factory=list)
    """Each change, in words."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    """What people should look at, as reason and detail."""


def revised(old: Event, scheduled: ScheduledEvent, now: datetime, has_begun: HasBegun) -> RevisedEvent:
    """The event with the dates and required versions of its row; what was known of a freeze is kept under `revisions`.

    Raises Unusable where only people can say what the event should become.
    """
    answer = RevisedEvent(old)
    if old.status != "planned":
        if old.starts != scheduled.event.starts or old.status == "cancelled":
            reason = f"has the status {old.status} in its file, which stays as it is"
            answer.notes.append((reason, f"the schedule has it on {format_time(scheduled.event.starts)}"))
        return answer
    dates = _dates(old, scheduled)
    changes: dict[str, Any] = dict(dates)
    answer.what = [_moved(name, getattr(old, name), moment) for name, moment in dates.items()]
    if dates and has_begun(old.id):
        because = f"Schedule {scheduled.event.schedule} {_public(dates)}."
        # A revision with a start and no trigger means that a date was known, and no block.
        known = {name: getattr(old, name) for name in ("starts", "trigger", *dates)}
        changes["revisions"] = (*old.revisions, Revision(until=now, because=because, **known))
    changes["requires"] = tuple(_requires(old, scheduled.event, answer))
    if scheduled.height and scheduled.height.split()[1] not in _numbers(old.summary):
        answer.notes.append(("has a summary that does not name its block or epoch", scheduled.height))
    answer.event = _validated(old, changes)
    return answer


def cancelled(old: Event, schedule: str, now: datetime, has_begun: HasBegun) -> RevisedEvent:
    """The event with the status cancelled. Raises Unusable."""
    if old.status != "planned":
        notes = (
            [("was cancelled by the schedule, and has happened by its file", "")] if old.status == "happened" else []
        )
        return RevisedEvent(old, notes=notes)
    changes: dict[str, Any] = {"status": "cancelled"}
    if has_begun(old.id):
        revision = Revision(until=now, because=f"Schedule {schedule} cancelled it.", status="planned")
        changes["revisions"] = (*old.revisions, revision)
    return RevisedEvent(_validated(old, changes), ["status cancelled instead of planned"])


def _dates(old: Event, scheduled: ScheduledEvent) -> dict[str, Any]:
    """The dates that differ, by field."""
    new = scheduled.event
    dates: dict[str, Any] = {}
    if new.starts != old.starts:
        dates["starts"] = new.starts
    # Without an end of its own, an event keeps the length that people have given it.
    ends = new.ends if scheduled.has_end else new.starts + (old.ends - old.starts)
    if ends != old.ends:
        dates["ends"] = ends
    if new.trigger is None and old.trigger is not None and dates:
        raise Unusable(
            "has a date in the schedule, and waits for a block or an epoch by its file",
            "remove `trigger` from the file, and run it again",
        )
    if new.trigger is not None and new.trigger != old.trigger:
        dates["trigger"] = new.trigger
    return dates


def _numbers(text: str) -> list[str]:
    """The whole numbers in a text; thousands may be set apart, as in 411,392."""
    return re.findall(r"\d+", re.sub(r"(?<=\d)[,_ \u00a0\u202f](?=\d{3}(?!\d))", "", text))


def _moved(name: str, was: Any, now: Any) -> str:
    if name == "trigger":
        earlier = f"{was.kind} {was.height} seen at {was.seen}" if was else "none"
        return f"trigger {now.kind} {now.height} seen at {now.seen} instead of {earlier}"
    return f"{name} {format_time(now)} instead of {format_time(was)}"


def _public(dates: dict[str, Any]) -> str:
    """What happened to the dates, as it may be published."""
    if "starts" in dates:
        return f"moved it to {english.moment(dates['starts'])}"
    if "ends" in dates:
        return f"moved its end to {english.moment(dates['ends'])}"
    return "estimated it again"


def _requires(old: Event, new: Event, answer: RevisedEvent) -> Iterator[RequiredVersion]:
    """The required versions with those of the schedule; what only people wrote stays, and is reported."""
    scheduled = {(required.product, required.channel): required for required in new.requires}
    by_line: dict[tuple[str, str], list[RequiredVersion]] = {}
    for required in old.requires:
        by_line.setdefault((required.product, required.channel), []).append(required)
    for required in old.requires:
        line = required.product, required.channel
        name = " ".join(line)
        known = scheduled.get(line)
        if known is None:
            if new.requires:
                answer.notes.append(("requires a version that the schedule does not", f"{name} {required.at_least}"))
        elif len(by_line[line]) > 1:
            if all(each.at_least != known.at_least for each in by_line[line]) and required is by_line[line][0]:
                reason = "requires several versions of a release line, and none is that of the schedule"
                answer.notes.append((reason, f"{name} {known.at_least}"))
        elif known.at_least != required.at_least:
            answer.what.append(f"requires {name} {known.at_least} instead of {required.at_least}")
            yield required.model_copy(update={"at_least": known.at_least})
            continue
        yield required
    for line, required in scheduled.items():
        if line not in by_line:
            answer.what.append(f"requires {' '.join(line)} {required.at_least}")
            yield required


def _validated(old: Event, changes: dict[str, Any]) -> Event:
    """The event with the changes. Raises Unusable where they do not fit what people have written."""
    try:
        return Event.model_validate_json(old.model_copy(update=changes).model_dump_json(exclude_defaults=True))
    except ValidationError as error:
        raise Unusable("no longer fits what its file says; change that by hand", first_problem(error)) from None
