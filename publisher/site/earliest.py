"""When a release can ship at the earliest, and what it waits for: the rules of `publish plan`, in public words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.model.records.decision import Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.calendar.schedule import SHORT_NOTICE, Schedule, schedule
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import verdicts_of
from publisher.rules.freeze.timeline import RESOLUTION
from publisher.rules.gate_order import BY_ID


@dataclass(frozen=True)
class Earliest:
    """The first date that is open for a release, from its planned time on, or from now if that is over or unknown."""

    asked: datetime
    """The planned time, or now."""
    moment: datetime | None
    """The first date from there on that no rule is in the way of; None: no such date is known, or none in time."""
    required: datetime | None
    """When users must run it; a later date would be no answer for them."""
    frozen: bool
    """Whether a freeze holds at the time that was asked for."""
    waits_for: tuple[Verdict, ...]
    """What stops it last before `moment`, or where no date is known what stops it as planned; public words."""
    short_notice: tuple[Verdict, ...]
    """What people have to approve because that date is late; public words. It moves no date, since later is worse."""
    mend: tuple[Verdict, ...]
    """What people have to fix whatever the date; public words."""

    @property
    def moved(self) -> bool:
        """Whether it cannot ship at the time that was asked for."""
        return self.moment != self.asked


def earliest(catalog: Catalog, release: Release, now: datetime, evidence_of: Callable[[str], Evidence]) -> Earliest:
    """The answer for all channels of a release: the last of their first dates.

    `evidence_of` tells what is known of a channel.
    """

    def stopping(channel: str, at: datetime) -> list[Verdict]:
        evidence = evidence_of(channel).model_copy(update={"for_today": at == now})
        verdicts = verdicts_of(Question(catalog, release, channel, evidence, at))
        return [verdict.public() for verdict in verdicts if verdict.outcome.stops]

    asked = now if release.planned_for is None else max(release.planned_for, now)
    plans = {channel: schedule(catalog, release, channel, asked, evidence_of(channel)) for channel in release.channels}
    required = release.notes.required_by
    opens = {channel: _first(plan, required) for channel, plan in plans.items()}
    as_asked = {channel: stopping(channel, asked) for channel in release.channels}
    last = max(release.channels, key=lambda channel: opens[channel] or NEVER)
    moment = opens[last]
    always = {channel: {verdict.rule for verdict in plan.mend} for channel, plan in plans.items()}
    if moment is None or moment == asked:
        before = then = as_asked[last]
    else:
        before, then = stopping(last, moment - RESOLUTION), stopping(last, moment)
    waits_for = [verdict for verdict in before if verdict.rule not in always[last] | SHORT_NOTICE]
    mend = {
        verdict.rule: verdict
        for channel, verdicts in as_asked.items()
        for verdict in verdicts
        if verdict.rule in always[channel] or (opens[channel] == asked and verdict.rule not in SHORT_NOTICE)
    }
    return Earliest(
        asked=asked,
        moment=moment,
        required=required,
        frozen=any(BY_ID[verdict.rule].freeze for verdicts in as_asked.values() for verdict in verdicts),
        waits_for=() if moment == asked else tuple(waits_for),
        short_notice=tuple(verdict for verdict in then if verdict.rule in SHORT_NOTICE),
        mend=tuple(mend.values()),
    )


NEVER = datetime.max.replace(tzinfo=UTC)


def _first(plan: Schedule, required: datetime | None) -> datetime | None:
    """The first date that is open, or that needs no more than an approval of its short notice, before `required`."""
    late = (span.start for span in plan.override_spans if all(gate.id in SHORT_NOTICE for gate in span.gates))
    first = min((*(span.start for span in plan.openings), *late), default=None)
    return first if first is None or required is None or first < required else None
