"""What to do with a release whose date is in the way of an event: ship, move, split or re-scope (R11, R93)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from publisher.model.catalog import Catalog
from publisher.model.config.role import Duty
from publisher.model.content.event import Event
from publisher.model.content.release import ChangeClass, Necessity, Release
from publisher.model.content.release import Kind as ReleaseKind
from publisher.model.records.decision import Decision, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules import english
from publisher.rules.calendar.rollback_due import Due, due
from publisher.rules.calendar.schedule import HORIZON, Opening, OverrideSpan, Schedule, schedule
from publisher.rules.engine.gate import Overridable
from publisher.rules.engine.overrides import duties_needed
from publisher.rules.engine.public_words import titled
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import NO_EVIDENCE, evaluate, verdicts_of
from publisher.rules.gates.environment.runway import last_safe_ship
from publisher.rules.requirements.required import requiring
from publisher.wire.version import Version

SHORT_DELAY = timedelta(days=14)
"""What can wait is moved right by so much before it is moved left, since nobody has to hurry then."""

SMALLER = (
    ChangeClass.FEATURE,
    ChangeClass.UI_POLISH,
    ChangeClass.PATCH,
)
"""What a larger release may be made into, the largest first."""


SURE = "A patch must be essential, with high confidence in the fix"


class AdviceKind(StrEnum):
    """What a team can do."""

    SHIP_NOW = "ship now"
    KEEP = "ship as planned"
    MOVE_LEFT = "move left"
    MOVE_RIGHT = "move right"
    SPLIT = "split"
    RE_SCOPE = "re-scope"
    OVERRIDE = "override"


@dataclass(frozen=True)
class Option:
    """One thing to do."""

    kind: AdviceKind
    what: str
    """With its dates, as a sentence."""
    why: str
    cost: str
    span: Opening | None
    """When; None where it is not a matter of one date."""


@dataclass(frozen=True)
class Plan:
    """The advice for one release and channel."""

    decision: Decision
    """What the rules say at the moment of asking."""
    planned: Decision
    """What they say at the planned time, or at the moment of asking if that is over or unknown."""
    options: tuple[Option, ...]
    """What is advised first; none where no date is open in time, it has shipped, or it was taken back."""
    mend: tuple[Verdict, ...]
    """What people have to mend on any date."""
    way_back: Due | None
    """By when its way back must be verified and rehearsed, for the planned time (R85)."""
    too_late: str
    """Why an open date is not advised, as sentences; empty unless users must run the release by then."""
    last_safe: datetime | None
    """The last date that leaves users the time that the policy promises them; None where no event requires it."""


def plan(catalog: Catalog, release: Release, channel: str, now: datetime, evidence: Evidence = NO_EVIDENCE) -> Plan:
    """What to do with the release, as seen at `now`. It must belong to a product of the catalog."""
    planned = max(release.planned_for or now, now)
    every = schedule(catalog, release, channel, now, evidence, planned)
    required = _required_by(catalog, release, channel)
    in_time = every if required is None else schedule(catalog, release, channel, now, evidence, required=required)
    shipped = release.shipped_at is not None and release.shipped_at <= now
    over = shipped or release.version in evidence.withdrawn_from(channel)
    question = Question(catalog, release, channel, evidence, now)
    options = [] if over else list(_options(question, planned, in_time))
    first = _advised(release, planned, options)
    options.sort(key=lambda option: option is not first)
    return Plan(
        decision=evaluate(catalog, release, channel, now, evidence),
        planned=evaluate(catalog, release, channel, planned, evidence),
        options=tuple(options),
        mend=in_time.mend if in_time.openings or in_time.override_spans else every.mend,
        way_back=due(catalog, release, now),
        too_late="" if over or required is None else _too_late(question, required, planned, every, in_time),
        last_safe=None if over else last_safe_ship(question),
    )


def _required_by(catalog: Catalog, release: Release, channel: str) -> datetime | None:
    """By when users must run it: by its notes, or by events that not everybody may know of yet."""
    moments = [requirement.moment for requirement in requiring(catalog, release, channel)]
    return min([*moments, *((by,) if (by := release.notes.required_by) is not None else ())], default=None)


def _too_late(question: Question, required: datetime, planned: datetime, every: Schedule, in_time: Schedule) -> str:
    """Which date would be open and is too late for users, and whom to call where none is left."""
    catalog, release, channel, now = question.catalog, question.release, question.channel, question.now
    if now >= required:
        late = f"Users had to run it by {english.moment(required)}, which has passed."
    elif in_time.at(planned) or in_time.after(planned):
        return ""
    elif (opening := every.at(planned) or every.after(planned)) is not None:
        start = max(planned, opening.start)
        late = f"Users must run it by {english.moment(required)}, so {english.moment(start)} is too late."
    else:
        late = f"Users must run it by {english.moment(required)}."
    if in_time.openings or in_time.override_spans:
        return late
    owners = catalog.policy_at(now).owners
    owner = f"{owners.calendar.person}, who owns the calendar," if owners else "the owner of the calendar"
    other = "on what users do instead" if requiring(catalog, release, channel) else "on another `required_by`"
    return f"{late} No earlier date is open. Call {owner} to agree on an override or {other}."


def _options(question: Question, planned: datetime, openings: Schedule) -> Iterator[Option]:
    """Everything that can be done on dates of `openings`, which hold none by which users must have acted."""
    release, now = question.release, question.now
    if (span := openings.at(planned)) is not None:
        yield _keep(now, planned, span, bool(openings.mend))
        return
    left, right = openings.before(planned), openings.after(planned)
    required = _required_by(question.catalog, release, question.channel)
    if left is not None:
        yield _move_left(now, planned, left, required)
    if right is not None:
        yield _move_right(release, planned, right, openings.soon_after(planned))
    if required is not None and left is None and right is None:
        yield from _only_what_is_required(question, required)
        yield from _override(question, openings, required)
    if required is not None and (right is None or planned >= required):
        return  # what is split off or left out would ship too late
    later = f"from {english.moment(right.start)} on" if right else "once a date is open"
    mend = {verdict.rule for verdict in openings.mend}
    smaller = [kind for kind in (*SMALLER, ChangeClass.DOCS) if _is_smaller(kind, release)]
    open_classes = [kind for kind in smaller if _open(_made_into(question, kind), planned, mend)]
    yield from _split(planned, open_classes, later)
    yield from _re_scope(release, planned, open_classes, later)


def _keep(now: datetime, planned: datetime, span: Opening, to_mend: bool) -> Option:
    kind = AdviceKind.SHIP_NOW if planned == now else AdviceKind.KEEP
    what = "It may ship now" if planned == now else f"{english.moment(planned)} is open"
    open_for = _until(span) or f"; nothing known blocks it for {HORIZON.days} days"
    if to_mend:
        what, why, cost = f"{what} once it is fixed", "Nothing else blocks this date.", "The fix."
    elif span.overridden:
        why, cost = "An override lets it ship then.", "The risk that the overridden rule guards against."
    else:
        why, cost = "Nothing blocks this date.", "None."
    return Option(kind, f"{what}{open_for}.", why, cost, span)


def _move_left(now: datetime, planned: datetime, span: Opening, required: datetime | None) -> Option:
    assert span.end is not None
    start = "now" if span.start <= now else english.moment(span.start)
    if span.overridden:
        why = "An override lets it ship then."
    elif span.end == required:
        why = "Users must run it by then."
    else:
        why = "It ships early enough for a rollback before anything blocks it."
    return Option(
        AdviceKind.MOVE_LEFT,
        f"Ship between {start} and {english.moment(span.end)}.",
        why,
        f"At least {_days(planned - span.end)} less testing than planned; {_days(span.end - now)} left from now.",
        span,
    )


def _move_right(release: Release, planned: datetime, span: Opening, first: Opening | None) -> Option:
    cost = [f"Users get it {_days(span.start - planned)} later."]
    if first is not None and first != span and first.end is not None:
        cost.append(f"An earlier gap lasts only {_days(first.end - first.start)}, {_from_to(first)}.")
    if release.risk_of_delay is not None:
        cost.append(f"Risk of waiting, {release.risk_of_delay.score} of 5: {release.risk_of_delay.because}")
    return Option(
        AdviceKind.MOVE_RIGHT,
        f"Ship {_from_to(span)}." if span.end else f"Ship from {english.moment(span.start)} on.",
        "An override lets it ship then." if span.overridden else "Nothing blocks it then.",
        " ".join(cost),
        span,
    )


def _only_what_is_required(question: Question, required: datetime) -> Iterator[Option]:
    """What an event requires, in a release of its own that the event's own freeze does not stop."""
    for event, alone in _for_its_event(question, required):
        for span in alone.openings[:1]:
            assert span.end is not None
            yield Option(
                AdviceKind.SPLIT,
                f"Ship only what {titled([event])} requires, with `for_event: {event.id}`, {_from_to(span)}, and the"
                " rest in a later release.",
                "The event's own freeze does not stop what the event requires.",
                "Two releases to test, sign and announce.",
                span,
            )
            return


def _for_its_event(question: Question, required: datetime) -> Iterator[tuple[Event, Schedule]]:
    """Events to come that require the release, with its dates until `required` if it said that it is for them."""
    release, now = question.release, question.now
    for requirement in requiring(question.catalog, release, question.channel, question.withdrawn):
        if release.for_event is None and requirement.event.earliest >= now:
            alone = release.model_copy(update={"for_event": requirement.event.id})
            dates = schedule(question.catalog, alone, question.channel, now, question.evidence, required=required)
            yield requirement.event, dates


def _override(question: Question, openings: Schedule, required: datetime) -> Iterator[Option]:
    """A span long enough to ship in, in which the fewest gates have to be overridden; the earliest of those."""
    ways = [(span, "") for span in openings.override_spans]
    for event, alone in _for_its_event(question, required):
        ways += [(span, f" with `for_event: {event.id}`") for span in alone.override_spans]
    span, named = min(ways, key=lambda way: _by_effort(way[0]), default=(None, ""))
    if span is None or span.end is None:
        return
    needed = {duty for gate in span.gates for duty in duties_needed(question.policy, gate.overridable)}
    duties = [duty for duty in Duty if duty in needed]
    review = any(gate.overridable is Overridable.WITH_EXECUTIVE for gate in span.gates) and bool(duties)
    who = f"{english.listed(duties)} sign it" if duties else "you answer for it"
    start = "now" if span.start <= question.now else english.moment(span.start)
    yield Option(
        AdviceKind.OVERRIDE,
        f"Ship{named} between {start} and {english.moment(span.end)}, the earlier the better, by an override of"
        f" {english.listed([gate.id for gate in span.gates])}.",
        f"Users must run it by {english.moment(required)}, and every date left needs an override.",
        f"{english.capitalised(who)}{', and somebody reviews the rollback' if review else ''}; the risk that the"
        " overridden rules guard against.",
        Opening(span.start, span.end, overridden=True),
    )


def _by_effort(span: OverrideSpan) -> tuple[bool, int, datetime]:
    return not span.comfortable, len(span.gates), span.start


def _split(planned: datetime, open_classes: list[ChangeClass], later: str) -> Iterator[Option]:
    """Documentation and patches in a release of their own on the planned date, the rest later."""
    parts = [change_class for change_class in (ChangeClass.DOCS, ChangeClass.PATCH) if change_class in open_classes]
    if not parts:
        return
    only = f". {SURE}" if ChangeClass.PATCH in parts else ""
    yield Option(
        AdviceKind.SPLIT,
        f"Ship its {english.kinds(parts)} on {english.moment(planned)}, and the rest {later}{only}.",
        "Part of it can ship on time.",
        "Two releases to test, sign and announce.",
        None,
    )


def _re_scope(release: Release, planned: datetime, open_classes: list[ChangeClass], later: str) -> Iterator[Option]:
    """A smaller release on the planned date."""
    smaller = next((change_class for change_class in SMALLER if change_class in open_classes), None)
    if smaller is None:
        return
    only = f". {SURE}" if smaller is ChangeClass.PATCH else ""
    yield Option(
        AdviceKind.RE_SCOPE,
        f"Leave out the parts that make it {english.kind(release.change_class)}, and ship it as {english.kind(smaller)}"
        f" on {english.moment(planned)}{only}.",
        f"{english.kinds([smaller]).capitalize()} may ship then.",
        f"Those parts ship {later}.",
        None,
    )


def _is_smaller(change_class: ChangeClass, release: Release) -> bool:
    order = list(ChangeClass)
    return order.index(change_class) < order.index(release.change_class)


def _made_into(question: Question, change_class: ChangeClass) -> Question:
    """The question whether a part of the release may ship, as a routine release of another class.

    A patch is taken to be one that has to ship and surely mends, under the number after the newest that was ever out.
    """
    release = question.release
    changed: dict[str, object] = {"change_class": change_class, "kind": ReleaseKind.ROUTINE}
    if change_class is ChangeClass.PATCH:
        changed |= {"necessity": Necessity.ESSENTIAL, "fix_confidence": "high"}
        out = {version for version in (question.current, *question.withdrawn) if version is not None}
        newest = max(out, default=None)
        if newest is not None and newest < release.version:
            major, minor, patch = (*newest.release, 0, 0)[:3]
            changed["version"] = Version.parse(f"{major}.{minor}.{patch + 1}")
    evidence = Evidence(live=question.evidence.live, withdrawn=question.evidence.withdrawn)
    return Question(question.catalog, release.model_copy(update=changed), question.channel, evidence, question.now)


def _open(question: Question, moment: datetime, mend: set[str]) -> bool:
    """Whether nothing stops it at the moment but what has to be mended on any date."""
    return all(verdict.rule in mend for verdict in verdicts_of(question.at(moment)) if verdict.outcome.stops)


def _advised(release: Release, planned: datetime, options: list[Option]) -> Option | None:
    """As planned where that is open; else earlier, but for what can wait a while, and never in a hurry."""
    by_kind = {option.kind: option for option in options}
    left, right = (
        by_kind[kind].span if kind in by_kind else None for kind in (AdviceKind.MOVE_LEFT, AdviceKind.MOVE_RIGHT)
    )
    soon = right is not None and right.start - planned <= SHORT_DELAY
    hurried = left is None or not left.comfortable or (soon and release.necessity is not Necessity.ESSENTIAL)
    moves = [AdviceKind.MOVE_RIGHT, AdviceKind.MOVE_LEFT] if hurried else [AdviceKind.MOVE_LEFT, AdviceKind.MOVE_RIGHT]
    rest = [AdviceKind.RE_SCOPE, AdviceKind.SPLIT, AdviceKind.OVERRIDE]
    order = [AdviceKind.SHIP_NOW, AdviceKind.KEEP, *moves, *rest]
    return next((by_kind[kind] for kind in order if kind in by_kind), None)


def _from_to(span: Opening) -> str:
    assert span.end is not None
    return f"from {english.moment(span.start)} to {english.moment(span.end)}"


def _until(span: Opening) -> str:
    return f" until {english.moment(span.end)}" if span.end else ""


def _days(span: timedelta) -> str:
    """5 days, or hours where it is less than two days."""
    hours = round(span / timedelta(hours=1))
    return english.counted(span.days, "day") if span >= timedelta(days=2) else english.counted(hours, "hour")
