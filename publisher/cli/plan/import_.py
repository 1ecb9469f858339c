"""`publish import events`: event files from a schedule that others publish for programs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from publisher.cli.inputs import PATH, Project, project_options, wall_clock
from publisher.cli.output.emit import Report, answering, notice, picked
from publisher.cli.suggesting_group import SuggestingGroup
from publisher.content.foreign.rows import read_rows
from publisher.content.load import load_item
from publisher.content.write_files import FileText, write_files
from publisher.errors import ContentError
from publisher.model.config.schedule import ScheduleMapping
from publisher.model.history.past import Remark
from publisher.pipeline.plan.import_events import EventChange, EventImport, check_import, plan_import
from publisher.rules import english
from publisher.text.terminal import hanging, whole, wrapped

SHOWN = 10
"""So many rows are listed for a reason; --json lists all."""


@click.group(cls=SuggestingGroup)
def command() -> None:
    """Take over what others publish for programs."""


@command.command("events")
@click.option("--from", "source", type=PATH, required=True, help="The schedule: JSON or YAML, a list of rows.")
@click.option("--mapping", type=PATH, required=True, help="YAML file that says what its fields and words mean.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show the difference.")
@project_options
@answering
def events(*, source: Path, mapping: Path, dry_run: bool, project: Project) -> Report:
    """Write or update files in content/events/ from a schedule of forks, with the versions that they require.

    A new event gets a file that people edit afterwards. Of one that is there, only dates, status and required
    versions follow the schedule; every other byte stays. Where its freeze has begun, the old date is kept under
    `revisions`. Nothing is deleted.

    Rows that are odd or cannot be used are reported, with the reason, and do not change the exit code. Everything is
    checked as it would be before the first file is written.
    """
    how = load_item(mapping, ScheduleMapping).value
    catalog = project.catalog()
    now = catalog.sample.reference_time if catalog.sample else wall_clock()
    plan = plan_import(read_rows(source, how.rows), how, catalog, project.content, now)
    try:
        check_import(plan, catalog, project.content, project.config, now)
    except ContentError:
        notice("Nothing was written, since the content would then have problems:")
        raise
    if not dry_run:
        write_files([FileText(change.file, change.before, change.after) for change in plan.changes])
    return ImportReport(plan, dry_run)


@dataclass(frozen=True)
class ImportReport(Report):
    """What was written, and what was not."""

    plan: EventImport
    dry_run: bool

    @property
    def created(self) -> list[EventChange]:
        """Events that had no file."""
        return [change for change in self.plan.changes if change.before is None]

    @property
    def changed(self) -> list[EventChange]:
        """Events whose file says something else now."""
        return [change for change in self.plan.changes if change.before is not None]

    def lines(self, width: int) -> Iterator[str]:
        plan = self.plan
        counts = f"{len(self.created)} new, {len(self.changed)} changed, {len(plan.unchanged)} unchanged"
        yield f"{english.counted(plan.rows, 'row')} of {plan.schedule}; events: {counts}."
        for change in plan.changes:
            yield f"  {change.file}{'' if change.what else ' (new)'}"
            for what in change.what:
                yield from wrapped(what, width, 4)
        if plan.missing:
            text = f"No longer in the schedule, and left as they are: {english.listed(plan.missing)}."
            yield from ("", *wrapped(f"{text} If they were cancelled, write `status: cancelled`.", width))
        yield from _reported("Rows left out, because the row ...", [r for r in plan.remarks if r.left_out], width)
        yield from _reported("Look at these rows; the row ...", [r for r in plan.remarks if not r.left_out], width)
        if self.dry_run:
            for change in plan.changes:
                yield from ("", *_difference(change))
            yield from ("", "Nothing was written.")
        elif plan.changes:
            yield from ("", *wrapped(f"Next: read the files, then run {whole('publish check')}.", width))

    def data(self) -> dict[str, object]:
        return {
            **picked(self.plan, "schedule", "rows"),
            "written": not self.dry_run and bool(self.plan.changes),
            "created": [_change(change) for change in self.created],
            "changed": [_change(change) for change in self.changed],
            **picked(self.plan, "unchanged", "missing"),
            "reported": [picked(remark, "row", "id", "reason", "detail", "left_out") for remark in self.plan.remarks],
        }


def _change(change: EventChange) -> dict[str, object]:
    return {"event": change.event.id, "file": change.file, "what": change.what, "difference": _difference(change)}


def _difference(change: EventChange) -> list[str]:
    before = [] if change.before is None else change.before.splitlines()
    source = "/dev/null" if change.before is None else str(change.file)
    return list(difflib.unified_diff(before, change.after.splitlines(), source, str(change.file), lineterm=""))


def _reported(heading: str, remarks: Sequence[Remark], width: int) -> Iterator[str]:
    if not remarks:
        return
    yield from ("", heading)
    reasons: dict[str, list[Remark]] = {}
    for remark in remarks:
        reasons.setdefault(remark.reason, []).append(remark)
    for reason, rows in sorted(reasons.items(), key=lambda item: -len(item[1])):
        yield from hanging(f"{len(rows):>5}", f"{reason}:", width, 7)
        for remark in rows[:SHOWN]:
            detail = f": {remark.detail}" if remark.detail else ""
            yield from wrapped(f"row {remark.row}, {remark.id}{detail}", width, 9)
        if len(rows) > SHOWN:
            yield from wrapped(f"and {len(rows) - SHOWN} more, which --json lists", width, 9)
