"""`publish why`: may this release ship, why or why not, and when does that change?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import click

from publisher.cli.inputs import (
    Project,
    asking_options,
    bucket_option,
    find_release,
    moment,
    one_channel,
    state_of,
    warn_unseen,
)
from publisher.cli.output.emit import Report
from publisher.cli.output.verdicts import verdict_lines
from publisher.evidence.bundle import EvidenceBundle
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.channel_state import ChannelState
from publisher.model.records.decision import Decision
from publisher.model.records.evidence import Evidence
from publisher.rules import english
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import evaluate
from publisher.rules.headline import change, course, halves, headline
from publisher.rules.risk_classification import classification
from publisher.rules.withdrawal_text import hold_sentence, sentence
from publisher.text.terminal import wrapped


@click.command("why")
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
    """Say why a release may or may not ship, and when that changes.

    The first line is the answer. For every rule, shows its outcome, the reason, who must act, what would change it, and
    when it changes on its own. With --bucket, the live state counts, as when publishing.

    The exit code is 0 whatever the answer; `publish release` exits with 3 when it refuses.
    """
    catalog = project.catalog()
    named = find_release(catalog, release)
    chosen = one_channel(named, channel, catalog)
    state = state_of(bucket, project)
    warn_unseen(bucket, catalog)
    now = moment(at, catalog)
    known = Evidence.of_channel(state, named.product, chosen).with_facts(evidence.facts, now)
    known = known.model_copy(update={"for_today": at is None})
    decision = evaluate(catalog, named, chosen, now, known)
    return WhyReport(catalog, named, decision, known, state)


@dataclass(frozen=True)
class WhyReport(Report):
    """The answer, then what every rule says."""

    says_ok: ClassVar[bool] = False
    catalog: Catalog
    release: Release
    decision: Decision
    evidence: Evidence
    state: ChannelState | None
    """What the bucket offers, if one was looked at."""

    def lines(self, width: int) -> list[str]:
        """For people; after the decision come those that follow it until the answer changes."""
        release = self.release
        decision, *following = course(self.catalog, release, self.decision, self.evidence)
        published = _published(decision, release, self.state)
        lines = wrapped(published or headline(decision), width)
        lines += wrapped(f"Channel {decision.channel}, at {english.moment(decision.at)}.", width)
        lines += wrapped(self._nature(), width)
        if published:
            lines += wrapped(f"If it were published again: {headline(decision)}", width)
        elif _plan_fails(decision, release.planned_for):
            planned = english.moment(release.planned_for or decision.at)
            lines += wrapped(f"Its planned time, {planned}, is too early.", width)
        stopping = sorted((v for v in decision.verdicts if v.outcome.stops), key=lambda v: -v.outcome.rank)
        if stopping:
            lines += ["", "What blocks it:"]
        for verdict in stopping:
            lines += ["", *verdict_lines(verdict, width)]
        for later in following:
            lines += ["", f"From {english.moment(later.at)}:", ""]
            for verdict in later.verdicts:
                if verdict.outcome.stops:
                    lines += verdict_lines(verdict, width)
        others = [verdict for verdict in decision.verdicts if not verdict.outcome.stops]
        if others:
            lines += ["", "Other checks:" if stopping else "Checks:", ""]
        for verdict in others:
            lines += verdict_lines(verdict, width)
        lines += ["", *wrapped(halves(decision), width), *wrapped(change(decision), width)]
        lines += wrapped(f"Policy version {decision.policy_version}, {decision.policy_digest[:12]}.", width)
        return lines

    def _nature(self) -> str:
        """How the release is handled."""
        question = Question(self.catalog, self.release, self.decision.channel, self.evidence, self.decision.at)
        kind = english.with_article(question.coordination)
        return f"{english.upfirst(kind)} release; handling: {classification(question.product, self.release)}."

    def data(self) -> dict[str, object]:
        return self.decision.model_dump(mode="json")


def _published(decision: Decision, release: Release, state: ChannelState | None) -> str | None:
    """What became of it in the channel, if it was published: by the bucket, or else by the content alone."""
    withdrawals = state.withdrawals(release.product, release.version) if state else ()
    for withdrawal in withdrawals:
        if state is not None and withdrawal.channel == decision.channel:
            return sentence(withdrawal, state)
    live = state.of(release.product, decision.channel) if state else None
    shipped = release.shipped_at if release.shipped_at is not None and release.shipped_at <= decision.at else None
    name, on = f"{decision.product} {decision.version}", f" shipped on {english.moment(shipped)}" if shipped else ""
    holds = state.holds_on(release.product, release.version, decision.channel) if state else ()
    held = "".join(f" {hold_sentence(hold, decision.at)}" for hold in holds)
    if live is not None and live.version == release.version:
        return f"{name}{on and f'{on} and'} is live in {decision.channel}.{held}"
    if shipped is None:
        return None
    if state is None:
        return f"{name} is recorded as{on}. To see whether {decision.channel} still offers it, add --bucket."
    return f"{name}{on}; {decision.channel} offers {live.version if live else 'nothing'} now."


def _plan_fails(decision: Decision, planned_for: datetime | None) -> bool:
    """Whether the answer is still no at the planned time."""
    return (
        planned_for is not None
        and not decision.go
        and decision.next_change is not None
        and decision.at <= planned_for < decision.next_change
    )
