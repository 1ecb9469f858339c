"""`publish why`: may this release ship, why or why not, and when does that change?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from publisher.cli.asking import asking_options
from publisher.cli.changes import changes_of
from publisher.cli.common import (
    bucket_option,
    find_release,
    load,
    moment,
    one_channel,
    print_json,
)
from publisher.cli.verdicts import terminal_width, verdict_lines, wrapped
from publisher.client.version import Version
from publisher.model.decision import Decision
from publisher.model.evidence import Evidence
from publisher.model.release import Release
from publisher.rules import words
from publisher.rules.answer import change, course, halves, headline
from publisher.rules.evaluate import NO_EVIDENCE, evaluate
from publisher.rules.planes import classification
from publisher.rules.question import Question
from publisher.rules.risk import coordination


@click.command("why")
@asking_options
@bucket_option
def command(
    *,
    release: str,
    channel: str | None,
    bucket: str | None,
    changes: Path | None,
    at: str | None,
    content: tuple[Path, ...],
    config: Path,
    as_json: bool,
) -> None:
    """Say why a release may or may not ship, and when that changes.

    Shows what every rule says: its outcome, the reason, who must act, what would change it, and until when it holds
    by itself. The first line is the answer. With --bucket, what is live there counts, as when publishing.

    This is a question, so the exit code is 0 whatever the answer is; `publish release` exits with 3 when it is no.
    """
    catalog = load(content, config)
    found = find_release(catalog, release)
    chosen = one_channel(found, channel, catalog)
    live = _live(bucket, config, found.product, chosen)
    evidence = Evidence(live=live, changes=changes_of(changes))
    decision = evaluate(catalog, found, chosen, moment(at, catalog), evidence)
    if as_json:
        print_json(decision.model_dump(mode="json"))
        return
    width = terminal_width()
    question = Question(catalog, found, chosen, evidence, decision.at)
    kind = words.with_article(coordination(question))
    nature = f"{kind[0].upper()}{kind[1:]} release; handling: {classification(question.product, found)}."
    click.echo("\n".join(report(course(catalog, found, decision, evidence), found, width, evidence, nature)))


def _live(bucket: str | None, config: Path, product: str, channel: str) -> Version | None:
    """The version that the bucket offers, if one was named."""
    if bucket is None:
        return None
    from publisher.cli.live import state_of  # noqa: PLC0415 - TUF and stores are slow to load, and seldom needed here

    state = state_of(bucket, config)
    live = state.of(product, channel) if state else None
    return live.version if live else None


def report(
    decisions: Sequence[Decision], release: Release, width: int, evidence: Evidence = NO_EVIDENCE, nature: str = ""
) -> list[str]:
    """The whole answer as lines of at most `width` columns, but for words that are longer.

    `nature` says how the release is handled. `decisions` are the one that was asked for and those that follow it until
    the answer changes.
    """
    decision, *following = decisions
    shipped = release.shipped_at is not None and release.shipped_at <= decision.at
    is_live = evidence.live == release.version
    lines = [*wrapped(_first_line(decision, release.shipped_at if shipped else None, is_live=is_live), width)]
    lines += wrapped(f"Channel {decision.channel}, asked for {words.moment(decision.at)}.", width)
    if nature:
        lines += wrapped(nature, width)
    if shipped or is_live:
        lines += wrapped(f"If it were published again: {headline(decision)}", width)
    elif _plan_fails(decision, release.planned_for):
        lines += wrapped(f"Its planned time, {words.moment(release.planned_for or decision.at)}, is too early.", width)
    stopping = sorted((v for v in decision.verdicts if v.outcome.stops), key=lambda v: -v.outcome.rank)
    if stopping:
        lines += ["", "What blocks it:"]
    for verdict in stopping:
        lines += ["", *verdict_lines(verdict, width)]
    for later in following:
        lines += ["", f"From {words.moment(later.at)}:", ""]
        for verdict in later.verdicts:
            if verdict.outcome.stops:
                lines += verdict_lines(verdict, width)
    others = [verdict for verdict in decision.verdicts if not verdict.outcome.stops]
    if others:
        lines += ["", "What else was looked at:" if stopping else "What was looked at:", ""]
    for verdict in others:
        lines += verdict_lines(verdict, width)
    lines += ["", *wrapped(halves(decision), width), *wrapped(change(decision), width)]
    lines += wrapped(f"Policy version {decision.policy_version}, {decision.policy_digest[:12]}.", width)
    return lines


def _first_line(decision: Decision, shipped_at: datetime | None, *, is_live: bool) -> str:
    if shipped_at is None:
        return (
            f"{decision.product} {decision.version} is live in {decision.channel}." if is_live else headline(decision)
        )
    return f"{decision.product} {decision.version} shipped on {words.moment(shipped_at)}."


def _plan_fails(decision: Decision, planned_for: datetime | None) -> bool:
    """Whether the answer is still no at the planned time."""
    return (
        planned_for is not None
        and not decision.go
        and decision.next_change is not None
        and decision.at <= planned_for < decision.next_change
    )
