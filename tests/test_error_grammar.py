"""Errors have one grammar: `what` is a clause, as it stands after "publish: "; `fix` says what to do, verb first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

PUBLISHER = Path(__file__).parents[1] / "publisher"

ROOTS = frozenset({"TidegateError", "ClientError", "Problem"})
"""The bases of all errors, and what is wrong in content."""

VERBS = """
add ask bring build check chmod choose chown close compare copy correct count delete do download export fetch
fill find free get give have indent install keep leave let link look make mend mount move name promote publish put
raise reach read recover remove rename report rotate run save say see set ship sign split stage swap take tell
try type use wait write
"""
"""What a person is told to do; two of them are commands of every shell."""

NAMES = ("AWS", "BLAKE2b", "Prometheus", "PKCS", "SHA256SUMS", "TIDEGATE", "TUF")
"""What is written with a capital within a sentence too."""

SENTENCES = ("cli/", "rules/")
"""Verdicts of rules and reports of commands are sentences; there, only what makes an error is looked at."""

HOLE = "\0"
"""Stands for what an f-string fills in."""


@dataclass(frozen=True)
class Text:
    """A literal text of an error."""

    where: str
    text: str


def is_clause(text: str) -> bool:
    """Whether it has neither a full stop at its end nor a capital at its beginning, but for a name's."""
    return not re.search(r"(?<!\.\.)\.$", text) and (not text[:1].isupper() or text.startswith(NAMES))


def is_advice(text: str) -> bool:
    """Whether it begins with a verb and has no full stop; what begins with something filled in cannot be seen."""
    first = re.split(r"[\s,:;]", text, maxsplit=1)[0]
    return text == "" or (not re.search(r"(?<!\.\.)\.$", text) and (HOLE in first or first in VERBS.split()))


def literals(node: ast.expr, constants: dict[str, str]) -> Iterator[str]:
    """The texts that an expression may be, as far as they are written there or in a constant of the module."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr():
            yield "".join(
                str(part.value)
                if isinstance(part, ast.Constant)
                else next(literals(part.value, constants), HOLE)
                if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name)
                else HOLE
                for part in node.values
            )
        case ast.IfExp():
            yield from literals(node.body, constants)
            yield from literals(node.orelse, constants)
        case ast.BinOp(op=ast.Add()):
            for left in [*literals(node.left, constants)] or [HOLE]:
                for right in [*literals(node.right, constants)] or [HOLE]:
                    yield left + right
        case ast.Name(id=name) if name in constants:
            yield constants[name]


def constants_of(tree: ast.Module) -> dict[str, str]:
    """The texts that a module gives names to, written in capitals."""
    texts: dict[str, str] = {}
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name.isupper():
                texts |= dict.fromkeys((name,), next(literals(value, texts), HOLE))
    return texts


def called(node: ast.Call) -> str | None:
    """The name of what is called."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of publisher/, by its path there."""
    paths = sorted(PUBLISHER.rglob("*.py"))
    return {path.relative_to(PUBLISHER).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


@cache
def error_classes() -> frozenset[str]:
    """Names of the roots and of all that extend them."""
    classes = [node for tree in modules().values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    names = set(ROOTS)
    while more := {
        node.name
        for node in classes
        if node.name not in names and any(isinstance(base, ast.Name) and base.id in names for base in node.bases)
    }:
        names |= more
    return frozenset(names)


def assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Variables with what they are set to, on their own or as one of several at once."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Tuple(elts=values)):
                yield from (
                    (each.id, value) for each, value in zip(names, values, strict=True) if isinstance(each, ast.Name)
                )


@cache
def texts_of_errors() -> tuple[tuple[Text, ...], tuple[Text, ...]]:
    """Every literal `what`, and every literal `fix`; also of variables that are called so."""
    whats: list[Text] = []
    fixes: list[Text] = []
    for path, tree in modules().items():
        constants = constants_of(tree)
        if not path.startswith(SENTENCES):
            for name, value in assigned(tree):
                if name in ("what", "fix"):
                    texts = [Text(f"{path}:{value.lineno}", text) for text in literals(value, constants)]
                    (whats if name == "what" else fixes).extend(texts)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or called(node) not in error_classes():
                continue
            keywords = {keyword.arg: keyword.value for keyword in node.keywords}
            given = [*node.args, *[ast.Constant(None)] * 3]
            position = 2 if called(node) == "Problem" else 3  # other errors take their fix by name only
            where = f"{path}:{node.lineno}"
            whats += [Text(where, text) for text in literals(keywords.get("what", given[0]), constants)]
            fixes += [Text(where, text) for text in literals(keywords.get("fix", given[position]), constants)]
    return tuple(whats), tuple(fixes)


def test_what_happened_is_a_clause() -> None:
    whats, _ = texts_of_errors()
    assert [what for what in whats if not is_clause(what.text)] == []


def test_what_to_do_begins_with_a_verb() -> None:
    _, fixes = texts_of_errors()
    assert [fix for fix in fixes if not is_advice(fix.text)] == []


def test_most_texts_are_seen() -> None:
    whats, fixes = texts_of_errors()
    assert len(whats) > 500
    assert len(fixes) > 400
    assert {"StorageMissing", "ApprovalsMissing", "FeedError", "NotAtHand"} <= error_classes()


@pytest.mark.parametrize("text", ["Cannot read it", "it cannot be read.", "it is gone. It was there."])
def test_a_sentence_is_no_clause(text: str) -> None:
    assert not is_clause(text)


@pytest.mark.parametrize("text", ["it cannot be read", f"{HOLE} is gone", "SHA256SUMS is gone", "there is more ..."])
def test_a_clause_is_one(text: str) -> None:
    assert is_clause(text)


@pytest.mark.parametrize(
    "text", ["the file is gone", "Remove it", "remove it.", "`publish status` shows it", "it helps"]
)
def test_what_begins_with_no_verb_is_no_advice(text: str) -> None:
    assert not is_advice(text)


@pytest.mark.parametrize("text", ["", "remove it", "stage it again, with --replace", f"{HOLE}; then remove it"])
def test_advice_is_some(text: str) -> None:
    assert is_advice(text)
