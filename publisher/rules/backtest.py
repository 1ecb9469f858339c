"""A policy over history: which past releases would have waited, how long, and how long each product was frozen.

Only the freeze rules are asked. What history does not tell is not: notes, files, scenarios, and who was on duty.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import takewhile
from operator import attrgetter, itemgetter

from publisher.model.catalog import Catalog
from publisher.model.config.staffing import WEEKDAYS, Shift, Staffing
from publisher.model.content.event import Event
from publisher.model.content.policy import Policy
from publisher.model.content.product import Product
from publisher.model.content.release import Necessity
from publisher.model.history.past import History, PastRelease
from publisher.model.records.decision import Verdict
from publisher.model.records.evidence import Evidence
from publisher.model.timespan import Span
from publisher.rules.engine.question import Question
from publisher.rules.freeze.matrix import Subject
from publisher.rules.freeze.timeline import timeline
from publisher.rules.gates.environment import hard_freeze, soft_freeze
from publisher.rules.staffing.coverage import DUTIES
from publisher.rules.staffing.local_time import NONE, merged

EVERYBODY = Staffing(
    shifts=tuple(
        Shift(duty=duty, people=("anybody",), zone="UTC", days=WEEKDAYS, start="00:00", end="24:00") for duty in DUTIES
    )
)
"""Somebody of each duty around the clock, so that a gap in staffing, of which history tells nothing, adds nothing."""

_ASKED = (hard_freeze.GATE, soft_freeze.GATE)

AROUND = timedelta(days=182)
"""How far before and after a release chance is reckoned: long enough for many events, short enough that their number
and the pace of releases stay the same."""


@dataclass(frozen=True)
class BacktestedRelease:
    """What the freeze rules would have said to one release."""

    past: PastRelease
    chance: float
    """How much of the time AROUND it was frozen for its kind of change, from 0 to 1: so likely was any other day."""
    stopped: tuple[Verdict, ...] = ()
    """The verdicts that stop it, one freeze after the other; empty where none does."""
    since: datetime | None = None
    """The first moment of its day at which it is stopped."""
    until: datetime | None = None
    """When it could have shipped."""

    @property
    def held(self) -> bool:
        return bool(self.stopped)

    @property
    def waited(self) -> timedelta:
        """How long at most, since nobody knows at which hour of its day it was ready."""
        return self.until - self.since if self.until and self.since else NONE

    @property
    def rules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(verdict.rule for verdict in self.stopped))

    @property
    def causes(self) -> tuple[str, ...]:
        """Ids of the events that it waits for."""
        return tuple(dict.fromkeys(cause for verdict in self.stopped for cause in verdict.sources))

    @property
    def override_candidate(self) -> bool:
        """Whether it had to ship, and only an override would have let it: a hard freeze exempts no fix (R27)."""
        return self.past.release.necessity is Necessity.ESSENTIAL and hard_freeze.GATE.id in self.rules


@dataclass(frozen=True)
class Frozen:
    """Time under freezes."""

    hard: timedelta
    """Under a hard freeze."""
    soft: timedelta
    """Under a soft freeze alone."""

    @property
    def total(self) -> timedelta:
        """Under any freeze."""
        return self.hard + self.soft


@dataclass(frozen=True)
class ProductAnswer:
    """What the policy would have meant to one product, from its first release to its last."""

    product: Product
    start: datetime
    end: datetime
    answers: tuple[BacktestedRelease, ...]
    """By date."""
    frozen: Frozen
    """Time in which at least one kind of its releases was frozen."""
    by_class: dict[str, Frozen]
    """The same for each change class that it released."""

    @property
    def held(self) -> tuple[BacktestedRelease, ...]:
        return tuple(answer for answer in self.answers if answer.held)

    @property
    def override_candidates(self) -> tuple[BacktestedRelease, ...]:
        """Those that would have shipped under an override, if at all."""
        return tuple(answer for answer in self.answers if answer.override_candidate)


@dataclass(frozen=True)
class Backtest:
    """One policy over the whole of a history, as if it had always held."""

    policy: Policy
    answers: tuple[BacktestedRelease, ...]
    """One for each release, by date."""
    products: tuple[ProductAnswer, ...]
    """By id."""

    @property
    def held(self) -> tuple[BacktestedRelease, ...]:
        """Those that would have waited, by product and date."""
        return tuple(answer for product in self.products for answer in product.held)

    @property
    def by_chance(self) -> float:
        """How many would have waited, had each come out on any other day around it."""
        return sum(answer.chance for answer in self.answers)

    @property
    def override_candidates(self) -> tuple[BacktestedRelease, ...]:
        return tuple(answer for product in self.products for answer in product.override_candidates)


def backtest(today: Catalog, policy: Policy, history: History) -> Backtest:
    """Ask the freeze rules of a policy about each release of a history.

    Of `today` only what every catalog has is taken: addresses and signers, of which no freeze rule asks.
    """
    products = tuple(_product(today, policy, history, name) for name in sorted(history.products))
    answers = {answer.past.release.id: answer for product in products for answer in product.answers}
    return Backtest(policy, tuple(answers[past.release.id] for past in history.releases), products)


def _product(today: Catalog, policy: Policy, history: History, name: str) -> ProductAnswer:
    product = history.products[name]
    # Each product has a past of its own, since a release of it is no event to itself.
    events = tuple(past.event for past in history.events if name not in past.own_of)
    catalog = _catalog(today, policy, product, events)
    releases = [past for past in history.releases if past.release.product == name]
    start, end = releases[0].start, max(past.end for past in releases)
    by_class = {
        subject.change_class.value: _spans(catalog, subject)
        for subject in sorted({Subject.of_release(product, past.release) for past in releases}, key=_CLASS)
    }
    return ProductAnswer(
        product,
        start,
        end,
        tuple(_answer(catalog, past, by_class[past.release.change_class]) for past in releases),
        _frozen(by_class.values(), start, end),
        {name: _frozen([spans], start, end) for name, spans in by_class.items()},
    )


_CLASS = attrgetter("change_class")


def _catalog(today: Catalog, policy: Policy, product: Product, events: tuple[Event, ...]) -> Catalog:
    return Catalog(
        products={product.id: product},
        channels={},
        endpoints=today.endpoints,
        signers=today.signers,
        policy=policy,
        events=events,
        releases=(),
        deprecations=(),
        sample=None,
        staffing=EVERYBODY,
    )


def _answer(catalog: Catalog, past: PastRelease, spans: _Spans) -> BacktestedRelease:
    """The wait of a release that came out at some moment of [start, end): in doubt the longest that there may be."""
    first = Question(catalog, past.release, past.release.channels[0], Evidence(live=past.previous), past.start)
    edges = takewhile(lambda edge: edge < past.end, merge(*(gate.edges(first) for gate in _ASKED)))
    stopped: list[Verdict] = []
    since = until = None
    for moment in [past.start, *edges]:
        if until is not None and moment < until:
            continue
        for verdict in _course(first.at(moment)):
            stopped.append(verdict)
            since, until = since or moment, max(until or moment, verdict.until or moment)
    stopping = spans.stopping if soft_freeze.passes_soft(first) else spans.every
    return BacktestedRelease(past, _chance(past, stopping), tuple(stopped), since, until)


def _course(question: Question) -> Iterator[Verdict]:
    """What stops a release from a moment on, one freeze after the other, until nothing does."""
    while stopping := [verdict for gate in _ASKED if (verdict := gate.verdict(question)).outcome.stops]:
        yield from stopping
        question = question.at(max(verdict.until for verdict in stopping if verdict.until is not None))


@dataclass(frozen=True)
class _Spans:
    """When one kind of change was frozen."""

    hard: tuple[Span, ...]
    every: tuple[Span, ...]
    stopping: tuple[Span, ...]
    """When even what has to ship waits."""


def _spans(catalog: Catalog, subject: Subject) -> _Spans:
    windows = timeline(catalog, subject)
    return _Spans(windows.hard.spans, windows.spans, windows.stopping.spans)


def _frozen(kinds: Iterable[_Spans], start: datetime, end: datetime) -> Frozen:
    """How long at least one of several kinds of change was frozen in [start, end)."""
    kinds = tuple(kinds)
    hard = _length(merged(span for kind in kinds for span in kind.hard), start, end)
    return Frozen(hard, _length(merged(span for kind in kinds for span in kind.every), start, end) - hard)


def _chance(past: PastRelease, spans: Sequence[Span]) -> float:
    """The share of the days around it on which it would have been held: those that a freeze touches at any moment.

    A release that came out at some moment of a day or a month is held if that touches a freeze; so each freeze reaches
    back by as much.
    """
    length = past.end - past.start
    start, end = past.start - AROUND, past.start + AROUND
    first = bisect_right(spans, start, key=itemgetter(1))
    last = bisect_left(spans, end + length, key=itemgetter(0))
    return _length(tuple(merged((begins - length, ends) for begins, ends in spans[first:last])), start, end) / (
        end - start
    )


def _length(spans: Sequence[Span], start: datetime, end: datetime) -> timedelta:
    return sum((max(NONE, min(end, last) - max(start, first)) for first, last in spans), NONE)
