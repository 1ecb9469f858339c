"""Checks across files of the risk register and the policy: what they name exists, follows, and was agreed on by people.

What refers to a kind of item of which something could not be read is not checked, since it may well exist.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

from publisher.content.catalog_items import Item, Loaded, M
from publisher.content.links.checks import exists, file_named, once
from publisher.errors import Problem
from publisher.model.config.role import Duty
from publisher.model.content.event import Event
from publisher.model.content.policy import Policy
from publisher.model.content.release import Release
from publisher.model.content.risk_register import Override
from publisher.model.values import format_time
from publisher.rules.engine.gate import Overridable
from publisher.rules.engine.overrides import duties_of
from publisher.rules.gate_order import BY_ID, GATES

OVERRIDABLE = tuple(gate.id for gate in GATES if gate.overridable is not Overridable.NEVER)
"""Gates that an override may name; integrity is never overridden (R30)."""

ANSWERING = (Duty.ENGINEERING, Duty.OPERATIONS, Duty.EXECUTIVE)
"""Duties that can answer for an override of any kind (R27)."""


def register_problems(loaded: Loaded) -> list[Problem]:
    """Everything that is wrong between the register, the policy, and what they name."""
    return [
        *_names_of_files(loaded),
        *_followed(loaded),
        *_scenarios_signals_sprints_and_monitors(loaded),
        *_overrides(loaded),
        *_rollouts(loaded),
        *_patterns_and_owners(loaded),
        *_earlier_policies(loaded),
    ]


def _names_of_files(loaded: Loaded) -> Iterator[Problem]:
    folders = (
        loaded.sprints,
        loaded.scenarios,
        loaded.signals,
        loaded.monitors,
        loaded.overrides,
        loaded.maintenance,
    )
    for items in folders:
        for item in items:
            yield from file_named(item.value.id, item.place("id"))


def _followed(loaded: Loaded) -> Iterator[Problem]:
    """An event follows events that exist and begin before it, and none follows itself in the end."""
    events = {item.value.id: item.value for item in loaded.events}
    reported: set[str] = set()
    for item in loaded.events:
        event = item.value
        yield from once(event.follows, "event", item, "follows")
        cycle = _cycle(event, events)
        if cycle and not reported & set(cycle):
            reported.update(cycle)
            yield Problem(
                f"events follow one another in a circle: {' follows '.join(cycle)}",
                item.place("follows"),
                "remove one of the links",
            )
        for index, name in enumerate(event.follows):
            place = item.place("follows", index)
            if "events" not in loaded.incomplete:
                yield from exists(name, events, "event", place)
            if name in events and name not in cycle and event.starts < events[name].starts:
                yield Problem(
                    f"{event.id} starts before {name}, which it follows",
                    place,
                    f"let it start at {format_time(events[name].starts)} or later",
                )


def _cycle(event: Event, events: Mapping[str, Event]) -> list[str]:
    """A way from the event along `follows` back to itself; empty when there is none."""
    trails = [[event.id]]
    seen: set[str] = set()
    while trails:
        trail = trails.pop()
        for name in events[trail[-1]].follows:
            if name == event.id:
                return [*trail, name]
            if name in events and name not in seen:
                seen.add(name)
                trails.append([*trail, name])
    return []


def _scenarios_signals_sprints_and_monitors(loaded: Loaded) -> Iterator[Problem]:
    events = {item.value.id for item in loaded.events}
    products = None if "products" in loaded.incomplete else {item.value.id for item in loaded.products}
    if loaded.policy is not None:
        for scenario in loaded.scenarios:
            yield from once(scenario.value.event_types, "event type", scenario, "event_types")
            yield from once(scenario.value.failures, "failure", scenario, "failures")
            for index, name in enumerate(scenario.value.event_types):
                place = scenario.place("event_types", index)
                yield from exists(name, loaded.policy.value.event_types, "event type", place)
    if "events" not in loaded.incomplete:
        for signal in loaded.signals:
            yield from exists(signal.value.event, events, "event", signal.place("event"))
    for sprint in loaded.sprints:
        yield from _products_of(sprint, sprint.value.products, products)
    for monitor in loaded.monitors:
        yield from _products_of(monitor, monitor.value.products, products)


def _products_of(item: Item[M], names: Sequence[str], products: set[str] | None) -> Iterator[Problem]:
    """The products that an item names exist, and stand once; None: they could not all be read."""
    yield from once(names, "product", item, "products")
    for index, name in enumerate(names if products is not None else ()):
        yield from exists(name, products or (), "product", item.place("products", index))


def _overrides(loaded: Loaded) -> Iterator[Problem]:
    products = {item.value.id: item.value for item in loaded.products}
    for item in loaded.overrides:
        override = item.value
        for index, rule in enumerate(override.rules):
            if rule in BY_ID and rule not in OVERRIDABLE:
                stuck, fix = f"`rules` names {rule}", "remove it; integrity rules cannot be overridden"
                yield Problem(stuck, item.place("rules"), fix)
            else:
                yield from exists(rule, OVERRIDABLE, "rule", item.place("rules", index))
        yield from once(override.rules, "rule", item, "rules")
        yield from once(override.artifacts, "file", item, "artifacts")
        yield from _duties(item, _policy_at(loaded, override.approved_at))
        if "products" in loaded.incomplete:
            continue
        yield from exists(override.product, products, "product", item.place("product"))
        if (product := products.get(override.product)) is None:
            continue
        channel, place = f"channel of {product.id} named", item.place("channel")
        yield from exists(override.channel, product.channels, channel, place)
        if "releases" not in loaded.incomplete:
            versions = _versions(loaded, product.id)
            yield from exists(str(override.version), versions, f"release of {product.id} named", item.place("version"))


def _duties(item: Item[Override], policy: Policy | None) -> Iterator[Problem]:
    """Engineering and operations answer for an override, each once (R27); for short notice operations, comms and an
    executive do.

    Under profile solo any one person answers. What a hard freeze asks for besides is for the rules to say.
    """
    kinds = {BY_ID[rule].overridable for rule in item.value.rules if rule in OVERRIDABLE}
    asked = {Overridable.BY_DUTIES if kind is Overridable.WITH_EXECUTIVE else kind for kind in kinds}
    needed = dict.fromkeys(duty for kind in Overridable if kind in asked for duty in duties_of(kind))
    answering = tuple(dict.fromkeys((*ANSWERING, *needed)))
    duties = [approver.duty for approver in item.value.approvers]
    for index, duty in enumerate(duties):
        place = item.place("approvers", index, "duty")
        if duty not in answering:
            yield Problem(
                f"duty {duty} cannot approve an override",
                place,
                f"choose one that can: {', '.join(answering)}",
            )
        elif duty in duties[:index]:
            yield Problem(f"duty {duty} appears twice", place, "keep one of them")
    for duty in needed if policy is not None and policy.profile == "team" else ():
        if duty not in duties:
            yield Problem(f"nobody approves as {duty}", item.place("approvers"), f"add a person with the duty {duty}")


def _policy_at(loaded: Loaded, moment: datetime) -> Policy | None:
    """The policy that held then, before the first the first; None where a policy could not be read."""
    if loaded.policy is None or "policies" in loaded.incomplete:
        return None
    policies = sorted(
        (item.value for item in (*loaded.earlier_policies, loaded.policy)), key=lambda policy: policy.version
    )
    return next((policy for policy in reversed(policies) if policy.effective <= moment), policies[0])


def _rollouts(loaded: Loaded) -> Iterator[Problem]:
    for item in loaded.releases:
        release = item.value
        if release.pattern is not None and loaded.policy is not None:
            patterns = [pattern.id for pattern in loaded.policy.value.patterns]
            yield from exists(release.pattern, patterns, "pattern", item.place("pattern"))
            yield from _pattern_for_class(item, loaded.policy.value)
        if release.enables_default_of is None or "releases" in loaded.incomplete:
            continue
        place = item.place("enables_default_of")
        versions = _versions(loaded, release.product)
        yield from exists(str(release.enables_default_of), versions, f"release of {release.product} named", place)


def _pattern_for_class(item: Item[Release], policy: Policy) -> Iterator[Problem]:
    """A release that is still to ship names a pattern that is for its class of change."""
    release = item.value
    pattern = next((candidate for candidate in policy.patterns if candidate.id == release.pattern), None)
    if pattern is None or release.shipped_at is not None or release.change_class in pattern.classes:
        return
    fitting = [other.id for other in policy.patterns if release.change_class in other.classes]
    yield Problem(
        f"pattern {pattern.id} is not for class {release.change_class}",
        item.place("pattern"),
        f"choose one that is: {', '.join(fitting)}" if fitting else "add a pattern for this class to policy.yaml",
    )


def _versions(loaded: Loaded, product: str) -> list[str]:
    return [str(item.value.version) for item in loaded.releases if item.value.product == product]


def _patterns_and_owners(loaded: Loaded) -> Iterator[Problem]:
    if (item := loaded.policy) is None:
        return
    ids: set[str] = set()
    default: dict[str, str] = {}
    for index, pattern in enumerate(item.value.patterns):
        if pattern.id in ids:
            place = item.place("patterns", index, "id")
            yield Problem(f"pattern {pattern.id} appears twice", place, "keep one of them, or choose another id")
        ids.add(pattern.id)
        for position, change_class in enumerate(pattern.default_for):
            place = item.place("patterns", index, "default_for", position)
            if change_class not in pattern.classes:
                yield Problem(
                    f"pattern {pattern.id} is not for class {change_class}", place, "add it to `classes`, or remove it"
                )
            if change_class in default:
                yield Problem(
                    f"class {change_class} already has the default {default[change_class]}", place, "keep one of them"
                )
            default.setdefault(change_class, pattern.id)
    if item.value.owners is not None and "products" not in loaded.incomplete:
        products = {product.value.id for product in loaded.products}
        for name in item.value.owners.rollback:
            yield from exists(name, products, "product", item.place("owners", "rollback", name))


def _earlier_policies(loaded: Loaded) -> Iterator[Problem]:
    """Versions and dates rise from one policy to the next, so that it can be told which one held."""
    for item in loaded.earlier_policies:
        yield from file_named(str(item.value.version), item.place("version"))
    ordered: list[Item[Policy]] = sorted(loaded.earlier_policies, key=lambda item: item.value.version)
    for earlier, later in pairwise([*ordered, *([loaded.policy] if loaded.policy else [])]):
        before, after = earlier.value, later.value
        if before.version == after.version:
            yield Problem(
                f"version {after.version} is already used in {earlier.place('version').file}",
                later.place("version"),
                f"raise it with every change: write `version: {after.version + 1}`",
            )
        elif before.version >= after.version:
            yield Problem(
                f"policy {before.version} does not come before {after.version} in {later.place('version').file}",
                earlier.place("version"),
                "raise the version with every change, and keep earlier policies under their own numbers",
            )
        elif before.effective >= after.effective:
            yield Problem(
                f"policy {after.version} takes effect no later than {before.version}",
                later.place("effective"),
                f"write a time after {format_time(before.effective)}, when {before.version} took effect",
            )
