"""`publish explain`: what may ship at a moment, and why all else waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import click

from publisher.cli.common import (
    at_option,
    content_options,
    json_option,
    known_product,
    load,
    moment,
    print_json,
    refuse_to_tell_early,
)
from publisher.cli.verdicts import terminal_width, wrapped
from publisher.model.base import format_time
from publisher.model.catalog import Catalog
from publisher.model.decision import Decision
from publisher.rules import words
from publisher.rules.answer import headline
from publisher.rules.evaluate import evaluate


@click.command("explain")
@at_option
@click.option("--product", help="Only this product.")
@click.option("--public", is_flag=True, help="Say it as the public reads it: neutral words, no internal release.")
@content_options
@json_option
def command(
    *, at: str | None, product: str | None, public: bool, content: tuple[Path, ...], config: Path, as_json: bool
) -> None:
    """Say for every release that has not shipped, and each of its channels, whether it may at a moment, and why not.

    `publish why` tells the whole of one release. The exit code is 0 whatever the answers are.
    """
    catalog = load(content, config)
    if product is not None:
        known_product(catalog, product)
    now = moment(at, catalog)
    refuse_to_tell_early(at, now, catalog, public=public)
    decisions = list(open_questions(catalog, now, product, public=public))
    if as_json:
        print_json({"at": format_time(now), "decisions": [one.model_dump(mode="json") for one in decisions]})
        return
    click.echo("\n".join(report(decisions, now, terminal_width())))


def open_questions(catalog: Catalog, now: datetime, product: str | None, *, public: bool) -> Iterator[Decision]:
    """The decision on each release that had not shipped by `now`, by product, version and channel."""
    for release in catalog.releases:
        shipped = release.shipped_at is not None and release.shipped_at <= now
        if shipped or product not in (None, release.product) or (public and release.visibility != "public"):
            continue
        for channel in release.channels:
            decision = evaluate(catalog, release, channel, now)
            yield decision.public() if public else decision


def report(decisions: list[Decision], now: datetime, width: int) -> list[str]:
    """The count in the first line, then each answer with the reasons that stop it."""
    if not decisions:
        return [f"No release is planned at {words.moment(now)}."]
    free = sum(decision.go for decision in decisions)
    lines = wrapped(f"{words.moment(now)}: {free} of {len(decisions)} may ship.", width)
    for decision in decisions:
        lines += ["", *wrapped(f"{headline(decision).removesuffix('.')} ({decision.channel}).", width)]
        for verdict in decision.verdicts:
            if verdict.outcome.stops:
                lines += wrapped(f"{verdict.outcome}, {verdict.rule}: {verdict.reason}", width, indent=2)
    return lines
