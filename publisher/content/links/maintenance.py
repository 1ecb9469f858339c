"""Checks of planned maintenance across fields and files: products that exist, windows that can be, sane nights."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from publisher.content.catalog_items import Item, Loaded
from publisher.content.links.checks import exists, once
from publisher.errors import Problem
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.policy import Policy
from publisher.model.values import duration_text
from publisher.rules.staffing.local_time import hours

LONGEST_NIGHT = timedelta(hours=12)


def maintenance_problems(loaded: Loaded) -> Iterator[Problem]:
    """Everything that is wrong with maintenance that is valid field by field."""
    products = {item.value.id for item in loaded.products}
    for item in loaded.maintenance:
        if "products" not in loaded.incomplete:
            yield from exists(item.value.product, products, "product", item.place("product"))
        yield from _length(item)
        yield from _until(item)
    if loaded.staffing is not None:
        for number, shift in enumerate(loaded.staffing.value.shifts):
            yield from once(shift.days, "day", loaded.staffing, "shifts", number, "days")
    if loaded.policy is not None:
        yield from _night(loaded.policy)
        yield from _longest(loaded.policy)


def _length(item: Item[Maintenance]) -> Iterator[Problem]:
    length, slot = item.value.length, item.value.repeats
    if not length:
        yield Problem("`length` is zero", item.place("length"), "say how long a window lasts, like 90 min")
    if slot is not None and length > timedelta(weeks=slot.every_weeks):
        yield Problem(
            f"`length` is {duration_text(length)}, and the next window begins after {slot.every_weeks * 7} d",
            item.place("length"),
            "make it shorter, or let it repeat less often",
        )


def _until(item: Item[Maintenance]) -> Iterator[Problem]:
    until = item.value.until
    if until is None:
        return
    if item.value.repeats is None:
        yield Problem(
            "`until` works only with `repeats`",
            item.place("until"),
            "remove it; `starts` and `length` set the end of a single window",
        )
    elif until <= item.value.starts:
        yield Problem(
            "`until` is not after `starts`",
            item.place("until"),
            "write a later time: the first at which slots no longer count",
        )


def _longest(item: Item[Policy]) -> Iterator[Problem]:
    policy = item.value.maintenance
    if policy.longest_with_data > policy.longest:
        yield Problem(
            f"`longest_with_data` is {duration_text(policy.longest_with_data)},"
            f" but `longest` is only {duration_text(policy.longest)}",
            item.place("maintenance", "longest_with_data"),
            f"write {duration_text(policy.longest)} or less; windows that affect data must not be longer than others",
        )


def _night(item: Item[Policy]) -> Iterator[Problem]:
    policy = item.value.maintenance
    place = item.place("maintenance", "night_from")
    if policy.night_from == "24:00":
        yield Problem("`night_from` is 24:00, which is the end of a day", place, 'write "00:00"')
        return
    begins, ends = hours(date(2000, 1, 10), policy.night_from, policy.night_to, "UTC")
    if ends - begins > LONGEST_NIGHT:
        yield Problem(
            f"the night from {policy.night_from} to {policy.night_to} is {duration_text(ends - begins)} long",
            place,
            "check whether `night_from` and `night_to` were swapped; a night has 12 hours or fewer",
        )
