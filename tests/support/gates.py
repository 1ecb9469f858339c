"""Whether the verdict of a gate changes at its boundaries and at no other moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.rules.engine.gate import Gate
from publisher.rules.engine.question import Question

SECOND = timedelta(seconds=1)


def changes_only_at_boundaries(question: Question, gate: Gate, moments: list[datetime]) -> bool:
    """Whether the outcome at each moment is the one at the boundary before it."""
    edges = [question.now, *gate.edges(question)]
    assert edges == sorted(edges)
    assert all(edge > question.now for edge in edges[1:])
    for moment in moments:
        before = max(edge for edge in edges if edge <= moment)
        if gate.verdict(question.at(moment)).outcome is not gate.verdict(question.at(before)).outcome:
            return False
    return True
