"""Freeze rules: hard freezes stop; soft freezes let through what is small, needed and sure (R19-R28)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from publisher.model.content.release import ChangeClass, Necessity, Release
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine import overrides
from publisher.rules.engine.public_words import few
from publisher.rules.engine.question import Question
from publisher.rules.freeze.timeline import Part
from publisher.rules.freeze.windows import Window, arithmetic
from publisher.rules.gates.technical import integrity

FIXES = (ChangeClass.PATCH, ChangeClass.SECURITY, ChangeClass.HOTFIX)
"""Classes that mend something, and so must be sure to (R28)."""

TOO_LARGE = {
    ChangeClass.PATCH: ("major", "minor"),
    ChangeClass.SECURITY: ("major",),
    ChangeClass.HOTFIX: ("major",),
}
"""Version steps that are more than what the class says (R20)."""


def sure_fix(release: Release) -> bool:
    """Whether users are hurt without it, and it surely mends what hurts (R28)."""
    essential = release.necessity is Necessity.ESSENTIAL
    return essential and release.change_class in FIXES and release.fix_confidence == "high"


def hard_boundaries(question: Question) -> Iterable[datetime]:
    """Starts and ends of hard freezes."""
    return question.timeline.hard.edges_after(question.now)


def soft_boundaries(question: Question) -> Iterable[datetime]:
    """Those of soft freezes, and for a fix also of the version that it mends."""
    timeline, now = question.timeline, question.now
    return merge(
        timeline.soft_stopping.edges_after(now),
        timeline.soft_of_events.edges_after(now),
        integrity.version_boundaries(question) if question.release.change_class in TOO_LARGE else (),
    )


def hard_freeze(question: Question) -> Verdict:
    """Nothing of this class ships while a hard freeze holds (R19)."""
    hard = question.timeline.hard
    if (stretch := _stretch(hard, question.now)) is None:
        return _open("freeze.hard", "hard", hard, question)
    return _waiting(
        "freeze.hard",
        stretch,
        question,
        f"hard freeze around {stretch.named}: {_subject(question)} wait until {english.moment(stretch.until)}",
        f"Wait for the end of the freeze, or move the change into a release of an exempt class.{_way_out(question)}",
    )


def _way_out(question: Question) -> str:
    """How a fix may ship in a hard freeze."""
    if question.release.change_class not in FIXES:
        return ""
    duties = overrides.duties_needed(question.policy, hard=True)
    by = f"approved by {english.listed(duties)}" if duties else "in your name, with your reason"
    return f" A fix that cannot wait needs an override in content/overrides/, {by}."


def soft_freeze(question: Question) -> Verdict:
    """In a soft freeze only the classes that it allows ship, and of those only what is needed and sure (R20, R28)."""
    release, timeline = question.release, question.timeline
    if stretch := _stretch(timeline.soft_stopping, question.now):
        allowed = _allowed(timeline.soft.holding(question.now))
        may = f"only {english.kinds(allowed)} may ship" if allowed else "nothing may ship"
        fix = f"Wait, or move urgent parts into a release of class {english.listed(allowed, 'or')}."
        return _waiting(
            "freeze.soft",
            stretch,
            question,
            f"soft freeze around {stretch.named}: {may} until {english.moment(stretch.until)},"
            f" and this is {english.kind(release.change_class)}",
            fix if allowed else "Wait for the end of the freeze.",
        )
    stretch = _stretch(timeline.soft_of_events, question.now)
    if stretch and (unfit := _unfit(question, release)) is not None:
        why, fix = unfit
        end = english.moment(stretch.until)
        return _waiting("freeze.soft", stretch, question, f"soft freeze around {stretch.named} until {end}: {why}", fix)
    if (until := timeline.soft.until(question.now)) is not None:
        return Verdict(
            rule="freeze.soft",
            outcome=Outcome.PASS,
            reason=f"A soft freeze holds until {english.moment(until)};"
            f" {english.kinds([release.change_class])} may ship in it.",
        )
    return _open("freeze.soft", "soft", timeline.soft, question)


def passes_soft(question: Question) -> bool:
    """Whether the release may use a soft freeze's leave for its class."""
    return _unfit(question, question.release) is None


@dataclass(frozen=True)
class _Stretch:
    """Freezes that follow one another without a gap."""

    windows: tuple[Window, ...]
    """The first of them."""
    until: datetime
    """The end of all of them."""

    @property
    def named(self) -> str:
        return self.of([f'"{window.cause.title}"' for window in self.windows])

    def of(self, names: Sequence[str]) -> str:
        """All names of a short list; of a long one the first two and how many more there are."""
        if self.windows[-1].end < self.until:
            return english.listed([*list(dict.fromkeys(names))[:2], "others"])
        return few(names)


def _stretch(part: Part, now: datetime) -> _Stretch | None:
    until = part.until(now)
    return None if until is None else _Stretch(part.stretch(now), until)


def _allowed(windows: Sequence[Window]) -> tuple[ChangeClass, ...]:
    """The classes that all of the windows let through."""
    first, *others = dict.fromkeys(window.allows for window in windows)
    return tuple(change_class for change_class in first if all(change_class in other for other in others))


def _unfit(question: Question, release: Release) -> tuple[str, str] | None:
    """Why a release of an allowed class may not use a soft freeze's leave, and what would help."""
    if release.change_class is ChangeClass.DOCS:
        return None
    if (larger := _larger_than_it_says(question, release)) is not None:
        return larger, "Wait, or make it a smaller step from the current version, and number it so."
    if release.necessity is not Necessity.ESSENTIAL:
        return (
            "only essential releases may ship, and this one is not essential",
            "Wait, or set `necessity: essential` if users are harmed without it.",
        )
    if release.change_class in FIXES and not sure_fix(release):
        confidence = release.fix_confidence or "not stated"
        return (
            f"only fixes of high confidence may ship, and the confidence in this one is {confidence}",
            "Wait, or test it until you can set `fix_confidence: high`.",
        )
    return None


def _larger_than_it_says(question: Question, release: Release) -> str | None:
    """Why a release that calls itself a fix is more by its version, if so."""
    if release.change_class not in TOO_LARGE:
        return None
    out = (question.evidence.live, question.current)
    previous = max((version for version in out if version is not None and version < release.version), default=None)
    if previous is None:
        return None
    step = release.version.bump_from(previous)
    if step in TOO_LARGE[release.change_class]:
        declared = english.kind(release.change_class)
        return f"it is declared as {declared}, but {previous} to {release.version} is a {step} version step"
    return None


def _subject(question: Question) -> str:
    release, product = question.release, question.product
    return f"{english.kinds([release.change_class])} for {english.programs([product.client_type])}"


def _open(rule: str, hardness: str, part: Part, question: Question) -> Verdict:
    """No such freeze now; says when the next one begins."""
    if not question.timeline.windows:
        outcome, reason = Outcome.NOT_APPLICABLE, f"No event causes a {hardness} freeze for this kind of change."
    elif (start := part.next_start(question.now)) is not None:
        outcome, reason = Outcome.PASS, f"No {hardness} freeze holds now; the next begins on {english.moment(start)}."
    else:
        outcome, reason = Outcome.PASS, f"No {hardness} freeze holds now, and none is planned."
    return Verdict(rule=rule, outcome=outcome, reason=reason)


def _waiting(rule: str, stretch: _Stretch, question: Question, reason: str, fix: str) -> Verdict:
    causes = tuple({window.cause.id: window.cause for window in stretch.windows}.values())
    neutral = None
    if not all(cause.is_public(question.now) for cause in causes):
        titles = dict.fromkeys(f'"{c.title if c.is_public(question.now) else c.public_title}"' for c in causes)
        neutral = f"{stretch.of(list(titles))}: releases of this kind wait until {english.moment(stretch.until)}."
    return Verdict(
        rule=rule,
        outcome=Outcome.WAITING,
        reason=f"{reason[0].upper()}{reason[1:]}.",
        public_reason=neutral,
        fix=fix,
        until=stretch.until,
        arithmetic="; then ".join(arithmetic(stretch.windows)),
        sources=tuple(cause.id for cause in causes),
    )
