"""`publish calendar`: the quarter at a glance, as a drawing, as JSON, as iCalendar, or against an earlier one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import click

from publisher.cli.inputs import (
    at_option,
    bucket_option,
    content_options,
    json_option,
    known_product,
    load,
    moment,
    print_json,
    print_result,
    refuse_to_tell_early,
)
from publisher.cli.live import state_of
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.cli.plan.calendar_report import drawing, in_words, reviewed
from publisher.cli.plan.earlier import catalog_at
from publisher.errors import UsageError
from publisher.model.catalog import Catalog
from publisher.model.records.channel_state import ChannelState
from publisher.model.values import format_time
from publisher.rules import english
from publisher.rules.calendar.date_changes import Moved, moved
from publisher.rules.calendar.lanes import Quarter, quarter
from publisher.rules.withdrawals import sentences
from publisher.site.outputs.calendar_json import quarter_as_data
from publisher.site.outputs.ics import to_ics

WIDEST = 120


@click.command("calendar")
@click.option("--from", "since", metavar="TIME", help="Begin at this moment.  [default: the moment of asking]")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="So many days of it.")
@click.option("--product", help="Only this product's freezes, releases and maintenance.")
@click.option("--public", is_flag=True, help="What everybody may know; else the whole, private overlays too.")
@click.option("--ics", is_flag=True, help="Print iCalendar (RFC 5545).")
@click.option("--diff", metavar="REV", help="Say which releases have moved since a revision of the content, and why.")
@bucket_option
@at_option
@content_options
@json_option
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
    content: tuple[Path, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Draw the coming quarter: freezes by product, events, planned releases, and when releases can be taken back.

    With --diff, tell in words for publication what has moved since a revision, such as the last tag. With --bucket,
    what is live there or was taken back is not planned any more, whatever the content says.
    """
    if ics and (as_json or diff is not None):
        raise UsageError("--ics is a form of its own", fix="leave --json and --diff out, or --ics")
    catalog = load(content, config)
    if product is not None:
        known_product(catalog, product)
    now = moment(at, catalog)
    refuse_to_tell_early(at, now, catalog, public=public or diff is not None)
    if diff is not None:
        found = moved(catalog_at(diff, content, config), catalog, now)
        _say_moved([one for one in found if product in (None, one.release.product)], diff, as_json=as_json)
        return
    start = now if since is None else moment(since, catalog, "--from")
    state = state_of(bucket, config, catalog)
    gone = published(catalog, state) if state else ()
    lanes = quarter(catalog, start, timedelta(days=days), now, product=product, public=public, gone=gone)
    if ics:
        click.echo(to_ics(lanes, catalog, now), nl=False)
    elif as_json:
        print_json(quarter_as_data(lanes, catalog, state))
    else:
        width = min(shutil.get_terminal_size().columns, WIDEST)
        back = sentences(state, product) if state else []
        click.echo("\n".join(report(lanes, catalog, now, width, back, public=public)))


def published(catalog: Catalog, state: ChannelState) -> tuple[str, ...]:
    """Ids of the releases that a bucket offers, or whose channels have taken them back."""
    live = {(one.product, one.version) for one in state.live}
    versions = live | {(one.product, one.version) for one in state.withdrawn}
    return tuple(one.id for one in catalog.releases if (one.product, one.version) in versions)


def report(
    lanes: Quarter, catalog: Catalog, now: datetime, width: int, back: Sequence[str] = (), *, public: bool
) -> list[str]:
    """When and by whom it was reviewed, what was taken back, the drawing, and the same in words."""
    days = english.counted((lanes.end - lanes.start).days, "day")
    return [
        *wrapped(
            f"{english.moment(lanes.start)}, and {days} from then on. {reviewed(catalog, now, public=public)}", width
        ),
        *(line for text in back for line in wrapped(text, width)),
        "",
        *drawing(lanes, now, width),
        *in_words(lanes, width, public=public),
    ]


def _say_moved(found: Sequence[Moved], revision: str, *, as_json: bool) -> None:
    if as_json:
        moves = [
            {
                "release": one.release.id,
                "planned_for": format_time(one.planned),
                "before": format_time(one.before) if one.before else None,
                "after": format_time(one.after) if one.after else None,
                "because": list(one.because),
            }
            for one in found
        ]
        print_result({"since": revision, "moved": moves})
        return
    width = terminal_width()
    lines = wrapped(f"{english.counted(len(found), 'planned release')} moved since {revision}.", width)
    for one in found:
        lines += ["", *wrapped(one.sentence, width), *(line for why in one.because for line in wrapped(why, width, 2))]
    click.echo("\n".join(lines))
