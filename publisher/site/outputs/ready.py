"""What to run by when, for programs: ready.json, and ready.ics with an alarm while there is time to install it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from icalendar import Alarm
from icalendar import Event as Entry

from publisher.model.content.event import Event
from publisher.model.content.requirement import RequiredVersion
from publisher.model.records.required_versions import ReadyCancelled, ReadyRequirement, RequiredVersions
from publisher.site.outputs.ics import as_calendar, host_of
from publisher.site.page_model import Scene
from publisher.site.readiness import RequirementView, name_of

REMINDER = timedelta(days=7)
"""An alarm rings so long before the moment, and another when the runway begins."""


def ready_as_data(scene: Scene, views: Sequence[RequirementView], cancelled: Sequence[Event]) -> dict[str, Any]:
    """ready.json; the schema required-versions-1.json describes it."""
    whole = RequiredVersions(
        at=scene.now,
        requirements=tuple(_as_data(view) for view in views),
        cancelled=tuple(ReadyCancelled(event=event.id, title=event.title) for event in cancelled),
    )
    data: dict[str, Any] = whole.model_dump(mode="json", exclude_none=True)
    return data


def _as_data(view: RequirementView) -> ReadyRequirement:
    return ReadyRequirement(
        **dict(view.written),
        product=view.product.id,
        channel=view.channel.id,
        due=view.due,
        over=view.over,
        state=view.state,
        offered=view.offered,
        expected=view.expected,
        late=view.late,
        otherwise=view.requirement.required.otherwise,
    )


def ready_ics(
    scene: Scene, views: Sequence[RequirementView], cancelled: Sequence[Event], published: bytes | None
) -> bytes:
    """The moments to come as one VCALENDAR; an event that was cancelled takes its entries out of people's calendars.

    `published` is the calendar as it was before. Entries name no moment but their own, so that they stay as they are.
    """
    entries = [*(_coming(scene, view) for view in views if not view.over), *_cancelled(scene, cancelled)]
    return as_calendar("What to run, by when", entries, scene.now, published)


def _coming(scene: Scene, view: RequirementView) -> Entry:
    required = view.requirement.required
    name = f"{view.product.name} {required.at_least} or later, {view.channel.name}"
    whom = f" for {view.requirement.who}" if view.requirement.who else ""
    entry = _entry(scene, view.requirement.event, required)
    entry.add("dtstart", view.due)
    entry.add("summary", f"Last moment to run {name}")
    entry.add("description", f"{view.requirement.event.title} requires {name}{whom}.")
    dated = view.requirement.estimate is None and view.requirement.event.is_dated
    entry.add("status", "CONFIRMED" if dated else "TENTATIVE")
    for before in sorted({view.due - view.last_safe, REMINDER} - {timedelta()}, reverse=True):
        alarm = Alarm()
        alarm.add("action", "DISPLAY")
        alarm.add("description", f"Install {name}")
        alarm.add("trigger", -before)
        entry.add_component(alarm)
    return entry


def _cancelled(scene: Scene, events: Sequence[Event]) -> Iterator[Entry]:
    for event in events:
        for required in event.requires:
            product = scene.catalog.products[required.product]
            entry = _entry(scene, event, required)
            entry.add("dtstart", required.by or event.earliest)
            entry.add("summary", f"Cancelled: {product.name} {required.at_least} is not required")
            entry.add("description", f"{event.title} was cancelled. Nobody needs to update for it.")
            entry.add("status", "CANCELLED")
            yield entry


def _entry(scene: Scene, event: Event, required: RequiredVersion) -> Entry:
    entry = Entry()
    entry.add("uid", f"required-{name_of(event, required)}@{host_of(scene.catalog)}")
    entry.add("url", scene.address_of_event(event))
    entry.add("transp", "TRANSPARENT")
    return entry
