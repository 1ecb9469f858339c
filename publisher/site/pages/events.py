"""The list of events, and one page an event that may be named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from publisher.model.content.event import Event
from publisher.model.content.monitor import Monitor, Reading
from publisher.model.content.release import Release
from publisher.rules.freeze.severity import effective_severity, risk_index
from publisher.rules.health.readings import last_reading, limits
from publisher.rules.requirements.required import EventRequirement
from publisher.site.page_model import Page, Scene
from publisher.site.pages.releases import release_view
from publisher.site.public import public_events


def pages(scene: Scene) -> Iterator[Page]:
    """The list, then every public event."""
    events = public_events(scene.catalog, scene.now)
    hidden = [freeze for freeze in scene.freezes if freeze.view.event is None and freeze.span.end > scene.now]
    yield Page(
        "events/index.md",
        "Events",
        "events.md.jinja",
        "Events outside the project, and how they affect releases.",
        {
            "coming": [event for event in events if event.ends > scene.now],
            "past": [event for event in reversed(events) if event.ends <= scene.now],
            "reserved": hidden,
        },
    )
    tied: dict[str, list[Release]] = {}
    for release in scene.catalog.releases:
        for event_id in release.named_events:
            tied.setdefault(event_id, []).append(release)
    for event in events:
        yield Page(
            f"events/{event.id}.md",
            event.title,
            "event.md.jinja",
            f"{event.title}: dates, impact, and which releases wait for it.",
            {
                "event": event,
                "severity": effective_severity(scene.catalog, event),
                "risk_index": risk_index(scene.catalog, event),
                "freeze": scene.freeze_of.get(event.id),
                "requires": [
                    (
                        scene.catalog.products[required.product],
                        scene.catalog.channels[required.channel],
                        EventRequirement(event, required),
                    )
                    for required in event.requires
                ],
                "measured": _measured(scene, event),
                "releases": [release_view(scene, release) for release in tied.get(event.id, ())],
            },
        )


@dataclass(frozen=True)
class MeasuredMonitor:
    """What a monitor said last in the time after an event."""

    monitor: Monitor
    last: Reading
    limits: str
    well: bool


def _measured(scene: Scene, event: Event) -> list[MeasuredMonitor]:
    """What was measured after a severe event, as of now, until its freezes were over for good."""
    policy, freeze = scene.policy.monitors, scene.freeze_of.get(event.id)
    if freeze is None or not policy.required or effective_severity(scene.catalog, event) < policy.severity_at_least:
        return []
    until = min(scene.now, freeze.span.end + policy.patience)
    readings = [(monitor, last_reading(monitor, until)) for monitor in scene.catalog.monitors]
    return [
        MeasuredMonitor(monitor, last, limits(monitor), monitor.healthy(last.value))
        for monitor, last in readings
        if last is not None and last.at >= event.ends
    ]
