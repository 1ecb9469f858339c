"""`publish explain`: what may ship at a moment, and why all else waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
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
    refuse_to_tell_early,
)
from publisher.cli.live import state_of
from publisher.cli.output.verdicts import terminal_width, wrapped
from publisher.model.catalog import Catalog
from publisher.model.records.channel_state import ChannelState
from publisher.model.records.decision import Decision
from publisher.model.records.evidence import Evidence
from publisher.model.values import format_time
from publisher.rules import english
from publisher.rules.evaluate import evaluate
from publisher.rules.headline import headline
from publisher.rules.withdrawals import sentences


@click.command("explain")
@at_option
@click.option("--product", help="Only this product.")
@click.option("--public", is_flag=True, help="Say it as the public reads it: neutral words, no internal release.")
@bucket_option
@content_options
@json_option
def command(
    *,
    at: str | None,
    product: str | None,
    public: bool,
    bucket: str | None,
    content: tuple[Path, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Say for every release that has not shipped, and each of its channels, whether it may at a moment, and why not.

    `publish why` tells the whole of one release. With --bucket, what is live there or was taken back counts as shipped,
    whatever the content says. The exit code is 0 whatever the answers are.
    """
    catalog = load(content, config)
    if product is not None:
        known_product(catalog, product)
    now = moment(at, catalog)
    refuse_to_tell_early(at, now, catalog, public=public)
    state = state_of(bucket, config, catalog)
    decisions = list(open_questions(catalog, now, product, state, public=public))
    if as_json:
        withdrawn = [entry.model_dump(mode="json") for entry in state.withdrawn] if state else []
        answers = [one.model_dump(mode="json") for one in decisions]
        print_json({"at": format_time(now), "decisions": answers, "withdrawn": withdrawn})
        return
    back = sentences(state, product) if state else []
    click.echo("\n".join(report(decisions, now, terminal_width(), back)))


def open_questions(
    catalog: Catalog, now: datetime, product: str | None, state: ChannelState | None = None, *, public: bool
) -> Iterator[Decision]:
    """The decision on each release that had not shipped by `now`, by product, version and channel.

    What a channel of the bucket's `state` offers or has taken back has shipped there.
    """
    for release in catalog.releases:
        shipped = release.shipped_at is not None and release.shipped_at <= now
        if shipped or product not in (None, release.product) or (public and release.visibility != "public"):
            continue
        for channel in release.channels:
            evidence = Evidence.of_channel(state, release.product, channel)
            if release.version == evidence.live or release.version in evidence.withdrawn_from(channel):
                continue
            decision = evaluate(catalog, release, channel, now, evidence)
            yield decision.public() if public else decision


def report(decisions: list[Decision], now: datetime, width: int, back: Sequence[str] = ()) -> list[str]:
    """The count in the first line, then each answer with the reasons that stop it, then what was taken back."""
    lines = _answers(decisions, now, width)
    return [*lines, "", *(line for text in back for line in wrapped(text, width))] if back else lines


def _answers(decisions: list[Decision], now: datetime, width: int) -> list[str]:
    if not decisions:
        return [f"{english.moment(now)}: no release is to come."]
    free = sum(decision.go for decision in decisions)
    lines = wrapped(f"{english.moment(now)}: {free} of {len(decisions)} may ship.", width)
    for decision in decisions:
        lines += ["", *wrapped(f"{headline(decision).removesuffix('.')} ({decision.channel}).", width)]
        for verdict in decision.verdicts:
            if verdict.outcome.stops:
                lines += wrapped(f"{verdict.outcome}, {verdict.rule}: {verdict.reason}", width, indent=2)
    return lines
