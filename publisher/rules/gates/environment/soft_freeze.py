"""In a soft freeze only the classes that it allows ship, and only if it is small, needed and sure (R20, R28)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from heapq import merge
from operator import attrgetter

from publisher.model.content.release import ChangeClass, Necessity, Release
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.freeze_ruling import lifted, none_holds, waits
from publisher.rules.engine.gate import Gate, Half, Ruling
from publisher.rules.engine.question import Question
from publisher.rules.freeze.consecutive_freezes import stretch
from publisher.rules.freeze.fix_confidence import FIXES, sure_fix
from publisher.rules.freeze.windows import Window

TOO_LARGE = {
    ChangeClass.PATCH: ("major", "minor"),
    ChangeClass.SECURITY: ("major",),
    ChangeClass.HOTFIX: ("major",),
}
"""Version steps that are more than what the class says (R20)."""


def ask(question: Question) -> Ruling:
    """Whether a soft freeze holds that does not let the release through."""
    release, timeline = question.release, question.freezes
    if holding := stretch(timeline.soft_stopping, question.now):
        allowed = _allowed(timeline.soft.holding(question.now))
        may = f"only {english.kinds(allowed)} may ship" if allowed else "nothing may ship"
        fix = f"Wait, or move urgent parts into a release of class {english.listed(allowed, 'or')}."
        return waits(
            holding,
            question,
            f"soft freeze around {holding.named}: {may} until {english.moment(holding.until)},"
            f" and this is {english.kind(release.change_class)}",
            fix if allowed else "Wait for the end of the freeze.",
        )
    holding = stretch(timeline.soft_of_events, question.now)
    if holding and (unfit := _unfit(question, release)) is not None:
        why, fix = unfit
        until = english.moment(holding.until)
        return waits(holding, question, f"soft freeze around {holding.named} until {until}: {why}", fix)
    if (ruling := lifted("soft", question.timeline.soft, question)) is not None:
        return ruling
    if (end := timeline.soft.until(question.now)) is not None:
        kinds = english.kinds([release.change_class])
        return Ruling(
            Outcome.PASS, public=f"A soft freeze lasts until {english.moment(end)}; {kinds} may ship during it."
        )
    return none_holds("soft", timeline.soft, question)


def boundaries(question: Question) -> Iterable[datetime]:
    """Starts and ends of soft freezes, and for a fix also the moments at which the version that it mends changes."""
    return merge(
        question.freeze_boundaries(attrgetter("soft_stopping")),
        question.freeze_boundaries(attrgetter("soft_of_events")),
        question.shipping_boundaries() if question.release.change_class in TOO_LARGE else (),
    )


def passes_soft(question: Question) -> bool:
    """Whether the release may use a soft freeze's leave for its class."""
    return _unfit(question, question.release) is None


def _allowed(windows: Sequence[Window]) -> tuple[ChangeClass, ...]:
    """The classes that all of the windows let through."""
    first, *others = dict.fromkeys(window.allows for window in windows)
    return tuple(change_class for change_class in first if all(change_class in other for other in others))


def _unfit(question: Question, release: Release) -> tuple[str, str] | None:
    """Why a release of an allowed class may not use a soft freeze's leave, and what would help."""
    if release.change_class is ChangeClass.DOCS:
        return None
    if (larger := _larger_than_it_says(question, release)) is not None:
        return larger, "Wait, or reduce the change and give it a smaller version step."
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


GATE = Gate(
    "freeze.soft",
    Half.ENVIRONMENT,
    "the soft freeze",
    ask,
    boundaries,
    ceiling=Outcome.WAITING,
    freeze=True,
)
