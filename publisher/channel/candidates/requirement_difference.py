"""How requirements of a channel change: which are added, raised, lowered, moved and cancelled, in lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from publisher.rules import english
from publisher.wire.feed_parser import ParsedFeed
from publisher.wire.feed_words import Audience
from publisher.wire.requirement import Requirement, covers

_Asked = tuple[str, tuple[Audience, ...]]
"""Event and audiences: nobody is asked for two versions by one event."""


def requirement_changes(before: Sequence[Requirement], after: Sequence[Requirement], at: datetime) -> tuple[str, ...]:
    """One line a requirement that changes, by moment; empty where everybody is asked for the same as before.

    What is over at `at` and covered by a later requirement is dropped from feeds without a word (`feed_requirements`).
    """
    old, new = _by_asked(before), _by_asked(after)
    gone = sorted(set(old) - set(new))
    # Where an event asks somebody else from now on, that is one change and not two.
    redirected = {asked: other for asked in gone if (other := _redirected(asked, old, new)) is not None}
    lines = [
        line
        for asked, requirement in new.items()
        for line in _lines(old.get(asked) or old.get(_source(redirected, asked)), requirement)
    ]
    for asked in gone:
        requirement = old[asked]
        covered = requirement.due(at) <= at and any(covers(other, requirement) for other in after)
        if asked not in redirected and not covered:
            lines.append(f"cancelled: {_named(requirement)} no longer requires {requirement.at_least}")
    return tuple(lines)


def requirement_lines(before: Mapping[str, ParsedFeed], after: Mapping[str, ParsedFeed], at: datetime) -> Iterator[str]:
    """The same for all platforms of a channel, by platform; once where it is the same for all."""
    changes = {
        platform: requirement_changes(
            before[platform].requirements if platform in before else (), feed.requirements, at
        )
        for platform, feed in after.items()
    }
    for lines in dict.fromkeys(changes.values()):
        platforms = sorted(platform for platform, others in changes.items() if others == lines)
        if lines:
            yield "requirements" + (f" for {english.listed(platforms)}" if len(platforms) < len(after) else "")
            yield from (f"  {line}" for line in lines)


def _by_asked(requirements: Sequence[Requirement]) -> dict[_Asked, Requirement]:
    return {(requirement.event, requirement.audiences): requirement for requirement in requirements}


def _redirected(asked: _Asked, old: Mapping[_Asked, Requirement], new: Mapping[_Asked, Requirement]) -> _Asked | None:
    """The one new requirement of the event, where this was its only one."""
    event, _ = asked
    coming = [other for other in new if other[0] == event and other not in old]
    going = [other for other in old if other[0] == event and other not in new]
    return coming[0] if len(coming) == len(going) == 1 else None


def _source(redirected: Mapping[_Asked, _Asked], asked: _Asked) -> _Asked:
    return next((before for before, after in redirected.items() if after == asked), asked)


def _lines(before: Requirement | None, after: Requirement) -> Iterator[str]:
    name = _named(after)
    if before is None:
        yield f"added: {name} requires {after.at_least} or later{_who(after)} by {english.moment(after.by)}"
        return
    if before.at_least != after.at_least:
        word = "raised" if before.at_least < after.at_least else "lowered"
        yield f"{word}: {name} requires {before.at_least} -> {after.at_least}"
    if before.by != after.by:
        yield f"moved: {name} is due by {english.moment(before.by)} -> {english.moment(after.by)}"
    if before.audiences != after.audiences:
        yield f"audience: {name} is for {_audience(before)} -> {_audience(after)}"
    if before.runway_begins != after.runway_begins:
        runway = f"{english.moment(before.runway_begins)} -> {english.moment(after.runway_begins)}"
        yield f"runway: {name} becomes urgent on {runway}"
    if before.title != after.title:
        yield f'renamed: "{before.title}" -> {name}'
    if before.url != after.url:
        yield f"page: {name} is described at {before.url or 'no page'} -> {after.url or 'no page'}"
    if before.estimate != after.estimate:
        estimate = after.estimate
        yield f"estimated: {name} " + (
            f"waits for {estimate.kind} {estimate.height} of {estimate.chain}, between"
            f" {english.moment(estimate.earliest)} and {english.moment(estimate.latest)},"
            f" as estimated on {english.moment(estimate.as_of)}"
            if estimate is not None
            else "has a date from now on"
        )


def _named(requirement: Requirement) -> str:
    return f'"{requirement.title}"'


def _audience(requirement: Requirement) -> str:
    return english.audiences(requirement.audiences) or "everybody"


def _who(requirement: Requirement) -> str:
    return f" for {english.audiences(requirement.audiences)}" if requirement.audiences else ""
