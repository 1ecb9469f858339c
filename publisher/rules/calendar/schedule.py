"""When a release may ship in the months to come: spans in which no rule that time changes is in the way (R11, R93)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter

from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.decision import Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.gate import Gate, Overridable
from publisher.rules.engine.overrides import overridable
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import NO_EVIDENCE, moments, verdicts_of
from publisher.rules.gate_order import BY_ID

HORIZON = timedelta(days=180)
"""So far ahead dates are looked for."""

COMFORT = timedelta(days=1)
"""A shorter span is taken only where no other is: somebody has to ship in it, and see how it does."""


SHORT_NOTICE = frozenset(gate.id for gate in BY_ID.values() if gate.overridable is Overridable.SHORT_NOTICE)
"""Gates that ask people to answer for a date that is late; no work mends that."""

Verdicts = tuple[Verdict, ...]


def _lasts(start: datetime, end: datetime | None) -> bool:
    return end is None or end - start >= COMFORT


@dataclass(frozen=True)
class Opening:
    """A half-open span of time in which a release may ship, but for what people have to mend on any date."""

    start: datetime
    end: datetime | None
    """None: as far as is known, for good."""
    overridden: bool = False
    """Whether it is open only by an override, at least for a part."""

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` lies in [start, end)."""
        return self.start <= moment and (self.end is None or moment < self.end)

    @property
    def comfortable(self) -> bool:
        """Whether it lasts for a day or more."""
        return _lasts(self.start, self.end)


@dataclass(frozen=True)
class OverrideSpan:
    """A half-open span of time in which it ships only by overrides of some gates."""

    start: datetime
    end: datetime | None
    """None: as far as is known, for good."""
    gates: tuple[Gate, ...]
    """What has to be overridden."""

    @property
    def comfortable(self) -> bool:
        """Whether it lasts for a day or more."""
        return _lasts(self.start, self.end)


@dataclass(frozen=True)
class Schedule:
    """The answer for one release and channel."""

    openings: tuple[Opening, ...]
    """In order; they do not touch."""
    override_spans: tuple[OverrideSpan, ...]
    """In order; spans that are not open and that people may open."""
    mend: tuple[Verdict, ...]
    """What blocks it on every date, so that no date helps. Short notice is not among it: nothing mends that."""

    def ending(self, moment: datetime) -> Schedule:
        """The same, without anything from `moment` on."""
        openings = (
            replace(opening, end=moment if opening.end is None else min(opening.end, moment))
            for opening in self.openings
            if opening.start < moment
        )
        override_spans = (
            replace(span, end=moment if span.end is None else min(span.end, moment))
            for span in self.override_spans
            if span.start < moment
        )
        return replace(self, openings=tuple(openings), override_spans=tuple(override_spans))

    def at(self, moment: datetime) -> Opening | None:
        """The span that `moment` lies in."""
        return next((opening for opening in self.openings if opening.holds(moment)), None)

    def before(self, moment: datetime) -> Opening | None:
        """The last span that is over by `moment`, with comfort if there is such a one."""
        return _comfortable(
            [opening for opening in reversed(self.openings) if opening.end is not None and opening.end <= moment]
        )

    def soon_after(self, moment: datetime) -> Opening | None:
        """The first span that begins after `moment`, however short."""
        return next((opening for opening in self.openings if opening.start > moment), None)

    def after(self, moment: datetime) -> Opening | None:
        """The first span that begins after `moment`, with comfort if there is such a one."""
        return _comfortable([opening for opening in self.openings if opening.start > moment])


def _comfortable(openings: Sequence[Opening]) -> Opening | None:
    """The first that is comfortable, else the first."""
    return next((opening for opening in openings if opening.comfortable), openings[0] if openings else None)


def schedule(
    catalog: Catalog,
    release: Release,
    channel: str,
    now: datetime,
    evidence: Evidence = NO_EVIDENCE,
    planned: datetime | None = None,
    required: datetime | None = None,
) -> Schedule:
    """When the release may ship to the channel from `now` on. Nothing but the arguments counts.

    Dates are looked for until HORIZON after `now`, or after `planned` where that is later; with `required`, only until
    then: what blocks it on every date before that has to be mended, though it would pass later.
    """
    question = Question(catalog, release, channel, evidence, now)
    until = required or max(now, planned or now) + HORIZON
    states = [(moment, verdicts_of(question.at(moment))) for moment in (now, *moments(question, until))]
    always = _always_stopping([verdicts for _, verdicts in states])
    whole = Schedule(
        openings=tuple(_openings(states, always)),
        override_spans=tuple(_override_spans(states, always)),
        mend=tuple(verdict for verdict in states[0][1] if verdict.rule in always),
    )
    return whole if required is None else whole.ending(required)


def _always_stopping(states: Sequence[Verdicts]) -> set[str]:
    """The rules that stop it at every moment, and not only for a while: a long wait is a wait all the same."""
    passing = {
        verdict.rule
        for verdicts in states
        for verdict in verdicts
        if verdict.outcome is Outcome.WAITING or verdict.until or verdict.rule in SHORT_NOTICE
    }
    return (
        set.intersection(*({verdict.rule for verdict in verdicts if verdict.outcome.stops} for verdicts in states))
        - passing
    )


def _openings(states: Iterable[tuple[datetime, Verdicts]], always: set[str]) -> Iterator[Opening]:
    start: datetime | None = None
    overridden = False
    for moment, verdicts in states:
        opened = all(verdict.rule in always for verdict in verdicts if verdict.outcome.stops)
        if opened:
            start = start or moment
            overridden = overridden or any(verdict.outcome is Outcome.PASS_OVERRIDDEN for verdict in verdicts)
        elif start is not None:
            yield Opening(start, moment, overridden)
            start, overridden = None, False
    if start is not None:
        yield Opening(start, None, overridden)


def _override_spans(states: Sequence[tuple[datetime, Verdicts]], always: set[str]) -> Iterator[OverrideSpan]:
    ends = (*(moment for moment, _ in states[1:]), None)
    spans = [
        (_to_override(verdicts, always), moment, end) for (moment, verdicts), end in zip(states, ends, strict=True)
    ]
    for gates, alike in groupby(spans, key=itemgetter(0)):
        together = list(alike)
        if gates:
            yield OverrideSpan(together[0][1], together[-1][2], gates)


def _to_override(verdicts: Verdicts, always: set[str]) -> tuple[Gate, ...]:
    """What has to be overridden; empty where nothing stops it, and where something that stops it cannot be."""
    stopping = [verdict for verdict in verdicts if verdict.outcome.stops and verdict.rule not in always]
    if not all(overridable(BY_ID[verdict.rule], verdict) for verdict in stopping):
        return ()
    return tuple(BY_ID[verdict.rule] for verdict in stopping)
