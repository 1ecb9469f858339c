"""`publish plan`: what to do with a release whose date is in the way of an event."""

from __future__ import annotations

from pathlib import Path

import click

from publisher.cli.changes import changes_of
from publisher.cli.inputs import (
    bucket_option,
    find_release,
    load,
    moment,
    one_channel,
    print_result,
)
from publisher.cli.live import state_of
from publisher.cli.output.verdicts import terminal_width, verdict_lines, wrapped
from publisher.cli.plan.asking import asking_options
from publisher.model.content.release import Release
from publisher.model.records.evidence import Evidence
from publisher.model.values import format_time
from publisher.rules import english
from publisher.rules.calendar.advice import Option, Plan, plan
from publisher.rules.calendar.schedule import HORIZON
from publisher.rules.headline import headline
from publisher.rules.withdrawals import sentence


@click.command("plan")
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
    """Advise what to do with a release: ship now or as planned, move left or right, split, or re-scope.

    Each with its dates, why, and what it costs; what is advised comes first. Exit code 0 when the release may ship at
    the moment of asking or has shipped, 3 when it may not, as when the channel named by --bucket took it back.
    """
    catalog = load(content, config)
    found = find_release(catalog, release)
    chosen = one_channel(found, channel, catalog)
    state = state_of(bucket, config, catalog)
    evidence = Evidence.of_channel(state, found.product, chosen, changes_of(changes))
    advice = plan(catalog, found, chosen, moment(at, catalog), evidence)
    withdrawals = state.withdrawals(found.product, found.version) if state else ()
    back = next((sentence(entry, state) for entry in withdrawals if state and entry.channel == chosen), None)
    may = back is None and (advice.decision.go or _shipped(found, advice))
    if as_json:
        print_result({**as_data(found, advice), "withdrawn": back}, ok=may)
    else:
        click.echo("\n".join(report(found, advice, terminal_width(), back)))
    if not may:
        raise SystemExit(3)


def report(release: Release, advice: Plan, width: int, back: str | None = None) -> list[str]:
    """The advice in the first line, then why the date is in the way, then every option.

    `back` says that the release was taken back, where it was; then there is nothing else to plan.
    """
    lines = wrapped(back or _first_line(release, advice), width)
    planned = f"planned for {english.moment(release.planned_for)}" if release.planned_for else "no planned time"
    asked = f"Channel {advice.decision.channel}, {planned}; advice of {english.moment(advice.decision.at)}."
    lines += wrapped(asked, width)
    if back is not None:
        return [*lines, *wrapped("There is nothing to plan: publish a fixed version under a higher number.", width)]
    if _shipped(release, advice):
        return lines
    mend = {one.rule for one in advice.mend}
    in_the_way = [one for one in advice.planned.verdicts if one.outcome.stops and one.rule not in mend]
    if in_the_way:
        when = "now" if advice.planned.at == advice.decision.at else "at the planned time"
        lines += ["", f"What blocks it {when}:"]
        for verdict in in_the_way:
            lines += verdict_lines(verdict, width)
    if advice.mend:
        lines += ["", "What must be fixed on any date:"]
        for verdict in advice.mend:
            lines += verdict_lines(verdict, width)
    for number, option in enumerate(advice.options):
        lines += ["", click.style(f"{'Advised' if number == 0 else 'Or'}: {option.kind}", bold=number == 0)]
        lines += wrapped(option.what, width, indent=2)
        lines += wrapped(f"Why: {option.why}", width, indent=2)
        lines += wrapped(f"Cost: {option.cost}", width, indent=2)
    if advice.options and advice.too_late:
        lines += ["", *wrapped(advice.too_late, width)]
    if (way := advice.way_back) is not None:
        state = "done" if way.done else "overdue" if way.overdue else "not done yet"
        said = f"Its rollback must be verified and rehearsed by {english.moment(way.at)}: {state}."
        lines += ["", *wrapped(said, width)]
    return lines


def _shipped(release: Release, advice: Plan) -> bool:
    return release.shipped_at is not None and release.shipped_at <= advice.decision.at


def _first_line(release: Release, advice: Plan) -> str:
    if release.shipped_at is not None and _shipped(release, advice):
        return f"{release.id} shipped on {english.moment(release.shipped_at)}; there is nothing to plan."
    if not advice.options:
        return f"{headline(advice.planned)} {advice.too_late or f'No date within {HORIZON.days} days is open.'}"
    first = advice.options[0]
    return f"{release.id}: {first.kind}. {first.what}"


def as_data(release: Release, advice: Plan) -> dict[str, object]:
    """The same for machines."""
    way = advice.way_back
    return {
        "release": release.id,
        "channel": advice.decision.channel,
        "asked": format_time(advice.decision.at),
        "planned_for": format_time(release.planned_for) if release.planned_for else None,
        "shipped_at": format_time(release.shipped_at) if release.shipped_at else None,
        "outcome": advice.decision.outcome.value,
        "outcome_as_planned": advice.planned.outcome.value,
        "advice": advice.options[0].kind.value if advice.options else None,
        "options": [_option_as_data(one) for one in advice.options],
        "too_late": advice.too_late or None,
        "way_back": {"by": format_time(way.at), "done": way.done, "overdue": way.overdue} if way else None,
        "mend": [verdict.model_dump(mode="json") for verdict in advice.mend],
    }


def _option_as_data(option: Option) -> dict[str, object]:
    span = option.span
    return {
        "kind": option.kind.value,
        "what": option.what,
        "why": option.why,
        "cost": option.cost,
        "from": format_time(span.start) if span else None,
        "until": format_time(span.end) if span and span.end else None,
    }
