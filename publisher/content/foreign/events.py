"""Foreign rows -> events of the past, with what was odd about each row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any

from pydantic import ValidationError

from publisher.content.foreign.dates import DAY, MOMENT, dated, time_of_day, whole_month
from publisher.content.foreign.fields import Unusable, first_problem, fits, label, needed, shown, slug, value
from publisher.content.foreign.rows import Row
from publisher.model.content.event import (
    UNSCORED_LEAD_TIME,
    UNSCORED_SEVERITY,
    Confidence,
    Event,
    ImpactTags,
    Revision,
    Scored,
)
from publisher.model.history.mapping import EventMapping
from publisher.model.history.past import PastEvent, Remark
from publisher.model.timespan import Span
from publisher.rules import english
from publisher.rules.lint.lead_time import year_of_event

LONG = timedelta(days=14)
"""A longer event is worth a second look, since all of it freezes."""

UNMAPPED = "has a type that the mapping does not list"


@dataclass(frozen=True)
class ImportedEvents:
    """The events that can be used, and the rest in words."""

    events: tuple[PastEvent, ...]
    """By start."""
    unmapped: Mapping[str, int]
    """Foreign types that the mapping does not name, most frequent first."""
    remarks: tuple[Remark, ...]


def import_events(rows: Sequence[Any], mapping: EventMapping) -> ImportedEvents:
    """Read every row; one that cannot be used is told, and the others still count."""
    past_events: list[PastEvent] = []
    remarks: list[Remark] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        name = label(row, mapping.fields.id, f"row {number}")
        notes: list[tuple[str, str]] = []
        try:
            if not isinstance(row, dict):
                raise Unusable("is not an object with fields", shown(row))
            past = _RowReader(row, mapping, number, name, notes).event()
        except Unusable as unusable:
            remarks.append(Remark("events", number, name, unusable.reason, unusable.detail, left_out=True))
            continue
        if past.event.id in seen:
            notes.append(("has an id that was used before; both count", ""))
        seen.add(past.event.id)
        past_events.append(past)
        remarks.extend(Remark("events", number, name, reason, detail) for reason, detail in notes)
    past_events.sort(key=lambda past: (past.event.starts, past.event.id))
    unmapped = Counter(remark.detail for remark in remarks if remark.reason == UNMAPPED)
    return ImportedEvents(tuple(past_events), dict(unmapped.most_common()), tuple(remarks))


@dataclass(frozen=True)
class _RowReader:
    """One row on its way to an event."""

    row: Row
    mapping: EventMapping
    number: int
    name: str
    """What it is called in messages."""
    notes: list[tuple[str, str]]
    """What is odd about it, as reason and detail."""

    def event(self) -> PastEvent:
        """The event; raises Unusable with the first reason why there is none."""
        own = [rule for rule in self.mapping.own_releases if fits(self.row, rule.when)]
        if any(not rule.of for rule in own):
            raise Unusable("is a release, not an event")
        kind = next((rule for rule in self.mapping.types if fits(self.row, rule.when)), None)
        if kind is None:
            raise Unusable(UNMAPPED, needed(self.row, self.mapping.fields.type))
        confidence = self._confidence()
        when = self._when()
        fields = self.mapping.fields
        try:
            event = Event(
                id=slug(self.name) or f"row-{self.number}",
                title=label(self.row, fields.title, self.name),
                type=kind.type,
                ecosystem="history",
                starts=when.start,
                ends=when.end,
                confidence=confidence,
                severity=self._score("severity", fields.severity, UNSCORED_SEVERITY),
                lead_time=self._score("lead time", fields.lead_time, UNSCORED_LEAD_TIME),
                impact=ImpactTags(
                    client_load=0, node_churn=0, support_traffic=0, compatibility_risk=kind.compatibility_risk
                ),
                summary="Taken from a history file.",
                revisions=tuple(self._unknown_before(when)),
            )
        except ValidationError as error:
            raise Unusable("cannot be read as an event", first_problem(error)) from None
        if (look := year_of_event(event)) is not None:
            self.notes.append(("may belong to another year", f"{look.what}; {look.fix}"))
        return PastEvent(event, tuple(name for rule in own for name in rule.of))

    def _confidence(self) -> Confidence:
        if self.mapping.fields.status is None:
            return Confidence.CONFIRMED
        status = needed(self.row, self.mapping.fields.status)
        if (means := self.mapping.statuses.get(status)) is None:
            raise Unusable("has a status that the mapping does not list", status)
        if means == "left-out":
            raise Unusable("did not take place, according to the file", status)
        if means != "confirmed":
            self.notes.append((f"may not have taken place, and counts as {means}", status))
        return Confidence(means)

    def _when(self) -> Span:
        """When it took place; what is not known exactly covers all that may have been."""
        fields = self.mapping.fields
        start = dated(value(self.row, fields.starts), fields.starts)
        end = start if value(self.row, fields.ends) is None else dated(value(self.row, fields.ends), str(fields.ends))
        span = Span(start.start, end.end)
        if end.end <= start.start:
            raise Unusable("ends before it starts", f"{english.day(start.start)}, {english.day(end.start)}")
        if start is end and start.length == MOMENT:
            span = Span(start.start, start.start.replace(hour=0, minute=0, second=0) + DAY)  # nobody says how long
        span = self._believed(self._as_precise(span))
        if span.end - span.start > LONG:
            self.notes.append(("lasts for more than two weeks; the whole time counts", self._days(span)))
        return span

    def _as_precise(self, span: Span) -> Span:
        stated = value(self.row, self.mapping.fields.precision)
        precision = self.mapping.precisions.get(stated) if isinstance(stated, str) else None
        if stated is not None and precision is None:
            self.notes.append(("has a precision that the mapping does not list; whole days count", shown(stated)))
        if precision == "month":
            self.notes.append(("is dated by month only; the whole month counts", self._days(whole_month(span))))
            return whole_month(span)
        clock = time_of_day(value(self.row, self.mapping.fields.time))
        if precision == "minute" and clock is not None and span.start.time() == time.min:
            return Span(span.start + clock, span.end)
        return span

    def _believed(self, span: Span) -> Span:
        """The span with what other sources say, as far as it is near."""
        fields, first, last = self.mapping.fields, span.start, span.end
        for name, other in self._conflicts():
            if name == fields.time:
                first = first.replace(hour=0, minute=0, second=0)
                self.notes.append(("has sources that disagree on the hour; the whole day counts", shown(other)))
                continue
            if name not in (fields.starts, fields.ends):
                continue
            try:
                differs = dated(other, name)
            except Unusable as unusable:
                self.notes.append(("has a source whose date cannot be read; its own dates count", unusable.detail))
                continue
            near = span.start - self.mapping.believe_within, span.end + self.mapping.believe_within
            if near[0] <= differs.start and differs.end <= near[1]:
                first, last = min(first, differs.start), max(last, differs.end)
                self.notes.append(("has sources that disagree by days; all of them count", shown(other)))
            else:
                self.notes.append(("has a source with very different dates; its own dates count", shown(other)))
        return Span(first, last)

    def _conflicts(self) -> Iterator[tuple[str, Any]]:
        if (where := self.mapping.fields.conflicts) is None or (rows := value(self.row, where.rows)) is None:
            return
        for conflict in rows if isinstance(rows, list) else [rows]:
            if not isinstance(conflict, dict):
                self.notes.append(("has a conflict that cannot be read; its own dates count", shown(conflict)))
                continue
            yield shown(value(conflict, where.field)), value(conflict, where.value)

    def _score(self, what: str, name: str | None, unscored: Scored) -> Scored:
        score = value(self.row, name)
        if type(score) is int and 1 <= score <= 5:
            return Scored(score=score, because="As in the history file.")
        reason = f"has no {what} from 1 to 5, and counts as {unscored.score}"
        self.notes.append((reason, "" if score is None else shown(score)))
        return unscored

    def _unknown_before(self, when: Span) -> Iterator[Revision]:
        """That nobody knew of it before it was announced, so that it holds no release before."""
        name = self.mapping.fields.announced
        try:
            announced = dated(value(self.row, name), str(name))
        except Unusable as unusable:
            self.notes.append(("has no date of announcement, and counts as known in time", unusable.detail))
            return
        if announced.start >= when.start.replace(hour=0, minute=0, second=0):
            self.notes.append(("was not announced before the day it began", self._days(announced)))
        yield Revision(until=announced.start, because="It was not announced.", status="cancelled")

    @staticmethod
    def _days(span: Span) -> str:
        return f"{english.day(span.start)} to {english.day(span.end - timedelta(seconds=1))}"
