"""How a release is rolled out: the policy's patterns, which fits which class, and which are safe near events (R71)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Ruling
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """The pattern exists, is for this class of change, and may be used near an event where one is near."""
    release, patterns = question.release, question.policy.patterns
    if not patterns:
        return Ruling(Outcome.NOT_APPLICABLE, public="The policy defines no rollout patterns.")
    pattern = question.pattern
    near = pattern is not None and not pattern.near_events and bool(question.near)
    fitting = [
        other.id for other in patterns if release.change_class in other.classes and (other.near_events or not near)
    ]
    if pattern is None:
        reason = (
            f"The policy has no default rollout pattern for {english.kinds([release.change_class])}."
            if release.pattern is None
            else f"The policy has no rollout pattern named {release.pattern}."
        )
    elif release.change_class not in pattern.classes:
        reason = (
            f"{pattern.name} is for {english.kinds(pattern.classes)}, and this is {english.kind(release.change_class)}."
        )
    elif near:
        reason = f"{pattern.name} must not be used near an event."
    else:
        return Ruling(Outcome.PASS, public=f"Rollout pattern: {pattern.name}. {pattern.note}")
    return Ruling(
        Outcome.BLOCKED,
        public=reason,
        who="Engineering",
        fix=f"Choose another `pattern`: {english.listed(fitting, 'or')}."
        if fitting
        else "Add a pattern to the policy.",
    )


def boundaries(question: Question) -> Iterable[datetime]:
    """Those of the events near, where the pattern is not used near one; what fits elsewhere fits always."""
    pattern = question.pattern
    return () if pattern is None or pattern.near_events else question.near_boundaries()


GATE = Gate("pattern.fits", Half.ENVIRONMENT, "its rollout pattern", ask, boundaries)
