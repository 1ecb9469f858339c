"""`publish import events`: a foreign schedule -> the event files that it changes, checked as a whole before any is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from publisher.content.event_file import event_text, updated_text
from publisher.content.foreign.fields import Unusable
from publisher.content.foreign.schedule import ScheduledEvent, read_schedule
from publisher.content.load import load_catalog
from publisher.content.yaml_edit import read_exactly
from publisher.errors import InputError
from publisher.model.catalog import Catalog
from publisher.model.config.schedule import ScheduleMapping
from publisher.model.content.event import Event
from publisher.model.content.release import ChangeClass
from publisher.model.history.past import Remark
from publisher.model.values import format_time
from publisher.pipeline.plan.event_changes import RevisedEvent, cancelled, revised
from publisher.rules.freeze.matrix import TESTED_ENOUGH, Subject
from publisher.rules.freeze.timeline import tested_limits, timeline
from publisher.rules.lint.loosened import loosened
from publisher.rules.lint.raised_requirements import WAY_OUT, raised


@dataclass(frozen=True)
class EventChange:
    """A file that is written."""

    event: Event
    """As its file will say."""
    file: Path
    before: str | None
    """None: there is no file yet."""
    after: str
    what: tuple[str, ...]
    """Each change of a file that is there, in words."""


@dataclass(frozen=True)
class EventImport:
    """What a schedule changes."""

    schedule: str
    rows: int
    changes: tuple[EventChange, ...]
    unchanged: tuple[str, ...]
    """Ids of events that agree with the schedule."""
    missing: tuple[str, ...]
    """Ids of events that came from the schedule, and that it no longer has. They stay."""
    remarks: tuple[Remark, ...]
    """What could not be used, row by row, and what people should look at."""


def plan_import(
    rows: Sequence[Any], mapping: ScheduleMapping, catalog: Catalog, content: Sequence[Path], now: datetime
) -> EventImport:
    """What the rows change in the event files of the content, which `catalog` is. Nothing is written.

    `now` says which freezes have begun. Raises InputError where no row can be used.
    """
    schedule = read_schedule(rows, mapping, catalog)
    planner = _Planner(mapping, catalog, content, now)
    for scheduled in schedule.events:
        planner.schedule(scheduled)
    for ident, row in schedule.cancelled.items():
        planner.cancel(ident, row)
    if not (planner.changes or planner.unchanged or schedule.cancelled):
        raise _nothing_usable((*schedule.remarks, *planner.remarks))
    missing = (event for event in catalog.events if event.schedule == mapping.schedule and event.status != "cancelled")
    return EventImport(
        schedule=mapping.schedule,
        rows=len(rows),
        changes=tuple(planner.changes),
        unchanged=tuple(planner.unchanged),
        missing=tuple(event.id for event in missing if event.id not in schedule.ids),
        remarks=tuple(sorted((*schedule.remarks, *planner.remarks), key=lambda remark: remark.row)),
    )


def check_import(plan: EventImport, before: Catalog, content: Sequence[Path], config: Path, now: datetime) -> None:
    """Load everything as it would be, so that nothing is written that `publish check` refuses.

    Raises ContentError with every problem, and InputError where a running freeze would end earlier, or would let
    through what it stops.
    """
    if not plan.changes:
        return
    after = load_catalog(content, config, instead={change.file: change.after.encode() for change in plan.changes})
    for change in plan.changes:
        if after.event(change.event.id) != change.event:
            raise InputError(
                f"{change.file} is written in a way that cannot be edited line by line",
                fix=f"write it by hand: {'; '.join(change.what) or change.event.id}",
            )
    edited = [change for change in plan.changes if change.before is not None]
    if not edited:
        return
    if ending := loosened(before, after, now):
        known = {change.event.id: before.event(change.event.id) for change in edited}
        by_hand = [_revision(event, now) for freeze in ending if (event := known.get(freeze.cause)) is not None]
        listed = "\n".join(f"  {freeze.cause}: {freeze}" for freeze in ending)
        raise InputError(
            f"a running freeze would end earlier:\n{listed}",
            fix="write what was known into the event by hand, and run it again: " + "; ".join(dict.fromkeys(by_hand)),
        )
    if exempting := raised(before, after, now):
        listed = "\n".join(f"  {requirement}" for requirement in exempting)
        raise InputError(
            f"an event would let through what its running freeze stops:\n{listed}",
            fix=WAY_OUT,
        )


def _revision(event: Event, now: datetime) -> str:
    return (
        f"under `revisions:` of {event.id} - {{until: {format_time(now)}, because: ..., starts:"
        f" {format_time(event.starts)}, ends: {format_time(event.ends)}}}"
    )


@dataclass
class _Planner:
    """Gathers the files to write, one event after the other."""

    mapping: ScheduleMapping
    catalog: Catalog
    content: Sequence[Path]
    now: datetime
    changes: list[EventChange] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    @cached_property
    def files(self) -> dict[str, Path]:
        """The file of each event; a catalog only has events whose file carries their id."""
        folders = [directory / "events" for directory in self.content]
        return {file.stem: file for folder in folders for file in folder.rglob("*.yaml")}

    @cached_property
    def _frozen(self) -> frozenset[str]:
        """Ids of the events around which a freeze has begun, for any product and kind of change."""
        catalog = self.catalog
        return frozenset(
            window.cause.id
            for product in catalog.products.values()
            for change_class in ChangeClass
            for tested in {TESTED_ENOUGH, timedelta(), *tested_limits(catalog)}
            for window in timeline(catalog, replace(Subject.of(product, change_class), tested=tested)).windows
            if window.start <= self.now
        )

    def has_begun(self, ident: str) -> bool:
        """Whether a freeze around an event has begun."""
        return ident in self._frozen

    def schedule(self, scheduled: ScheduledEvent) -> None:
        """The event of a row: a new file, or changes of the one that is there."""
        new = scheduled.event
        old = self.catalog.event(new.id)
        if old is None:
            file = self.content[0] / "events" / f"{new.id}.yaml"
            self.changes.append(EventChange(new, file, None, event_text(new), ()))
            return
        try:
            self._refuse_foreign(old)
            if (old.type, old.ecosystem) != (new.type, new.ecosystem):
                raise Unusable(
                    "has the id of an event of another type or ecosystem, which stays as it is",
                    f"{old.type} of {old.ecosystem}, in the schedule {new.type} of {new.ecosystem}",
                )
            self._write(old, revised(old, scheduled, self.now, self.has_begun), scheduled.row)
        except Unusable as unusable:
            self._remark(scheduled.row, new.id, unusable.reason, unusable.detail, left_out=True)

    def cancel(self, ident: str, row: int) -> None:
        """The event of a row that says that it was cancelled."""
        old = self.catalog.event(ident)
        if old is None:
            self._remark(row, ident, "was cancelled before it had a file", left_out=True)
            return
        try:
            self._refuse_foreign(old)
            answer = cancelled(old, self.mapping.schedule, self.now, self.has_begun)
            self._write(old, answer, row)
        except Unusable as unusable:
            self._remark(row, ident, unusable.reason, unusable.detail, left_out=True)

    def _refuse_foreign(self, old: Event) -> None:
        if old.schedule != self.mapping.schedule:
            raise Unusable(
                "has the id of an event that was not imported from this schedule, which stays as it is",
                f"to have it kept up to date, add `schedule: {self.mapping.schedule}` to {self.files[old.id]}",
            )

    def _write(self, old: Event, answer: RevisedEvent, row: int) -> None:
        for reason, detail in answer.notes:
            self._remark(row, old.id, reason, detail)
        if answer.event == old:
            self.unchanged.append(old.id)
            return
        file = self.files[old.id]
        try:
            before = read_exactly(file)
            after = updated_text(before, old, answer.event)
        except InputError as error:
            raise Unusable("has a file that cannot be edited line by line", f"{error.what}; {error.fix}") from None
        self.changes.append(EventChange(answer.event, file, before, after, tuple(answer.what)))

    def _remark(self, row: int, ident: str, reason: str, detail: str = "", *, left_out: bool = False) -> None:
        self.remarks.append(Remark("events", row, ident, reason, detail, left_out))


def _nothing_usable(remarks: Sequence[Remark]) -> InputError:
    reasons = Counter(remark.reason for remark in remarks if remark.left_out)
    summary = "; ".join(f"{count} of them: {reason}" for reason, count in reasons.most_common(3))
    return InputError(
        f"no row of the schedule can be used ({summary or 'the mapping leaves all of them out'})",
        fix="check that it is the right file, and that the mapping names its fields",
    )
