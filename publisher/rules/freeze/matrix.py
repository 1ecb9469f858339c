"""The freeze matrix: what happens, to whom, by what change -> how long releases stop, and why so long (R19-R26).

base band of the event's type  ->  adjustments in the order of the policy  ->  what is not sure makes it longer
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property

from publisher.model.content.event import Confidence, Event
from publisher.model.content.policy import Adjustment, Band, FreezePolicy, PartialBand
from publisher.model.content.product import ClientType, Product
from publisher.model.content.release import ChangeClass, Release
from publisher.rules import english

LENGTHS = ("hard_before", "hard_after", "soft_before", "soft_after")

TESTED_ENOUGH = timedelta.max
"""For questions without a release: what the policy expects of tests is met."""


@dataclass(frozen=True)
class Subject:
    """What is to be changed, as far as the matrix asks."""

    product: str
    client_type: ClientType
    change_class: ChangeClass
    blast_radius: int
    event_sensitivity: int
    tested: timedelta = TESTED_ENOUGH

    @classmethod
    def of(cls, product: Product, change_class: ChangeClass) -> Subject:
        """A kind of change of a product, without a release at hand."""
        return cls(product.id, product.client_type, change_class, product.blast_radius, product.event_sensitivity)

    @classmethod
    def of_release(cls, product: Product, release: Release) -> Subject:
        """A release; one that does not say how long it was tested counts as untested."""
        return cls(
            product.id,
            product.client_type,
            release.change_class,
            release.blast_radius or product.blast_radius,
            release.event_sensitivity or product.event_sensitivity,
            release.tested or timedelta(),
        )


@dataclass(frozen=True)
class Case:
    """What happens, as far as the matrix asks."""

    type: str
    severity: int
    compatibility_risk: int = 0
    confidence: Confidence = Confidence.CONFIRMED
    uncovered: bool = False
    """Whether people are missing in the days around it."""

    @classmethod
    def of(cls, event: Event, severity: int, *, uncovered: bool = False) -> Case:
        """An event with the severity that counts."""
        return cls(event.type, severity, event.impact.compatibility_risk, event.confidence, uncovered)


@dataclass(frozen=True)
class Sum:
    """A length and the terms that it is the sum of."""

    length: timedelta
    terms: tuple[tuple[timedelta, str], ...]
    """Each with its reason: 7 days, exchange listing. None where the length is nothing."""

    def text(self, side: str = "") -> str:
        """9 days before (7 days exchange listing + 2 days persistence format); empty where the length is nothing."""
        if not self.terms:
            return ""
        total = f"{english.length(self.length)} {side}".rstrip()
        if len(self.terms) == 1:
            return f"{total} ({self.terms[0][1]})"
        return f"{total} ({' + '.join(f'{english.length(length)} {because}' for length, because in self.terms)})"

    def plus(self, length: timedelta | None, because: str) -> Sum:
        """The same and one more term; unchanged where `length` is nothing."""
        return Sum(self.length + length, (*self.terms, (length, because))) if length else self


NOTHING = Sum(timedelta(), ())


@dataclass(frozen=True)
class Lengths:
    """A band with the terms of each of its lengths."""

    band: Band
    sums: dict[str, Sum]
    """By name of the length."""

    @cached_property
    def hard(self) -> str:
        """9 days before (...), the event itself and 1 day after (...)."""
        before, after = self.sums["hard_before"].text("before"), self.sums["hard_after"].text("after")
        return english.listed([part for part in (before, "the event itself", after) if part])

    @cached_property
    def soft_before(self) -> str:
        """3 days before (...)."""
        return self.sums["soft_before"].text("before")

    @cached_property
    def soft_after(self) -> str:
        """4 days after (...)."""
        return self.sums["soft_after"].text("after")


def freeze_lengths(policy: FreezePolicy, case: Case, subject: Subject) -> Lengths | None:
    """The band for one case and subject with its arithmetic; None where the policy exempts it.

    Raises KeyError for a type that the policy does not know; the content check refuses those before.
    """
    base = next((base for base in policy.base if case.type in base.events), None)
    if base is None:
        raise KeyError(case.type)
    sums = {name: NOTHING.plus(getattr(base.band, name), base.because) for name in LENGTHS}
    for adjustment in policy.adjust:
        if not _applies(adjustment, case, subject):
            continue
        if adjustment.exempt:
            return None
        sums = _adjusted(sums, adjustment.set or PartialBand(), adjustment.add or PartialBand(), adjustment.because)
    if case.confidence is not Confidence.CONFIRMED:
        doubt = getattr(policy.uncertainty, case.confidence)
        sums = _adjusted(sums, PartialBand(), doubt, f"because it is only {case.confidence}")
    return Lengths(Band(**{name: total.length for name, total in sums.items()}), sums)


def padded_lengths(policy: FreezePolicy, subject: Subject) -> Lengths | None:
    """The longest of each length around any event of any kind, so that a freeze does not tell what it is for (R96).

    None where the policy exempts the subject from all of them.
    """
    doubtful = [replace(case, confidence=confidence) for case in _cases(policy) for confidence in Confidence]
    known = [lengths.band for case in doubtful if (lengths := freeze_lengths(policy, case, subject)) is not None]
    if not known:
        return None
    band = Band(**{name: max(getattr(candidate, name) for candidate in known) for name in LENGTHS})
    return Lengths(band, {name: NOTHING.plus(getattr(band, name), "as long as the longest freeze") for name in LENGTHS})


def at_least(policy: FreezePolicy, subject: Subject, change_class: ChangeClass, other: ChangeClass) -> bool:
    """Whether a change of class `change_class` waits for no event less than one of class `other`, by this policy."""
    soft = other not in policy.soft_allows and change_class in policy.soft_allows
    return not soft and lasts_as_long(policy, subject, change_class, other)


def lasts_as_long(policy: FreezePolicy, subject: Subject, change_class: ChangeClass, other: ChangeClass) -> bool:
    """Whether the freezes of class `change_class` cover those of class `other`, whatever the event and who is there."""
    for case in _cases(policy):
        longer = freeze_lengths(policy, case, replace(subject, change_class=change_class))
        shorter = freeze_lengths(policy, case, replace(subject, change_class=other))
        if shorter is None:
            continue
        if longer is None or not _covers(longer.band, shorter.band):
            return False
    return True


def _cases(policy: FreezePolicy) -> Iterator[Case]:
    """One case for each set of cases that the matrix cannot tell apart; doubt adds the same to every class."""
    severities = sorted({1, *(adjustment.severity_at_least for adjustment in policy.adjust), *_above(policy)})
    risks = sorted({0, *(adjustment.compatibility_risk_at_least for adjustment in policy.adjust)})
    gaps = sorted({False, *(adjustment.uncovered for adjustment in policy.adjust)})
    return (
        Case(kind, severity, risk, uncovered=uncovered)
        for kind in kinds_apart(policy)
        for severity in severities
        for risk in risks
        for uncovered in gaps
    )


def _above(policy: FreezePolicy) -> Iterator[int]:
    """The severities at which an adjustment that ends at one no longer applies."""
    return (adjustment.severity_at_most + 1 for adjustment in policy.adjust if adjustment.severity_at_most < 5)


def kinds_apart(policy: FreezePolicy) -> tuple[str, ...]:
    """One event type for each set of types that the matrix cannot tell apart."""
    alike: dict[tuple[int, tuple[bool, ...]], str] = {}
    for index, base in enumerate(policy.base):
        for name in base.events:
            named = tuple(not adjustment.events or name in adjustment.events for adjustment in policy.adjust)
            alike.setdefault((index, named), name)
    return tuple(alike.values())


def _covers(longer: Band, shorter: Band) -> bool:
    """Whether one band stops at every moment at which the other does, hard where that one is hard."""
    return (
        longer.hard_before >= shorter.hard_before
        and longer.hard_after >= shorter.hard_after
        and longer.hard_before + longer.soft_before >= shorter.hard_before + shorter.soft_before
        and longer.hard_after + longer.soft_after >= shorter.hard_after + shorter.soft_after
    )


def _adjusted(sums: dict[str, Sum], instead: PartialBand, more: PartialBand, because: str) -> dict[str, Sum]:
    adjusted = {}
    for name, total in sums.items():
        new = getattr(instead, name)
        start = total if new is None else NOTHING.plus(new, because)
        adjusted[name] = start.plus(getattr(more, name), because)
    return adjusted


def _applies(adjustment: Adjustment, case: Case, subject: Subject) -> bool:
    return (
        (not adjustment.events or case.type in adjustment.events)
        and (not adjustment.client_types or subject.client_type in adjustment.client_types)
        and (not adjustment.classes or subject.change_class in adjustment.classes)
        and adjustment.severity_at_least <= case.severity <= adjustment.severity_at_most
        and case.compatibility_risk >= adjustment.compatibility_risk_at_least
        and subject.blast_radius >= adjustment.blast_radius_at_least
        and subject.event_sensitivity >= adjustment.event_sensitivity_at_least
        and (adjustment.tested_less_than is None or subject.tested < adjustment.tested_less_than)
        and (case.uncovered or not adjustment.uncovered)
    )
