"""The declared class against what the build really changed: a theme refresh that touches DHT code fails (R26)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from publisher.evidence.changes import ChangeFacts
from publisher.model.content.product import Product
from publisher.model.content.release import ChangeClass
from publisher.model.records.decision import Outcome
from publisher.model.records.evidence import Evidence
from publisher.rules import english
from publisher.rules.engine.gate import TEAM, Gate, Half, Ruling, not_asked
from publisher.rules.engine.question import Question
from publisher.rules.freeze.matrix import at_least

VERSIONED = {
    "storage": ChangeClass.STORAGE,
    "rpc": ChangeClass.RPC,
    "dht": ChangeClass.DHT,
    "tracker": ChangeClass.TRACKER,
    "wire": ChangeClass.PROTOCOL,
}
"""What a step of a schema or wire version means; a name that is not here means a protocol change."""

URGENT = (ChangeClass.SECURITY, ChangeClass.HOTFIX)
"""Fixes that may have to touch dangerous ground; people decide, by name."""


def ask(question: Question) -> Ruling:
    """Nothing that the build changed waits longer for events than the class that the release declares."""
    release, product = question.release, question.product
    facts = question.evidence.of(ChangeFacts)
    if not product.areas:
        return Ruling(
            Outcome.NOT_APPLICABLE,
            public=f"products.yaml lists no source `areas` for {product.id} to compare the change class with.",
        )
    if not facts and question.evidence.artifacts is None:
        return Ruling(
            Outcome.NOT_APPLICABLE, public="The change class is compared with the build when the release is published."
        )
    if not facts:
        return not_asked(question.policy, TEAM) or Ruling(
            Outcome.UNKNOWN,
            public="The change class cannot be checked without the list of what the build changed.",
            who="Engineering",
            fix="Give the changed paths with --changes, such as the output of git diff --name-only.",
        )
    if release.change_class is ChangeClass.DOCS and (path := _in_no_area(product, facts)) is not None:
        return Ruling(
            Outcome.BLOCKED,
            reason=f"It is declared as docs, which no freeze stops, but {path} is in no known area of {product.id}.",
            public="It is declared as docs, but the build also changed files that may not be documentation.",
            who="Engineering",
            fix=f"Add that path to the `areas` of {product.id} in products.yaml, or declare another class.",
        )
    worse = [
        (change, proof)
        for change, proof in found_classes(product, facts)
        if not at_least(question.policy.freeze, question.subject, release.change_class, change)
    ]
    if not worse:
        return Ruling(
            Outcome.PASS, public=f"The build changed nothing riskier than the declared class {release.change_class}."
        )
    urgent = release.change_class in URGENT
    shown = [f"{proof} ({change})" for change, proof in worse]
    classes = list(dict.fromkeys(change for change, _ in worse))
    return Ruling(
        Outcome.NEEDS_APPROVAL if urgent else Outcome.BLOCKED,
        reason=f"It is declared as {release.change_class}, but the build changed {english.listed(_few(shown))}.",
        public=f"It is declared as {release.change_class}, but the build changed something of class"
        f" {english.listed(classes)}.",
        who="Engineering and operations" if urgent else "Engineering",
        fix="Ask for an override, or take that part out."
        if urgent
        else f"Declare it as {worse[0][0]}, or take that part out.",
    )


def _in_no_area(product: Product, facts: Sequence[ChangeFacts]) -> str | None:
    """The first changed path of which no area tells what it is."""
    matchers = [_matcher(area.paths) for area in product.areas]
    paths = (path for changes in facts for path in changes.paths)
    return next((path for path in paths if not any(matcher.fullmatch(path) for matcher in matchers)), None)


def changed_classes(product: Product, evidence: Evidence) -> tuple[ChangeClass, ...] | None:
    """What the build changes, by class; None where the product has no areas to tell by, or nobody has said."""
    facts = evidence.of(ChangeFacts)
    if not facts or not product.areas:
        return None
    return tuple(sorted({change_class for change_class, _ in found_classes(product, facts)}))


def found_classes(product: Product, facts: Sequence[ChangeFacts]) -> Iterator[tuple[ChangeClass, str]]:
    """Each class that something shows, once, with the first proof of it."""
    seen: set[ChangeClass] = set()
    for step in (step for changes in facts for step in changes.versions):
        if step.before != step.after and (change := VERSIONED.get(step.name, ChangeClass.PROTOCOL)) not in seen:
            seen.add(change)
            yield change, f"the {step.name} version from {step.before} to {step.after}"
    for area in product.areas:
        if area.change_class in seen:
            continue
        matcher = _matcher(area.paths)
        paths = (path for changes in facts for path in changes.paths)
        if (path := next((path for path in paths if matcher.fullmatch(path)), None)) is not None:
            seen.add(area.change_class)
            yield area.change_class, path


@lru_cache(maxsize=256)
def _matcher(patterns: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{_pattern(pattern)})" for pattern in patterns))


def _pattern(shell: str) -> str:
    """src/dht/** -> a regular expression; * stays within a folder, ** crosses folders."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", shell)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(part, re.escape(part)) for part in parts)


def _few(shown: list[str]) -> list[str]:
    return shown if len(shown) <= 4 else [*shown[:3], f"{len(shown) - 3} more"]


GATE = Gate("changes.class", Half.TECHNICAL, "its change class", ask)
