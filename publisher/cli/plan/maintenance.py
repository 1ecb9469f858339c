"""`publish maintenance`: when is maintenance planned, and may it take place then?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from publisher.cli.inputs import content_options, json_option, known_product, load, moment, print_result
from publisher.cli.output.verdicts import terminal_width, verdict_lines, wrapped
from publisher.model.catalog import Catalog
from publisher.model.records.decision import Outcome, Verdict
from publisher.model.values import format_time
from publisher.rules import english
from publisher.rules.evaluate import worst
from publisher.rules.maintenance.judge import judge
from publisher.rules.staffing.local_time import local
from publisher.rules.staffing.occurrences import Occurrence, occurrences

REFUSED = 3
"""The exit code when a window may not take place, as when a release may not ship."""


@dataclass(frozen=True)
class Answer:
    """A window with what the rules say of it."""

    window: Occurrence
    verdicts: tuple[Verdict, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of the verdicts."""
        return worst(self.verdicts)

    @property
    def local(self) -> str | None:
        """Its hours by the clocks of its slot; None for a window that happens once, which is planned in UTC."""
        slot = self.window.maintenance.repeats
        return None if slot is None else local(self.window.span, slot.zone)


@click.command("maintenance")
@click.option(
    "--from",
    "since",
    metavar="TIME",
    help="First moment (2026-03-01T12:00:00Z, or `now`). Sample content has a time of its own.",
)
@click.option(
    "--days", type=click.IntRange(1, 3660), default=28, show_default=True, help="How many days to look ahead."
)
@click.option("--product", help="Only the maintenance of this product.")
@content_options
@json_option
def command(
    *, since: str | None, days: int, product: str | None, content: tuple[Path, ...], config: Path, as_json: bool
) -> None:
    """List planned maintenance, and say whether each window may take place.

    A window must be short, away from the hours at which many users are there, clear of events, and have people on
    duty meanwhile and for the first day after it. What is missing is named. The exit code is 3 if any window may not
    take place as planned, and 0 otherwise.
    """
    catalog = load(content, config)
    if product is not None:
        known_product(catalog, product)
    start = moment(since, catalog, "--from")
    end = start + timedelta(days=days)
    answers = answers_between(catalog, start, end, product)
    all_may = not any(answer.outcome.stops for answer in answers)
    if as_json:
        print_result({"from": format_time(start), "until": format_time(end), "windows": as_data(answers)}, ok=all_may)
    else:
        click.echo("\n".join(report(answers, start, end, terminal_width())))
    if not all_may:
        raise click.exceptions.Exit(REFUSED)


def answers_between(catalog: Catalog, start: datetime, end: datetime, product: str | None = None) -> list[Answer]:
    """Every window that overlaps [start, end), by start, with what the rules say of it."""
    windows = [
        window
        for one in catalog.maintenance
        if product is None or one.product == product
        for window in occurrences(one, start, end)
    ]
    windows.sort(key=lambda window: (window.start, window.maintenance.id))
    return [Answer(window, judge(catalog, window.maintenance, window.start)) for window in windows]


def report(answers: Sequence[Answer], start: datetime, end: datetime, width: int) -> list[str]:
    """The answer in the first line, then each window with what stops it."""
    lines = wrapped(_first_line(answers, start, end), width)
    for answer in answers:
        maintenance = answer.window.maintenance
        lines += ["", *wrapped(f"{english.period(*answer.window.span)}: {maintenance.title}", width)]
        where = f" {answer.local}." if answer.local else ""
        lines += wrapped(f"{maintenance.product}, {maintenance.id}.{where}", width, indent=2)
        stopping = sorted((v for v in answer.verdicts if v.outcome.stops), key=lambda verdict: -verdict.outcome.rank)
        for verdict in stopping:
            lines += verdict_lines(verdict, width)
        if not stopping:
            lines += wrapped("It may take place.", width, indent=2)
    return lines


def _first_line(answers: Sequence[Answer], start: datetime, end: datetime) -> str:
    ahead = f"from {english.moment(start)} to {english.moment(end)}"
    if not answers:
        return f"No maintenance is planned {ahead}."
    stopped = sum(answer.outcome.stops for answer in answers)
    count = english.counted(len(answers), "window")
    if not stopped:
        return f"{count} of maintenance {ahead}; {'it' if len(answers) == 1 else 'all'} may take place."
    return f"{count} of maintenance {ahead}; {stopped} may not take place as planned."


def as_data(answers: Sequence[Answer]) -> list[dict[str, object]]:
    """The same for machines. Who does the work stays inside."""
    return [
        {
            "maintenance": answer.window.maintenance.id,
            "title": answer.window.maintenance.title,
            "product": answer.window.maintenance.product,
            "start": format_time(answer.window.start),
            "end": format_time(answer.window.end),
            "local": answer.local,
            "outcome": answer.outcome.value,
            "verdicts": [verdict.model_dump(mode="json") for verdict in answer.verdicts],
        }
        for answer in answers
    ]
