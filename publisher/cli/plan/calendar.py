"""`publish calendar`: the quarter at a glance, as a drawing, as JSON, as iCalendar, or against an earlier one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import click

from publisher.cli.inputs import (
    Project,
    at_option,
    bucket_option,
    known_product,
    moment,
    project_options,
    refuse_to_tell_early,
    state_of,
)
from publisher.cli.output.emit import Report, answering, for_programs, picked
from publisher.cli.plan.calendar_report import drawing, in_words, reviewed
from publisher.content.git_revision import catalog_at
from publisher.errors import UsageError
from publisher.model.catalog import Catalog
from publisher.model.records.channel_state import ChannelState
from publisher.pipeline.plan.open_releases import published
from publisher.rules import english
from publisher.rules.calendar.date_changes import Moved, moved
from publisher.rules.calendar.lanes import Quarter, quarter
from publisher.rules.withdrawal_text import sentences
from publisher.site.outputs.calendar_json import quarter_as_data
from publisher.site.outputs.ics import to_ics
from publisher.text.terminal import wrapped


@click.command("calendar")
@click.option("--from", "since", metavar="TIME", help="First moment.  [default: now]")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="Number of days.")
@click.option("--product", help="Only this product's freezes, releases and maintenance.")
@click.option("--public", is_flag=True, help="Show public items only; otherwise everything, private overlays included.")
@click.option("--ics", is_flag=True, help="Print iCalendar (RFC 5545).")
@click.option("--diff", metavar="REV", help="List releases that moved since a revision of the content, and why.")
@bucket_option
@at_option
@project_options
@answering
def command(
    *,
    since: str | None,
    days: int,
    product: str | None,
    public: bool,
    ics: bool,
    diff: str | None,
    bucket: str | None,
    at: str | None,
    project: Project,
) -> Report | None:
    """Draw the coming quarter: freezes by product, events, planned releases and their rollback windows.

    With --diff, list what has moved since a revision, such as the last tag, in words fit to publish. With --bucket,
    releases that are live or were taken back there do not count as planned, whatever the content says.
    """
    if ics and (for_programs() or diff is not None):
        raise UsageError("--ics cannot be combined with --json or --diff", fix="leave out --ics, or --json and --diff")
    catalog = project.catalog()
    if product is not None:
        known_product(catalog, product)
    now = moment(at, catalog)
    refuse_to_tell_early(at, now, catalog, public=public or diff is not None)
    if diff is not None:
        every = moved(catalog_at(diff, project.content, project.config), catalog, now)
        changes = [change for change in every if product in (None, change.release.product)]
        return MovedReport(diff, changes)
    start = now if since is None else moment(since, catalog, "--from")
    state = state_of(bucket, project)
    gone = published(catalog, state) if state else ()
    lanes = quarter(catalog, start, timedelta(days=days), now, product=product, public=public, gone=gone)
    if ics:
        click.echo(to_ics(lanes, catalog, now), nl=False)
        return None
    withdrawn = sentences(state, now, product) if state else []
    return CalendarReport(lanes, catalog, state, now, withdrawn, public)


@dataclass(frozen=True)
class CalendarReport(Report):
    """When and by whom it was reviewed, what was taken back, the drawing, and the same in words."""

    widest: ClassVar[int] = 120
    says_ok: ClassVar[bool] = False
    lanes: Quarter
    catalog: Catalog
    state: ChannelState | None
    now: datetime
    withdrawn: Sequence[str]
    public: bool

    def lines(self, width: int) -> list[str]:
        lanes = self.lanes
        days = english.counted((lanes.end - lanes.start).days, "day")
        review = reviewed(self.catalog, self.now, public=self.public)
        return [
            *wrapped(f"{english.moment(lanes.start)}, and {days} from then on. {review}", width),
            *(line for text in self.withdrawn for line in wrapped(text, width)),
            "",
            *drawing(lanes, self.now, width),
            *in_words(lanes, width, public=self.public),
        ]

    def data(self) -> dict[str, object]:
        return quarter_as_data(self.lanes, self.catalog, self.state)


@dataclass(frozen=True)
class MovedReport(Report):
    """Which releases have moved since a revision, and why."""

    revision: str
    moved: Sequence[Moved]

    def lines(self, width: int) -> list[str]:
        lines = wrapped(f"{english.counted(len(self.moved), 'planned release')} moved since {self.revision}.", width)
        for change in self.moved:
            lines += ["", *wrapped(change.sentence, width)]
            lines += [line for why in change.because for line in wrapped(why, width, 2)]
        return lines

    def data(self) -> dict[str, object]:
        moves = [
            {
                "release": change.release.id,
                "planned_for": change.planned,
                **picked(change, "before", "after", "because"),
            }
            for change in self.moved
        ]
        return {"since": self.revision, "moved": moves}
