"""Checks of what events require: names that exist, demands that agree, releases that are for an event (R18, R55)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from publisher.content.catalog_items import Item, Loaded
from publisher.content.links.checks import exists, once
from publisher.errors import Place, Problem
from publisher.model.content.event import Event
from publisher.model.content.policy import Policy
from publisher.model.content.release import Release
from publisher.model.content.requirement import RequiredVersion
from publisher.model.values import format_time
from publisher.model.visibility import Visibility
from publisher.rules.requirements.required import EventRequirement
from publisher.wire.feed_words import Action


@dataclass(frozen=True)
class _Demand:
    """A requirement with its place."""

    requirement: EventRequirement
    place: Place

    @property
    def required(self) -> RequiredVersion:
        return self.requirement.required


def requirement_problems(loaded: Loaded) -> list[Problem]:
    """Everything that is wrong between events that require versions, the policy, and releases."""
    return [*_runways(loaded), *_demands(loaded), *_contradictions(loaded), *_for_event(loaded), *_deadlines(loaded)]


def _every_demand(loaded: Loaded) -> Iterator[_Demand]:
    for item in loaded.events:
        for index, required in enumerate(item.value.requires):
            yield _Demand(EventRequirement(item.value, required), item.place("requires", index))


def _runways(loaded: Loaded) -> Iterator[Problem]:
    """Event types of the policy's requirements are those that it knows. One that is misspelt is one problem."""
    if (item := loaded.policy) is None:
        return
    requirements = item.value.requirements
    misspelt = _unknown_types(item.value)
    for index, name in enumerate(requirements.events):
        place = item.place("requirements", "events", index)
        yield from exists(name, item.value.event_types, "event type", place)
    for index, runway in enumerate(requirements.runways):
        for position, name in enumerate(runway.events):
            place = item.place("requirements", "runways", index, "events", position)
            if not misspelt:
                yield from exists(name, requirements.events, "event type that may require versions named", place)


def _unknown_types(policy: Policy) -> bool:
    """Whether the policy lets events require versions whose type it does not know, so that the list is not reliable."""
    return not set(policy.requirements.events) <= set(policy.event_types)


def _demands(loaded: Loaded) -> Iterator[Problem]:
    products = {item.value.id: item.value for item in loaded.products}
    policy = loaded.policy.value if loaded.policy is not None else None
    allowed = policy.requirements.events if policy is not None and not _unknown_types(policy) else None
    for item in loaded.events:
        event = item.value
        if event.requires and event.visibility is Visibility.INTERNAL:
            yield Problem(
                f"event {event.id} is internal, so nobody could be told what it requires",
                item.place("requires"),
                "make the event public or embargoed, or remove `requires`",
            )
        if allowed is not None and event.requires and event.type not in allowed:
            yield Problem(
                f"events of type {event.type} may not require versions",
                item.place("requires"),
                f"add {event.type} to `requirements.events` in policy.yaml, or remove `requires`"
                + (f"; those that may: {', '.join(allowed)}" if allowed else ""),
            )
        for index, required in enumerate(event.requires):
            yield from once(required.audiences, "audience", item, "requires", index, "audiences")
    if "products" in loaded.incomplete:
        return
    for item in loaded.events:
        for index, required in enumerate(item.value.requires):
            yield from exists(required.product, products, "product", item.place("requires", index, "product"))
            if (product := products.get(required.product)) is not None:
                what, place = f"channel of {product.id} named", item.place("requires", index, "channel")
                yield from exists(required.channel, product.channels, what, place)


def _contradictions(loaded: Loaded) -> Iterator[Problem]:
    """Nobody is asked by one event for two versions of one release line."""
    for item in loaded.events:
        for index, required in enumerate(item.value.requires):
            for other in item.value.requires[:index]:
                if (required.product, required.channel) == (other.product, other.channel) and _both_asked(
                    required, other
                ):
                    yield Problem(
                        f"{required.at_least} contradicts {other.at_least}, which {item.value.id} requires of the same"
                        f" people in {required.product} {required.channel}",
                        item.place("requires", index),
                        "keep one of them, or give each its own `audiences`",
                    )


def _both_asked(required: RequiredVersion, other: RequiredVersion) -> bool:
    everybody = not required.audiences or not other.audiences
    return everybody or not set(required.audiences).isdisjoint(other.audiences)


def _for_event(loaded: Loaded) -> Iterator[Problem]:
    """A release is for an event only where the event requires it."""
    events = {item.value.id: item.value for item in loaded.events}
    for item in loaded.releases:
        release, place = item.value, item.place("for_event")
        if release.for_event is None or "events" in loaded.incomplete:
            continue
        yield from exists(release.for_event, events, "event", place)
        if (event := events.get(release.for_event)) is not None and (why := _not_required(release, event)) is not None:
            yield Problem(why, place, "remove `for_event`, or add the version to `requires` of the event")


def _not_required(release: Release, event: Event) -> str | None:
    """Why the event does not require the release, if so."""
    if event.status == "cancelled":
        return f"event {event.id} was cancelled, so no release is for it"
    lines = [
        EventRequirement(event, required)
        for required in event.requires
        if required.product == release.product and required.channel in release.channels
    ]
    if not lines:
        return f"event {event.id} requires no version of {release.product} in {', '.join(release.channels)}"
    if release.version.prerelease:
        return f"{release.version} is a pre-release, which meets no requirement of {event.id}"
    if not any(requirement.is_met_by(release.version) for requirement in lines):
        return f"event {event.id} requires {min(each.required.at_least for each in lines)} or later"
    return None


def _deadlines(loaded: Loaded) -> Iterator[Problem]:
    """Until when users must update follows from the event, for a release that is still to come."""
    for item in loaded.releases:
        release = item.value
        if release.shipped_at is not None or {"events", "releases"} & loaded.incomplete:
            continue
        demands = [demand for demand in _every_demand(loaded) if _is_required(loaded, item, demand)]
        if not demands:
            continue
        public = [demand for demand in demands if demand.requirement.event.visibility is Visibility.PUBLIC]
        first = min(public or demands, key=lambda demand: demand.requirement.moment)
        name, moment = first.requirement.event.id, format_time(first.requirement.moment)
        if release.notes.action is not Action.REQUIRED:
            yield Problem(
                f"event {name} requires this version, but its notes say that the update is {release.notes.action}",
                item.place("notes", "action"),
                "write `action: required`; `required_by` then follows from the event",
            )
        elif public and release.notes.required_by not in (None, first.requirement.moment):
            yield Problem(
                f"event {name} requires this version by {moment}, as {first.place} says",
                item.place("notes", "required_by"),
                "remove `required_by`: it follows from the event",
            )


def _is_required(loaded: Loaded, item: Item[Release], demand: _Demand) -> bool:
    """Whether the release is the lowest that meets the demand, or says that it is for its event."""
    release, required, event = item.value, demand.required, demand.requirement.event
    if event.status == "cancelled" or not _meets(release, demand):
        return False
    meeting = (other.value.version for other in loaded.releases if _meets(other.value, demand))
    return release.for_event == event.id or release.version == min(meeting, default=required.at_least)


def _meets(release: Release, demand: _Demand) -> bool:
    required = demand.required
    return (
        release.product == required.product
        and required.channel in release.channels
        and demand.requirement.is_met_by(release.version)
    )
