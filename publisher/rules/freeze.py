"""Freeze rules: hard freezes stop; soft freezes let patches, documentation and security fixes through (R19-R26)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.decision import Outcome, Verdict
from publisher.model.event import Event
from publisher.model.release import ChangeClass, Release
from publisher.rules import words
from publisher.rules.question import Question
from publisher.rules.windows import Hardness, Window


def boundaries(question: Question) -> Iterable[datetime]:
    """Starts and ends of every window."""
    return (edge for window in question.windows for edge in (window.start, window.end))


def hard_freeze(question: Question) -> Verdict:
    """Nothing of this class ships while a hard freeze holds (R19)."""
    active = [w for w in question.windows if w.hardness is Hardness.HARD and w.holds(question.now)]
    if not active:
        return _open("freeze.hard", Hardness.HARD, question)
    last = max(active, key=lambda window: window.end)
    subject = f"changes of class {question.release.change_class} to {words.with_article(question.product.client_type)}"
    return _waiting(
        "freeze.hard",
        last,
        question,
        f"hard freeze around {_named(last.event)}: {subject} wait until {words.moment(last.end)}",
        "Wait for the end of the freeze, or move the change into a release of a class that is exempt.",
    )


def soft_freeze(question: Question) -> Verdict:
    """In a soft freeze only the classes of `soft_allows` ship, and a patch must really be a patch (R20)."""
    active = [w for w in question.windows if w.hardness is Hardness.SOFT and w.holds(question.now)]
    if not active:
        return _open("freeze.soft", Hardness.SOFT, question)
    last = max(active, key=lambda window: window.end)
    allowed = question.catalog.policy.freeze.soft_allows
    release = question.release
    if release.change_class not in allowed:
        return _waiting(
            "freeze.soft",
            last,
            question,
            f"soft freeze around {_named(last.event)}: only {words.listed(allowed)} may ship"
            f" until {words.moment(last.end)}, and this release is of class {release.change_class}",
            f"Wait, or move what cannot wait into a release of class {words.listed(allowed, 'or')}.",
        )
    if (larger := _larger_than_a_patch(question, release)) is not None:
        return _waiting(
            "freeze.soft",
            last,
            question,
            f"soft freeze around {_named(last.event)} until {words.moment(last.end)}: {larger}",
            "Wait, or number and build it as a patch of the version that is out.",
        )
    return Verdict(
        rule="freeze.soft",
        outcome=Outcome.PASS,
        reason=f"A soft freeze holds until {words.moment(last.end)}; class {release.change_class} may ship in it.",
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
    coming = [w for w in question.windows if w.hardness is hardness and w.start > question.now]
    if not question.windows:
        outcome, reason = (
            Outcome.NOT_APPLICABLE,
            f"No event brings a {hardness} freeze for this kind of change.",
        )
    elif coming:
        outcome, reason = (
            Outcome.PASS,
            f"No {hardness} freeze holds; the next begins on {words.moment(coming[0].start)}.",
        )
    else:
        outcome, reason = Outcome.PASS, f"No {hardness} freeze holds, and none is planned."
    return Verdict(rule=rule, outcome=outcome, reason=reason)


def _named(event: Event) -> str:
    return f'"{event.title}"'


def _waiting(rule: str, window: Window, question: Question, reason: str, fix: str) -> Verdict:
    event = window.event
    neutral = None
    if not event.is_public(question.now):
        neutral = f"{event.public_title}: releases of this kind wait until {words.moment(window.end)}."
    return Verdict(
        rule=rule,
        outcome=Outcome.WAITING,
        reason=f"{reason[0].upper()}{reason[1:]}.",
        public_reason=neutral,
        who="Nobody: the freeze ends by itself.",
        fix=fix,
        until=window.end,
        arithmetic=window.arithmetic,
        sources=(event.id,),
    )
