"""Freeze rules: hard freezes stop; soft freezes let patches, documentation and security fixes through (R19-R26)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from publisher.model.decision import Outcome, Verdict
from publisher.model.release import ChangeClass, Release
from publisher.rules import integrity, words
from publisher.rules.question import Question
from publisher.rules.windows import Hardness, Window


def boundaries(question: Question) -> Iterable[datetime]:
    """Starts and ends of every window."""
    return question.timeline.edges_after(question.now)


def soft_boundaries(question: Question) -> Iterable[datetime]:
    """Those of the windows, and for a patch also of the version that it is a patch of."""
    patch = question.release.change_class is ChangeClass.PATCH
    return (*boundaries(question), *(integrity.version_boundaries(question) if patch else ()))


def hard_freeze(question: Question) -> Verdict:
    """Nothing of this class ships while a hard freeze holds (R19)."""
    stretch = question.timeline.stretch(Hardness.HARD, question.now)
    if not stretch:
        return _open("freeze.hard", Hardness.HARD, question)
    subject = f"changes of class {question.release.change_class} to {words.with_article(question.product.client_type)}"
    return _waiting(
        "freeze.hard",
        stretch,
        question,
        f"hard freeze around {_named(stretch)}: {subject} wait until {words.moment(stretch[-1].end)}",
        "Wait for the end of the freeze, or move the change into a release of a class that is exempt.",
    )


def soft_freeze(question: Question) -> Verdict:
    """In a soft freeze only the classes of `soft_allows` ship, and a patch must really be a patch (R20)."""
    stretch = question.timeline.stretch(Hardness.SOFT, question.now)
    if not stretch:
        return _open("freeze.soft", Hardness.SOFT, question)
    end = words.moment(stretch[-1].end)
    allowed = question.catalog.policy.freeze.soft_allows
    release = question.release
    if release.change_class not in allowed:
        return _waiting(
            "freeze.soft",
            stretch,
            question,
            f"soft freeze around {_named(stretch)}: only {words.listed(allowed)} may ship"
            f" until {end}, and this release is of class {release.change_class}",
            f"Wait, or move what cannot wait into a release of class {words.listed(allowed, 'or')}.",
        )
    if (larger := _larger_than_a_patch(question, release)) is not None:
        return _waiting(
            "freeze.soft",
            stretch,
            question,
            f"soft freeze around {_named(stretch)} until {end}: {larger}",
            "Wait, or number and build it as a patch of the version that is out.",
        )
    return Verdict(
        rule="freeze.soft",
        outcome=Outcome.PASS,
        reason=f"A soft freeze holds until {end}; class {release.change_class} may ship in it.",
    )


def _larger_than_a_patch(question: Question, release: Release) -> str | None:
    """Why a release that calls itself a patch is none by its version, if so."""
    if release.change_class is not ChangeClass.PATCH:
        return None
    previous = question.catalog.current(release.product, question.channel, question.now)
    if previous is None or previous.version >= release.version:
        return None
    step = release.version.bump_from(previous.version)
    if step in ("major", "minor"):
        return f"it is declared as a patch, but {previous.version} to {release.version} is a {step} version step"
    return None


def _open(rule: str, hardness: Hardness, question: Question) -> Verdict:
    """No such freeze now; says when the next one begins."""
    if not question.timeline.windows:
        outcome, reason = (
            Outcome.NOT_APPLICABLE,
            f"No event brings a {hardness} freeze for this kind of change.",
        )
    elif (start := question.timeline.next_start(hardness, question.now)) is not None:
        outcome, reason = (
            Outcome.PASS,
            f"No {hardness} freeze holds; the next begins on {words.moment(start)}.",
        )
    else:
        outcome, reason = Outcome.PASS, f"No {hardness} freeze holds, and none is planned."
    return Verdict(rule=rule, outcome=outcome, reason=reason)


def _named(stretch: Sequence[Window]) -> str:
    return _few([f'"{title}"' for title in dict.fromkeys(window.event.title for window in stretch)])


def _few(names: Sequence[str]) -> str:
    """All names of a short list; of a long one the first two and how many more there are."""
    return words.listed(names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more events"])


def _waiting(rule: str, stretch: Sequence[Window], question: Question, reason: str, fix: str) -> Verdict:
    events = tuple({window.event.id: window.event for window in stretch}.values())
    until = stretch[-1].end
    neutral = None
    if not all(event.is_public(question.now) for event in events):
        titles = dict.fromkeys(e.title if e.is_public(question.now) else e.public_title for e in events)
        neutral = f"{_few(list(titles))}: releases of this kind wait until {words.moment(until)}."
    return Verdict(
        rule=rule,
        outcome=Outcome.WAITING,
        reason=f"{reason[0].upper()}{reason[1:]}.",
        public_reason=neutral,
        who="Nobody: the freeze ends by itself.",
        fix=fix,
        until=until,
        arithmetic="; then ".join(dict.fromkeys(window.arithmetic for window in stretch)),
        sources=tuple(event.id for event in events),
    )
