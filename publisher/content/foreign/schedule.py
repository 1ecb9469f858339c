"""Rows of a foreign schedule -> events as they would be written, with what could not be used of each row (R18)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from publisher.content.foreign.dates import MOMENT, dated
from publisher.content.foreign.fields import LONGEST, Unusable, first_problem, fits, label, shown, value
from publisher.content.foreign.required import required_versions
from publisher.content.foreign.rows import Row
from publisher.model.catalog import Catalog
from publisher.model.config.schedule import FIELD, ScheduledType, ScheduleMapping
from publisher.model.content.event import UNSCORED_LEAD_TIME, UNSCORED_SEVERITY, Event, Trigger
from publisher.model.file_names import LARGEST_NUMBER
from publisher.model.history.past import Remark
from publisher.model.timespan import Span
from publisher.model.values import YEARS, Slug
from publisher.rules.english import few
from publisher.signing.private_keys import private_key_in
from publisher.text.markdown import problem_of as markdown_problem
from publisher.text.suggest import did_you_mean

_MARKUP = re.compile(r"([\\`*_\[\]<>&#!~|])")
_ID: TypeAdapter[str] = TypeAdapter(Slug)


@dataclass(frozen=True)
class ScheduledEvent:
    """What a row says of an event."""

    row: int
    """Counted from 1."""
    event: Event
    """As it would be written if there were none yet."""
    has_end: bool
    """Whether the row gives its end; otherwise that follows from the start and the usual length."""
    height: str
    """The block or epoch that its summary should name; empty where it needs not name any."""


@dataclass(frozen=True)
class ReadSchedule:
    """The events that can be used, and the rest in words."""

    events: tuple[ScheduledEvent, ...]
    """In the order of the rows."""
    cancelled: Mapping[str, int]
    """Ids of the events that were cancelled, each with its row."""
    ids: frozenset[str]
    """All ids that the schedule has, also those of rows that cannot be used."""
    remarks: tuple[Remark, ...]


def read_schedule(rows: Sequence[Any], mapping: ScheduleMapping, catalog: Catalog) -> ReadSchedule:
    """Read every row; what cannot be used of it is reported, and the rest counts."""
    readers: list[_ScheduledRow] = []
    remarks: list[Remark] = []
    for number, row in enumerate(rows, 1):
        reader = _ScheduledRow(row, mapping, catalog, number, label(row, FIELD.findall(mapping.id)[0], f"row {number}"))
        try:
            if not isinstance(row, dict):
                raise Unusable("is not an object with fields", shown(row))
            if not any(fits(row, conditions) for conditions in mapping.left_out):
                reader.id = reader.name = reader.read_id()
                readers.append(reader)
        except Unusable as unusable:
            remarks.append(reader.remark(unusable.reason, unusable.detail, left_out=True))
    rows_of: dict[str, list[str]] = {}
    for reader in readers:
        rows_of.setdefault(reader.id, []).append(str(reader.number))
    events: list[ScheduledEvent] = []
    cancelled: dict[str, int] = {}
    for reader in readers:
        try:
            if len(numbers := rows_of[reader.id]) > 1:
                raise Unusable("has the id of another row, so that none of them counts", f"rows {few(numbers)}")
            if any(fits(reader.row, conditions) for conditions in mapping.cancelled):
                cancelled[reader.id] = reader.number
            else:
                events.append(reader.scheduled())
        except Unusable as unusable:
            remarks.append(reader.remark(unusable.reason, unusable.detail, left_out=True))
            continue
        remarks += [reader.remark(reason, detail) for reason, detail in reader.notes]
    remarks.sort(key=lambda remark: remark.row)
    return ReadSchedule(tuple(events), cancelled, frozenset(rows_of), tuple(remarks))


@dataclass
class _ScheduledRow:
    """One row on its way to an event."""

    row: Row
    mapping: ScheduleMapping
    catalog: Catalog
    number: int
    name: str
    """What it is called in messages."""
    id: str = ""
    notes: list[tuple[str, str]] = field(default_factory=list)
    """What is odd about it, as reason and detail."""

    def remark(self, reason: str, detail: str, *, left_out: bool = False) -> Remark:
        return Remark("events", self.number, self.name, reason, detail, left_out)

    def read_id(self) -> str:
        """The id of its event; raises Unusable where it can be none."""
        written = self._filled(self.mapping.id)
        try:
            return _ID.validate_python(re.sub(r"[ _]+", "-", written).lower())
        except ValidationError as error:
            raise Unusable("makes no id", f"{shown(written)} {first_problem(error)}") from None

    def scheduled(self) -> ScheduledEvent:
        """The event; raises Unusable with the first reason why there is none."""
        mapping = self.mapping
        if (kind := next((kind for kind in mapping.types if fits(self.row, kind.when)), None)) is None:
            raise Unusable("fits no entry of `types` in the mapping")
        if kind.type not in (known := self.catalog.policy.event_types):
            raise Unusable("has a type that the policy does not know", f"{kind.type}; {did_you_mean(kind.type, known)}")
        trigger, height = self._trigger()
        span, has_end = self._when(kind, trigger)
        summary = self._filled(mapping.summary, lambda word: _MARKUP.sub(r"\\\1", word)).strip()
        if height:
            summary += f"\n\nIt starts at {height}."
        summary = "".join(f"{line.rstrip()}\n" for line in summary.split("\n"))
        if problem := markdown_problem(summary):
            raise Unusable("makes a summary that cannot be published", problem[0])
        requires, notes = required_versions(self.row, mapping.requirements, kind.type, self.catalog)
        self.notes += notes
        try:
            event = Event(
                id=self.id,
                title=self._filled(mapping.title),
                type=kind.type,
                ecosystem=mapping.ecosystem,
                starts=span.start,
                ends=span.end,
                announced=self._announced(),
                confidence=kind.confidence,
                trigger=trigger,
                severity=kind.severity or UNSCORED_SEVERITY,
                lead_time=kind.lead_time or UNSCORED_LEAD_TIME,
                impact=kind.impact,
                requires=requires,
                summary=summary,
                source=None if mapping.source is None else self._address(mapping.source),
                schedule=mapping.schedule,
            )
        except ValidationError as error:
            raise Unusable("cannot be an event", f"{_field(error)}{first_problem(error)}") from None
        if secret := private_key_in(event.model_dump_json().encode()):
            raise Unusable(f"contains {secret}")
        return ScheduledEvent(self.number, event, has_end, height)

    def _filled(self, template: str, change: Callable[[str], str] = str) -> str:
        return FIELD.sub(lambda match: change(self._word(match[1])), template)

    def _address(self, template: str) -> str:
        return self._filled(template, str if FIELD.fullmatch(template) else lambda word: quote(word, safe=""))

    def _word(self, name: str) -> str:
        """A text or a number on one line. Raises Unusable."""
        content = value(self.row, name)
        if content is None:
            raise Unusable(f"has no `{name}`")
        if type(content) is int and abs(content) <= LARGEST_NUMBER:
            return str(content)
        if not isinstance(content, str):
            raise Unusable(f"has neither text nor a whole number as `{name}`", shown(content))
        words = content.strip()
        if not words.isprintable():
            raise Unusable(f"has a character that nobody sees in `{name}`", shown(content))
        if not 0 < len(words) <= LONGEST:
            raise Unusable(f"has no text of 1 to {LONGEST} characters in `{name}`", shown(content))
        return words

    def _moment(self, name: str) -> Span:
        """A moment, a day or a month; a number counts seconds since 1970. Raises Unusable."""
        content = value(self.row, name)
        if type(content) is not int:
            return dated(content, name)
        try:
            first = datetime.fromtimestamp(content, UTC)
        except (ValueError, OverflowError, OSError):
            first = datetime.min.replace(tzinfo=UTC)
        if first.year not in YEARS:
            raise Unusable(f"has an impossible year in `{name}`", shown(content))
        return Span(first, first + MOMENT)

    def _when(self, kind: ScheduledType, trigger: Trigger | None) -> tuple[Span, bool]:
        """From when until when it lasts, and whether the row says until when."""
        name = self.mapping.starts
        if value(self.row, name) is None and trigger is not None:
            reckoned = (trigger.as_of + trigger.reckoned).replace(microsecond=0)
            start = Span(reckoned, reckoned + MOMENT)
        else:
            start = self._moment(name)
        if start.length != MOMENT:
            self.notes.append(("is dated by day or month only, and all of it counts", shown(value(self.row, name))))
        if self.mapping.ends is not None and value(self.row, self.mapping.ends) is not None:
            end = self._moment(self.mapping.ends)
            return Span(start.start, end.start if end.length == MOMENT else end.end), True
        latest = start.start if start.length == MOMENT else start.end
        return Span(start.start, latest + kind.lasts), False

    def _announced(self) -> datetime | None:
        name = self.mapping.announced
        if name is None or value(self.row, name) is None:
            return None
        return self._moment(name).start

    def _trigger(self) -> tuple[Trigger | None, str]:
        """The estimate of its block or epoch; and where there is none, what the summary says of it."""
        height = self.mapping.height
        if height is None or (number := value(self.row, height.field)) is None:
            return None, ""
        if type(number) is not int or not 0 < number <= LARGEST_NUMBER:
            raise Unusable(f"has no whole number above 0 in `{height.field}`", shown(number))
        fields = height.estimate
        missing = [] if fields is None else [name for name in _names(fields) if value(self.row, name) is None]
        if fields is None or missing:
            if fields is not None and len(missing) < len(_names(fields)):
                self.notes.append(("has no whole estimate; its summary names the height", f"no {', '.join(missing)}"))
            chain = self._filled(height.chain, lambda word: _MARKUP.sub(r"\\\1", word))
            return None, f"{height.kind} {number} of {chain}"
        try:
            return Trigger(
                kind=height.kind,
                chain=self._filled(height.chain),
                height=number,
                seen=value(self.row, fields.seen),
                as_of=self._moment(fields.as_of).start,
                spacing_seconds=value(self.row, fields.spacing_seconds),
                earliest=self._moment(fields.earliest).start,
                latest=self._moment(fields.latest).start,
            ), ""
        except ValidationError as error:
            raise Unusable("has an estimate that cannot be", f"{_field(error)}{first_problem(error)}") from None


def _names(fields: Any) -> list[str]:
    return [name for _, name in fields]


def _field(error: ValidationError) -> str:
    """The field that an error is about, as the beginning of what it says."""
    place = error.errors()[0]["loc"]
    return f"`{place[0]}` " if place else ""
