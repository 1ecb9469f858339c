"""What to do with a release whose date is in the way of an event: ship, move, split or re-scope (R11, R93)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from publisher.client.version import Version
from publisher.model.catalog import Catalog
from publisher.model.decision import Decision, Verdict
from publisher.model.evidence import Evidence
from publisher.model.release import ChangeClass, Necessity, Release
from publisher.model.release import Kind as ReleaseKind
from publisher.rules import words
from publisher.rules.evaluate import NO_EVIDENCE, evaluate, verdicts_of
from publisher.rules.question import Question
from publisher.rules.rollback import Due, due
from publisher.rules.schedule import HORIZON, Opening, Schedule, schedule

SHORT_DELAY = timedelta(days=14)
"""What can wait is moved right by so much before it is moved left, since nobody has to hurry then."""

SMALLER = (
    ChangeClass.FEATURE,
    ChangeClass.UI_POLISH,
    ChangeClass.PATCH,
)
"""What a larger release may be made into, the largest first."""


SURE = "a patch only if it has to ship and surely mends what hurts"


class Kind(StrEnum):
    """What a team can do."""

    SHIP_NOW = "ship now"
    KEEP = "ship as planned"
    MOVE_LEFT = "move left"
    MOVE_RIGHT = "move right"
    SPLIT = "split"
    RE_SCOPE = "re-scope"


@dataclass(frozen=True)
class Option:
    """One thing to do."""

    kind: Kind
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
    """What is advised first; none where no date is open as far as dates are looked for, or it has shipped."""
    mend: tuple[Verdict, ...]
    """What people have to mend on any date."""
    way_back: Due | None
    """By when its way back must be verified and rehearsed, for the planned time (R85)."""


def plan(catalog: Catalog, release: Release, channel: str, now: datetime, evidence: Evidence = NO_EVIDENCE) -> Plan:
    """What to do with the release, as seen at `now`. It must belong to a product of the catalog."""
    wanted = max(release.planned_for or now, now)
    found = schedule(catalog, release, channel, now, evidence, wanted)
    shipped = release.shipped_at is not None and release.shipped_at <= now
    options = [] if shipped else list(_options(catalog, release, channel, now, wanted, found))
    first = _advised(release, wanted, options)
    options.sort(key=lambda one: one is not first)
    return Plan(
        decision=evaluate(catalog, release, channel, now, evidence),
        planned=evaluate(catalog, release, channel, wanted, evidence),
        options=tuple(options),
        mend=found.mend,
        way_back=due(catalog, release, now),
    )


def _options(
    catalog: Catalog, release: Release, channel: str, now: datetime, wanted: datetime, found: Schedule
) -> Iterator[Option]:
    if (span := found.at(wanted)) is not None:
        kind = Kind.SHIP_NOW if wanted == now else Kind.KEEP
        what = "It may ship at once" if wanted == now else f"{words.moment(wanted)} is open"
        open_for = _until(span) or f", as far as is known for {HORIZON.days} days"
        if found.mend:
            what, why, cost = f"{what} once it is mended", "No date is in the way; something else is.", "To mend it."
        elif span.overridden:
            why, cost = "Nothing but what an override lets pass is in the way.", "What was overridden had its reason."
        else:
            why, cost = "Nothing is in the way.", "None."
        yield Option(kind, f"{what}{open_for}.", why, cost, span)
        return
    left, right = found.before(wanted), found.after(wanted)
    if left is not None:
        yield _move_left(now, wanted, left)
    if right is not None:
        yield _move_right(release, wanted, right, found.soon_after(wanted))
    later = f"from {words.moment(right.start)} on" if right else "on a date that is not open yet"
    mend = {one.rule for one in found.mend}
    smaller = [one for one in (*SMALLER, ChangeClass.DOCS) if _is_smaller(one, release)]
    open_classes = [one for one in smaller if _open(_made_into(catalog, release, channel, one, now), wanted, mend)]
    yield from _split(wanted, open_classes, later)
    yield from _re_scope(release, wanted, open_classes, later)


def _move_left(now: datetime, wanted: datetime, span: Opening) -> Option:
    assert span.end is not None
    start = "now" if span.start <= now else words.moment(span.start)
    return Option(
        Kind.MOVE_LEFT,
        f"Ship between {start} and {words.moment(span.end)}.",
        "An override lets it out then."
        if span.overridden
        else "It is out, and can still be taken back, before what is in the way begins.",
        f"At least {_days(wanted - span.end)} less to test than planned; {_days(span.end - now)} are left from now.",
        span,
    )


def _move_right(release: Release, wanted: datetime, span: Opening, first: Opening | None) -> Option:
    cost = [f"Users get it {_days(span.start - wanted)} later."]
    if first is not None and first != span and first.end is not None:
        cost.append(f"Before that it is open for {_days(first.end - first.start)} only, {_from_to(first)}.")
    if release.risk_of_delay is not None:
        cost.append(f"Risk of waiting, {release.risk_of_delay.score} of 5: {release.risk_of_delay.because}")
    required = release.notes.required_by
    if required is not None and required < span.start:
        cost.append(f"It is told to be in place by {words.moment(required)}, and that is then over.")
    return Option(
        Kind.MOVE_RIGHT,
        f"Ship from {words.moment(span.start)} on{_until(span)}.",
        "An override lets it out then." if span.overridden else "What is in the way is over by then.",
        " ".join(cost),
        span,
    )


def _split(wanted: datetime, open_classes: list[ChangeClass], later: str) -> Iterator[Option]:
    """Documentation and patches in a release of their own now, the rest later."""
    parts = [one for one in (ChangeClass.DOCS, ChangeClass.PATCH) if one in open_classes]
    if not parts:
        return
    only = f"; {SURE}" if ChangeClass.PATCH in parts else ""
    yield Option(
        Kind.SPLIT,
        f"Ship what of it is {words.kinds(parts, 'or')} on {words.moment(wanted)}, and the rest {later}{only}.",
        "Not all of it has to wait.",
        "Two releases to test, to sign and to tell users of.",
        None,
    )


def _re_scope(release: Release, wanted: datetime, open_classes: list[ChangeClass], later: str) -> Iterator[Option]:
    """A smaller release on the planned date."""
    smaller = next((one for one in SMALLER if one in open_classes), None)
    if smaller is None:
        return
    only = f"; {SURE}" if smaller is ChangeClass.PATCH else ""
    yield Option(
        Kind.RE_SCOPE,
        f"Leave out what makes it {words.kind(release.change_class)}, and ship it as {words.kind(smaller)}"
        f" on {words.moment(wanted)}{only}.",
        f"{words.kinds([smaller]).capitalize()} may ship then.",
        f"What is left out ships {later}.",
        None,
    )


def _is_smaller(change_class: ChangeClass, release: Release) -> bool:
    order = list(ChangeClass)
    return order.index(change_class) < order.index(release.change_class)


def _made_into(catalog: Catalog, release: Release, channel: str, change_class: ChangeClass, now: datetime) -> Question:
    """The question whether a part of the release may ship, as a routine release of another class.

    A patch is taken to be one that has to ship and surely mends, under the number after the current one.
    """
    said: dict[str, object] = {"change_class": change_class, "kind": ReleaseKind.ROUTINE}
    if change_class is ChangeClass.PATCH:
        said |= {"necessity": Necessity.ESSENTIAL, "fix_confidence": "high"}
        current = catalog.current(release.product, channel, now)
        if current is not None and current.version < release.version:
            major, minor, patch = (*current.version.release, 0, 0)[:3]
            said["version"] = Version.parse(f"{major}.{minor}.{patch + 1}")
    return Question(catalog, release.model_copy(update=said), channel, NO_EVIDENCE, now)


def _open(question: Question, moment: datetime, mend: set[str]) -> bool:
    """Whether nothing stops it at the moment but what has to be mended on any date."""
    return all(one.rule in mend for one in verdicts_of(question.at(moment)) if one.outcome.stops)


def _advised(release: Release, wanted: datetime, options: list[Option]) -> Option | None:
    """As planned where that is open; else earlier, but for what can wait a while, and never in a hurry."""
    by_kind = {one.kind: one for one in options}
    left, right = (by_kind[kind].span if kind in by_kind else None for kind in (Kind.MOVE_LEFT, Kind.MOVE_RIGHT))
    soon = right is not None and right.start - wanted <= SHORT_DELAY
    hurried = left is None or not left.comfortable or (soon and release.necessity is not Necessity.ESSENTIAL)
    moves = [Kind.MOVE_RIGHT, Kind.MOVE_LEFT] if hurried else [Kind.MOVE_LEFT, Kind.MOVE_RIGHT]
    order = [Kind.SHIP_NOW, Kind.KEEP, *moves, Kind.RE_SCOPE, Kind.SPLIT]
    return next((by_kind[kind] for kind in order if kind in by_kind), None)


def _from_to(span: Opening) -> str:
    assert span.end is not None
    return f"from {words.moment(span.start)} to {words.moment(span.end)}"


def _until(span: Opening) -> str:
    return f" until {words.moment(span.end)}" if span.end else ""


def _days(span: timedelta) -> str:
    """5 days, or hours where it is less than two days."""
    hours = round(span / timedelta(hours=1))
    return words.counted(span.days, "day") if span >= timedelta(days=2) else words.counted(hours, "hour")
