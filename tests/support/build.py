"""Small valid values for tests of rules: give what matters, the rest is quiet."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from publisher.content.schemas import example
from publisher.content.yaml_reader import parse
from publisher.model.catalog import Catalog
from publisher.model.config.endpoint import Endpoints
from publisher.model.config.signer import Signers
from publisher.model.config.staffing import Shift, Staffing
from publisher.model.content.calendar_review import Review
from publisher.model.content.deprecation import Deprecation
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.monitor import Monitor
from publisher.model.content.policy import FreezePolicy, Policy
from publisher.model.content.product import Channel, Product
from publisher.model.content.release import ChangeClass, Release
from publisher.model.content.risk_register import Scenario, Signal
from publisher.model.values import format_time
from publisher.rules.freeze.matrix import Case, Lengths, Subject, freeze_lengths
from publisher.rules.requirements.required import with_deadlines

POLICY = Path(__file__).parent / "policy.yaml"


def at(text: str) -> datetime:
    """2026-03-10 10:00 -> that moment in UTC; the hour may be left out."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def event(starts: str, ends: str, **fields: Any) -> Event:
    """An exchange listing of severity 3, unless told otherwise."""
    known = example("event") | {"starts": format_time(at(starts)), "ends": format_time(at(ends)), "sample": True}
    known |= {"comms_lead": "Ana"}
    known.pop("announced", None)
    return Event.model_validate_json(json.dumps(known | fields))


CALM = {"client_load": 0, "node_churn": 0, "support_traffic": 0, "compatibility_risk": 0}
"""An impact that touches nothing."""


def monitor(*readings: tuple[str, float], every: str = "12 h", measures: str = "errors", **fields: Any) -> Monitor:
    """For all products; at most 12 is healthy."""
    known = example("monitor") | {"id": measures, "measures": measures, "products": [], "every": every}
    known["readings"] = [{"at": format_time(at(moment)), "value": value} for moment, value in readings]
    return Monitor.model_validate_json(json.dumps(known | fields))


def severity(score: int) -> dict[str, Any]:
    """A severity with a reason."""
    return {"score": score, "because": "A test says so."}


def scenario(ran_at: str, **fields: Any) -> Scenario:
    """A scenario of two failures that held, for all types of event."""
    known = example("scenario") | {"event_types": [], "ran_at": format_time(at(ran_at))}
    return Scenario.model_validate_json(json.dumps(known | fields))


def signal(event: str, score: int, *, accepted: bool, **fields: Any) -> Signal:
    """A signal over its threshold that proposes a severity."""
    known = example("signal") | {"event": event, "proposes": severity(score)}
    if not accepted:
        known.pop("accepted")
    return Signal.model_validate_json(json.dumps(known | fields))


def release(version: str, change_class: str = "feature", product: str = "daemon", **fields: Any) -> Release:
    """An essential release of a test product for both channels."""
    known = example("release") | {
        "product": product,
        "version": version,
        "change_class": change_class,
        "channels": ["stable", "beta"],
        "risks": [{"risk": one, "none_because": "A test says so."} for one in ("outage", "security", "trust")],
    }
    known.pop("planned_for", None)
    known |= {"necessity": "essential", "fix_confidence": "high"}
    if change_class == "hotfix":
        known |= {"risk_of_delay": severity(4), "risk_of_rollout": severity(2)}
    return Release.model_validate_json(json.dumps(known | fields))


def deprecation(**fields: Any) -> Deprecation:
    """A deprecation of the daemon."""
    return Deprecation.model_validate_json(json.dumps(example("deprecation") | {"product": "daemon"} | fields))


def maintenance(starts: str, length: str = "1 h", product: str = "daemon", **fields: Any) -> Maintenance:
    """A window of a test product in which a dashboard is slow; it happens once, unless told otherwise."""
    known = example("maintenance") | {"starts": format_time(at(starts)), "length": length, "product": product}
    known.pop("repeats")
    return Maintenance.model_validate_json(json.dumps(known | fields))


def shift(duty: str = "on-call", zone: str = "UTC", hours: str = "00:00-24:00", **fields: Any) -> Shift:
    """A shift of one person on every day of the week, all day long unless told otherwise."""
    start, _, end = hours.partition("-")
    days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    known = {"duty": duty, "people": ["Ana"], "zone": zone, "days": days, "start": start, "end": end}
    return Shift.model_validate_json(json.dumps(known | fields))


def staffing(*shifts: Shift, but: str = "") -> Staffing:
    """The shifts, and everybody around the clock in all other duties but one."""
    given = {one.duty for one in shifts} | {but}
    return Staffing(shifts=(*shifts, *(shift(duty) for duty in ("on-call", "comms", "support") if duty not in given)))


def team_policy() -> Policy:
    """A whole policy of the tests' own, so that the sample's may be edited like any other content."""
    document, problems = parse(POLICY.read_bytes(), str(POLICY))
    assert document is not None, problems
    return Policy.model_validate_json(json.dumps(document.data))


def policy(**freeze: Any) -> Policy:
    """A policy with the bands and adjustments that are given."""
    whole = example("policy")
    return Policy.model_validate_json(json.dumps(whole | {"freeze": whole["freeze"] | freeze}))


def product(client_type: str, **values: Any) -> Product:
    """A product named after its client type."""
    known = example("products")["products"][0]
    fields = {"id": client_type, "client_type": client_type, "channels": ["stable", "beta"]}
    return Product.model_validate_json(json.dumps(known | fields | values))


def catalog(
    events: Iterable[Event] = (),
    releases: Iterable[Release] = (),
    deprecations: Iterable[Deprecation] = (),
    the_policy: Policy | None = None,
    **fields: Any,
) -> Catalog:
    """A catalog with one product of each client type; unless told otherwise people are on duty, nothing is measured,
    and the calendar was reviewed on 9 March 2026."""
    known: dict[str, Any] = {
        "staffing": staffing(),
        "monitors": (monitor(), monitor(measures="adoption")),
        "review": Review(quarter="2026-Q1", reviewed_at=at("2026-03-09"), reviewed_by="Ana"),
    }
    products = [product(client_type) for client_type in ("daemon", "desktop", "dashboard", "service")]
    channels = [
        Channel(id=name, name=name, summary="A channel.", prereleases=name == "beta") for name in ("stable", "beta")
    ]
    whole = Catalog(
        products={one.id: one for one in products},
        channels={one.id: one for one in channels},
        endpoints=Endpoints.model_validate_json(json.dumps(example("endpoints"))),
        signers=Signers.model_validate_json(json.dumps(example("roles") | example("signers"))),
        policy=the_policy or team_policy(),
        events=tuple(sorted(events, key=lambda one: (one.starts, one.id))),
        releases=tuple(sorted(releases, key=lambda one: (one.product, one.version))),
        deprecations=tuple(deprecations),
        sample=None,
        **known | fields,
    )
    return with_deadlines(whole)


def subject(client_type: str, change_class: str, **fields: Any) -> Subject:
    """A kind of change of the product of that client type."""
    return replace(Subject.of(product(client_type), ChangeClass(change_class)), **fields)


def lengths(the_policy: FreezePolicy, event: Event, one: Subject) -> Lengths | None:
    """The band of an event of its own severity."""
    return freeze_lengths(the_policy, Case.of(event, event.severity.score), one)
