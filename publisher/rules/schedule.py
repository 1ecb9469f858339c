"""When a release may ship in the months to come: spans in which no rule that time changes is in the way (R11, R93)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.model.decision import Decision, Verdict
from publisher.model.evidence import Evidence
from publisher.model.release import Release
from publisher.rules.evaluate import NO_EVIDENCE, evaluate, moments
from publisher.rules.question import Question

HORIZON = timedelta(days=180)
"""So far ahead dates are looked for."""

COMFORT = timedelta(days=1)
"""A shorter span is taken only where no other is: somebody has to ship in it, and see how it does."""


@dataclass(frozen=True)
class Span:
    """A half-open span of time in which a release may ship, but for what people have to mend on any date."""

    start: datetime
    end: datetime | None
    """None: as far as is known, for good."""

    def holds(self, moment: datetime) -> bool:
        """Whether `moment` lies in [start, end)."""
        return self.start <= moment and (self.end is None or moment < self.end)

    @property
    def comfortable(self) -> bool:
        """Whether it lasts for a day or more."""
        return self.end is None or self.end - self.start >= COMFORT


@dataclass(frozen=True)
class Schedule:
    """The answer for one release and channel."""

    spans: tuple[Span, ...]
    """In order; they do not touch."""
    mend: tuple[Verdict, ...]
    """What stops it on every date, so that no date helps."""

    def at(self, moment: datetime) -> Span | None:
        """The span that `moment` lies in."""
        return next((one for one in self.spans if one.holds(moment)), None)

    def before(self, moment: datetime) -> Span | None:
        """The last span that is over by `moment`, with comfort if there is such a one."""
        return _comfortable([one for one in reversed(self.spans) if one.end is not None and one.end <= moment])

    def after(self, moment: datetime) -> Span | None:
        """The first span that begins after `moment`, with comfort if there is such a one."""
        return _comfortable([one for one in self.spans if one.start > moment])


def _comfortable(spans: Sequence[Span]) -> Span | None:
    """The first that is comfortable, else the first."""
    return next((one for one in spans if one.comfortable), spans[0] if spans else None)


def schedule(
    catalog: Catalog, release: Release, channel: str, now: datetime, evidence: Evidence = NO_EVIDENCE
) -> Schedule:
    """When the release may ship to the channel from `now` on. Nothing but the arguments counts."""
    question = Question(catalog, release, channel, evidence, now)
    decisions = [
        evaluate(catalog, release, channel, moment, evidence) for moment in (now, *moments(question, now + HORIZON))
    ]
    always = _always_stopping(decisions)
    return Schedule(
        spans=tuple(_spans(decisions, always)),
        mend=tuple(verdict for verdict in decisions[0].verdicts if verdict.rule in always),
    )


def _always_stopping(decisions: Sequence[Decision]) -> set[str]:
    """The rules that stop it at every moment, and not only for a while."""
    stopping = [{one.rule for one in decision.verdicts if one.outcome.stops} for decision in decisions]
    return set.intersection(*stopping)


def _spans(decisions: Sequence[Decision], always: set[str]) -> Iterable[Span]:
    start: datetime | None = None
    for decision in decisions:
        opened = all(one.rule in always for one in decision.verdicts if one.outcome.stops)
        if opened and start is None:
            start = decision.at
        elif not opened and start is not None:
            yield Span(start, decision.at)
            start = None
    if start is not None:
        yield Span(start, None)
