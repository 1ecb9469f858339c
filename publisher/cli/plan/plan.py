"""`publish plan`: what to do with a release whose date is in the way of an event."""

from __future__ import annotations

from dataclasses import dataclass

import click

from publisher.cli.inputs import Project, asking_options, bucket_option, find_release, moment, one_channel, state_of
from publisher.cli.output.emit import Report, picked
from publisher.cli.output.verdicts import verdict_lines
from publisher.errors import RefusedByPolicy
from publisher.evidence.bundle import EvidenceBundle
from publisher.model.content.release import Release
from publisher.model.records.evidence import Evidence
from publisher.rules import english
from publisher.rules.calendar.advice import Option, Plan, plan
from publisher.rules.calendar.schedule import HORIZON
from publisher.rules.headline import headline
from publisher.rules.withdrawal_text import sentence
from publisher.text.terminal import wrapped


@click.command("plan")
@asking_options
@bucket_option
def command(
    *,
    release: str,
    channel: str | None,
    bucket: str | None,
    evidence: EvidenceBundle,
    at: str | None,
    project: Project,
) -> Report:
    """Advise what to do with a release: ship now or as planned, move left or right, split, re-scope, or override.

    Shows each option with dates, reason and cost, the advised one first. Exit code 0 when the release may ship at
    the moment of asking or has shipped, 3 when it may not, or was taken back from the channel that --bucket shows.
    """
    catalog = project.catalog()
    named = find_release(catalog, release)
    chosen = one_channel(named, channel, catalog)
    state = state_of(bucket, project)
    now = moment(at, catalog)
    known = Evidence.of_channel(state, named.product, chosen).with_facts(evidence.facts, now)
    advice = plan(catalog, named, chosen, now, known)
    withdrawals = state.withdrawals(named.product, named.version) if state else ()
    withdrawn = next((sentence(entry, state) for entry in withdrawals if state and entry.channel == chosen), None)
    return PlanReport(named, advice, withdrawn)


@dataclass(frozen=True)
class PlanReport(Report):
    """The advice in the first line, then why the date is in the way, then every option."""

    release: Release
    advice: Plan
    withdrawn: str | None = None
    """Says that the channel took the release back; then there is nothing else to plan."""

    @property
    def exit_code(self) -> int:
        may = self.withdrawn is None and (self.advice.decision.go or self._shipped)
        return 0 if may else RefusedByPolicy.exit_code

    def lines(self, width: int) -> list[str]:
        release, advice = self.release, self.advice
        lines = wrapped(self.withdrawn or self._first_line(), width)
        planned = f"planned for {english.moment(release.planned_for)}" if release.planned_for else "no planned time"
        asked = f"Channel {advice.decision.channel}, {planned}; advice for {english.moment(advice.decision.at)}."
        lines += wrapped(asked, width)
        if self.withdrawn is not None:
            return [*lines, *wrapped("It cannot ship again; publish a fixed version under a higher number.", width)]
        if self._shipped:
            return lines
        mend = {verdict.rule for verdict in advice.mend}
        in_the_way = [v for v in advice.planned.verdicts if v.outcome.stops and v.rule not in mend]
        when = "now" if advice.planned.at == advice.decision.at else "at the planned time"
        blocking = ((f"What blocks it {when}:", in_the_way), ("What must be fixed whatever the date:", advice.mend))
        for heading, verdicts in blocking:
            if verdicts:
                lines += ["", heading]
            for verdict in verdicts:
                lines += verdict_lines(verdict, width)
        for number, option in enumerate(advice.options):
            lines += ["", click.style(f"{'Advised' if number == 0 else 'Or'}: {option.kind}", bold=number == 0)]
            for text in (option.what, f"Why: {option.why}", f"Cost: {option.cost}"):
                lines += wrapped(text, width, indent=2)
        if advice.options and advice.too_late:
            lines += ["", *wrapped(advice.too_late, width)]
        if (last := advice.last_safe) is not None:
            over = "was" if last <= advice.decision.at else "is"
            lines += ["", *wrapped(f"The last safe date to ship {over} {english.moment(last)}.", width)]
        if (way := advice.way_back) is not None:
            state = "done" if way.done else "overdue" if way.overdue else "not done yet"
            due = f"Its rollback must be verified and rehearsed by {english.moment(way.at)}: {state}."
            lines += ["", *wrapped(due, width)]
        return lines

    @property
    def _shipped(self) -> bool:
        return self.release.shipped_at is not None and self.release.shipped_at <= self.advice.decision.at

    def _first_line(self) -> str:
        release, advice = self.release, self.advice
        if release.shipped_at is not None and self._shipped:
            return f"{release.id} shipped on {english.moment(release.shipped_at)}; there is nothing to plan."
        if not advice.options:
            nothing = f"{headline(advice.planned)} No date within {HORIZON.days} days is open."
            return f"{release.id}: no date is left. {advice.too_late}" if advice.too_late else nothing
        first = advice.options[0]
        return f"{release.id}: {first.kind}. {first.what}"

    def data(self) -> dict[str, object]:
        release, advice, way = self.release, self.advice, self.advice.way_back
        return {
            "release": release.id,
            "channel": advice.decision.channel,
            "asked": advice.decision.at,
            **picked(release, "planned_for", "shipped_at"),
            "outcome": advice.decision.outcome,
            "outcome_as_planned": advice.planned.outcome,
            "advice": advice.options[0].kind if advice.options else None,
            "options": [_option_data(option) for option in advice.options],
            "too_late": advice.too_late or None,
            "last_safe": advice.last_safe,
            "way_back": {"by": way.at, **picked(way, "done", "overdue")} if way else None,
            "mend": [verdict.model_dump(mode="json") for verdict in advice.mend],
            "withdrawn": self.withdrawn,
        }


def _option_data(option: Option) -> dict[str, object]:
    span = option.span
    times = {"from": span.start if span else None, "until": span.end if span else None}
    return {**picked(option, "kind", "what", "why", "cost"), **times}
