"""`publish maintenance`: when is maintenance planned, and may it take place then?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import click

from publisher.cli.inputs import Project, known_product, moment, project_options
from publisher.cli.output.emit import Report, answering, picked
from publisher.cli.output.verdicts import verdict_lines
from publisher.errors import RefusedByPolicy
from publisher.pipeline.plan.maintenance import PlannedWindow, planned_windows
from publisher.rules import english
from publisher.text.terminal import wrapped


@click.command("maintenance")
@click.option(
    "--from",
    "since",
    metavar="TIME",
    help="First moment (2026-03-01T12:00:00Z, or `now`). Sample content has its own time.",
)
@click.option(
    "--days", type=click.IntRange(1, 3660), default=28, show_default=True, help="How many days to look ahead."
)
@click.option("--product", help="Only this product's maintenance.")
@project_options
@answering
def command(*, since: str | None, days: int, product: str | None, project: Project) -> Report:
    """List planned maintenance, and say whether each window may take place.

    A window must be short, outside busy hours, clear of events, and staffed during it and for the first day after it.
    The exit code is 3 if any window may not
    take place as planned, and 0 otherwise.
    """
    catalog = project.catalog()
    if product is not None:
        known_product(catalog, product)
    start = moment(since, catalog, "--from")
    end = start + timedelta(days=days)
    answers = planned_windows(catalog, start, end, product)
    return MaintenanceReport(answers, start, end)


@dataclass(frozen=True)
class MaintenanceReport(Report):
    """The answer in the first line, then each window with what stops it."""

    answers: Sequence[PlannedWindow]
    start: datetime
    end: datetime

    @property
    def exit_code(self) -> int:
        return RefusedByPolicy.exit_code if any(answer.outcome.stops for answer in self.answers) else 0

    def lines(self, width: int) -> list[str]:
        lines = wrapped(self._first_line(), width)
        for answer in self.answers:
            maintenance = answer.window.maintenance
            lines += ["", *wrapped(f"{english.period(*answer.window.span)}: {maintenance.title}", width)]
            where = f" {answer.local}." if answer.local else ""
            lines += wrapped(f"{maintenance.product}, {maintenance.id}.{where}", width, indent=2)
            stopping = sorted((v for v in answer.verdicts if v.outcome.stops), key=lambda v: -v.outcome.rank)
            for verdict in stopping:
                lines += verdict_lines(verdict, width)
            if not stopping:
                lines += wrapped("It can go ahead.", width, indent=2)
        return lines

    def _first_line(self) -> str:
        answers = self.answers
        ahead = f"from {english.moment(self.start)} to {english.moment(self.end)}"
        if not answers:
            return f"No maintenance is planned {ahead}."
        stopped = sum(answer.outcome.stops for answer in answers)
        count = english.counted(len(answers), "window")
        if not stopped:
            return f"{count} of maintenance {ahead}; {'it' if len(answers) == 1 else 'all'} can go ahead."
        return f"{count} of maintenance {ahead}; {stopped} cannot go ahead as planned."

    def data(self) -> dict[str, object]:
        """For programs. Who does the work stays inside."""
        windows = [
            {
                "maintenance": answer.window.maintenance.id,
                **picked(answer.window.maintenance, "title", "product"),
                **picked(answer.window, "start", "end"),
                **picked(answer, "local", "outcome"),
                "verdicts": [verdict.model_dump(mode="json") for verdict in answer.verdicts],
            }
            for answer in self.answers
        ]
        return {"from": self.start, "until": self.end, "windows": windows}
