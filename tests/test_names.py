"""Variables are called after what they hold."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

PUBLISHER = Path(__file__).parents[1] / "publisher"

EMPTY = frozenset({"one", "found", "told", "said", "wanted"})
"""Names that say nothing of what they hold."""


def names_bound(source: str) -> Iterator[tuple[int, str]]:
    """Line and name of every variable, parameter, attribute and function that the source binds."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.ExceptHandler(name=str(name)):
                yield node.lineno, name


def empty_names(place: Path) -> list[str]:
    """Where modules of a folder bind such a name, as file:line: name."""
    return [
        f"{path.relative_to(PUBLISHER)}:{line}: {name}"
        for path in sorted(place.rglob("*.py"))
        for line, name in names_bound(path.read_text("utf-8"))
        if name in EMPTY
    ]


def test_no_name_says_nothing_of_what_it_holds() -> None:
    assert empty_names(PUBLISHER) == []


@pytest.mark.parametrize(
    "source",
    [
        "one = 1",
        "for _, one in {}: pass",
        "[0 for one in ()]",
        "lambda one: 0",
        "def f(*, one): ...",
        "def one(): ...",
        "if one := 1: pass",
        "with open('') as one: pass",
        "class C:\n    one: int",
        "self.one = 1",
        "match 1:\n    case one: pass",
        "match ():\n    case [*one]: pass",
        "import os as one",
        "try: ...\nexcept ValueError as one: ...",
    ],
)
def test_names_are_seen_wherever_they_are_bound(source: str) -> None:
    assert "one" in {name for _, name in names_bound(source)}


def test_reading_a_name_binds_nothing() -> None:
    assert list(names_bound("print(one, other.one, f(one=1))")) == []


TWICE = {"Outcome"}
"""The outcome of a verdict and that of a look for updates: schemas/answer-1.json names the latter so."""


def test_a_class_name_stands_once() -> None:
    classes = Counter(
        node.name
        for path in PUBLISHER.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in classes.items() if count > 1} == TWICE
