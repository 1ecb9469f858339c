"""What `tidegate ready` tells people and programs: the fact first, then what to do, and what it rests on.

Pure: values in, text out.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from publisher.client.answers.report import brake_lines, fact_lines, listed_signers
from publisher.client.answers.report_json import COMMON_KEYS, Shape, json_object, requirement_fields
from publisher.client.answers.words import listed, time_text
from publisher.client.ready.assess import EXIT_CODES, ReadinessAnswer, RequirementAnswer
from publisher.wire.answer_words import Readiness
from publisher.wire.feed_words import Audience
from publisher.wire.requirement import Requirement
from publisher.wire.version import Version

if TYPE_CHECKING:
    from publisher.client.answers.check import StoppedVersion
    from publisher.client.verified_channel import VerifiedChannel

__all__ = ["READINESS", "readiness_json", "readiness_lines", "requirement_lines"]

READINESS: Shape = (
    "tidegate-readiness/1",
    (
        *COMMON_KEYS, "reached_at", "valid_until", "product", "channel", "platform", "current", "audience", "at",
        "readiness", "reason", "event", "at_least", "due", "days_left", "next_update", "release", "secure",
        "withdrawn", "requirements", "signed_by",
    ),
)  # fmt: skip

_MOST = 5
"""How many further requirements are shown to people; programs get all."""


def readiness_lines(
    channel: VerifiedChannel,
    answer: ReadinessAnswer,
    current: Version,
    stopped: Sequence[StoppedVersion],
    *,
    next_command: str,
    width: int,
) -> list[str]:
    """The answer. Prose and facts break at `width` columns; addresses and `next_command` stay whole.

    `stopped` are the hold and the withdrawal that concern this machine.
    """
    lines = [_heading(channel, answer)]
    for sentence in _sentences(channel, answer, current):
        lines += textwrap.wrap(sentence, width, break_on_hyphens=False)
    for brake in stopped:
        lines += ["", *(part for line in brake_lines(brake) for part in textwrap.wrap(line, width))]
    if not answer.advice.secure and answer.readiness is not Readiness.WITHDRAWN:
        lines += ["", f"Versions before {channel.feed.min_secure} are no longer secure."]
    # Of a version that was taken back, no requirement is the reason.
    reason = None if answer.readiness is Readiness.WITHDRAWN else answer.pressing
    if reason:
        lines += ["", *_aligned(_facts(reason.requirement), width)]
    lines += _further_lines(answer, [each for each in answer.not_met if each is not reason], width)
    if answer.release:
        lines += ["", "To download it:", f"  {next_command}"]
    lines.append("")
    if channel.recalled:
        age = _duration_text(channel.checked_at - channel.reached_at)
        stale = f"The channel cannot be reached. This is its state of {time_text(channel.reached_at)}, {age} ago."
        lines += textwrap.wrap(f"{stale} It can be relied on until {time_text(channel.valid_until)}.", width)
    return [*lines, *textwrap.wrap(f"Signed by {listed_signers(channel.signatures)}: verified", width)]


def readiness_json(
    channel: VerifiedChannel, answer: ReadinessAnswer, current: Version, next_update: datetime | None
) -> str:
    """The answer for programs; see schemas/readiness-1.json. `next_update` is promised for the hold in the way."""
    feed, pressing = channel.feed, answer.pressing
    decisive = {
        "event": pressing.requirement.event,
        "at_least": pressing.requirement.at_least,
        "due": pressing.due,
        "days_left": pressing.days_left,
    } if pressing else {}  # fmt: skip
    return json_object(
        READINESS,
        ok=True,
        verdict="verified",
        exit_code=EXIT_CODES[answer.readiness],
        checked_at=channel.checked_at,
        reached_at=channel.reached_at,
        valid_until=channel.valid_until,
        product=feed.product,
        channel=feed.channel,
        platform=feed.platform,
        current=current,
        audience=answer.audience,
        at=answer.at,
        readiness=answer.readiness,
        reason=_reason(channel, answer, current),
        **decisive,
        next_update=next_update,
        release=answer.release,
        secure=answer.advice.secure,
        withdrawn=list(channel.taken_back),
        requirements=[requirement_fields(each) for each in answer.requirements],
        signed_by=channel.signatures,
    )


def requirement_lines(answer: RequirementAnswer) -> list[str]:
    """What must run by when, and because of what."""
    requirement = answer.requirement
    missing = "" if answer.available else "; not out yet"
    audiences = f", for {_listed_audiences(requirement.audiences)}" if requirement.audiences else ""
    return [f"{_must_run(answer)}{missing}:", f"  {requirement.title}{audiences}"]


def _must_run(answer: RequirementAnswer) -> str:
    """A sentence without its full stop: 5.0.0 or later must run by 2027-03-31 12:00 UTC (122 days left)."""
    version, due = f"{answer.requirement.at_least} or later", time_text(answer.due)
    if answer.readiness is Readiness.TOO_LATE:
        over = f"{due} ({_duration_text(-answer.left)} ago)"
        uncertain = answer.requirement.estimate is not None
        return f"{version} may have been needed since {over}" if uncertain else f"{version} was needed by {over}"
    if answer.readiness is Readiness.UNKNOWN:
        return f"{version} must run by an uncertain date, perhaps {due}"
    return f"{version} must run by {due} ({_duration_text(answer.left)} left)"


def _reason(channel: VerifiedChannel, answer: ReadinessAnswer, current: Version) -> str:
    return " ".join(_sentences(channel, answer, current))


def _sentences(channel: VerifiedChannel, answer: ReadinessAnswer, current: Version) -> list[str]:
    pressing = answer.pressing
    match answer.readiness:
        case Readiness.WITHDRAWN if answer.silenced:
            what = "withdrawn" if answer.advice.withdrawal else "taken back"
            return [f"Version {current}, which you run, was {what}.", _SILENCED]
        case Readiness.WITHDRAWN:
            return [answer.advice.reason]
        case Readiness.READY if answer.requirements:
            whom = f"of {_listed_audiences([answer.audience])}" if answer.audience else "here"
            return [f"Ready: {current} meets everything that is required {whom}."]
        case Readiness.READY:
            return [f"Ready: no event requires a version newer than {current} here."]
    if pressing is None:
        return ["Held: it is unclear whether a version is on hold.", _SILENCED]
    return [f"{_LABELS[answer.readiness]}: {_must_run(pressing)}.", f"You run {current}{_what_to_do(channel, answer)}"]


_SILENCED = "Nothing is offered now, since the channel's brakes have expired; keep what you run and check again."
_LABELS = {
    Readiness.UPDATE: "Not ready",
    Readiness.HELD: "Held",
    Readiness.UNKNOWN: "Unknown",
    Readiness.TOO_LATE: "Too late",
}


def _what_to_do(channel: VerifiedChannel, answer: ReadinessAnswer) -> str:
    assert answer.pressing is not None
    if answer.silenced:
        return f". {_SILENCED}"
    at_least = answer.pressing.requirement.at_least
    if answer.pressing.available and answer.release:
        when = "" if answer.readiness is Readiness.UPDATE else " now"
        return f"; update to {answer.release.version}{when}."
    if answer.release:
        today = f"update to {answer.release.version} meanwhile"
    else:
        today = "nothing to install today" + ("" if answer.readiness is Readiness.UPDATE else "; check again soon")
    if (hold := answer.advice.hold) is not None and hold.version >= at_least:
        return f". {hold.version} is on hold; {today}."
    gone = "was withdrawn" if channel.withdrawal_of(at_least) else "was taken back"
    if at_least in channel.taken_back or channel.withdrawal_of(at_least):
        return f". {at_least} {gone}, and no later version is out yet; {today}."
    newest = channel.feed.release
    if newest is not None and newest.version >= at_least and channel.withdrawal_of(newest.version):
        return f". {newest.version} was withdrawn, and nothing is offered in its place yet; {today}."
    return f". {at_least} is announced, not out yet; {today}."


def _heading(channel: VerifiedChannel, answer: ReadinessAnswer) -> str:
    feed = channel.feed
    parts = [f"{feed.product} {feed.channel}", feed.platform]
    if answer.audience:
        parts.append(f"for {_listed_audiences([answer.audience])}")
    if answer.at != channel.checked_at:
        parts.append(f"at {time_text(answer.at)}")
    return ", ".join(parts)


def _facts(requirement: Requirement) -> list[tuple[str, str]]:
    """Because of which event, for whom, how the date is known, and where to read more."""
    facts = [("Because", requirement.title)]
    if requirement.audiences:
        facts.append(("For", _listed_audiences(requirement.audiences)))
    if estimate := requirement.estimate:
        what = f"{estimate.kind} {estimate.height:,} of {estimate.chain}"
        expected = f"expected from {_day(estimate.earliest)} to {_day(estimate.latest)}"
        known = f"as estimated on {_day(estimate.as_of)}, to be relied on until {_day(estimate.trusted_until)}"
        facts.append(("Estimate", f"{what}, {expected}, {known}"))
    if requirement.url:
        facts.append(("More", requirement.url))
    return facts


def _day(moment: datetime) -> str:
    return time_text(moment).partition(" ")[0]


def _further_lines(answer: ReadinessAnswer, further: Sequence[RequirementAnswer], width: int) -> list[str]:
    """What is required besides, and what the running version is ready for."""
    lines = [
        part
        for each in further[:_MOST]
        for line in requirement_lines(each)
        for part in textwrap.wrap(line, width, subsequent_indent="  ", break_on_hyphens=False)
    ]
    lines += _more(further)
    met = [each for each in answer.requirements if each.readiness is Readiness.READY and each.due > answer.at]
    facts = [
        (
            "" if place else "Ready for",
            f"{each.requirement.title} ({each.requirement.at_least} by {time_text(each.due)})",
        )
        for place, each in enumerate(met[:_MOST])
    ]
    blocks = [lines, [*_aligned(facts, width), *_more(met)]]
    return [line for block in blocks if block for line in ("", *block)]


def _more(items: Sequence[object]) -> list[str]:
    return [f"and {len(items) - _MOST} more"] if len(items) > _MOST else []


def _aligned(facts: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Facts whose texts go on below themselves; an address is never broken."""
    lines = []
    for label, text in facts:
        first, *rest = textwrap.wrap(text, max(width - 15, 20), break_long_words=False, break_on_hyphens=False)
        lines += [(label, first), *(("", part) for part in rest)]
    return fact_lines(lines)


def _listed_audiences(audiences: Sequence[Audience]) -> str:
    return listed([audience.words for audience in audiences])


def _duration_text(duration: timedelta) -> str:
    """In whole days, below a day in whole hours, rounded down."""
    for unit, length in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        if count := duration // length:
            return f"{count:,} {unit}{'s' if count > 1 else ''}"
    return "less than an hour"
