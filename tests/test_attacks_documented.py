"""docs/attacks.md names attacks, incidents and the tests for them; the tests exist and cite the incidents."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "attacks.md"

OF_THE_SPECIFICATION = (
    "Arbitrary software installation",
    "Endless data",
    "Extraneous dependencies",
    "Fast-forward",
    "Indefinite freeze",
    "Malicious mirrors preventing updates",
    "Mix-and-match",
    "Rollback",
    "Slow retrieval",
    "Vulnerability to key compromises",
    "Wrong software installation",
)
"""The attacks of section 1.5.2 of the TUF specification, in its order."""

_HEADING = re.compile(r"## .*\{#([a-z]+)\}")
_TEST = re.compile(r"`([^`]+)::([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One line of a table of the page."""

    table: str
    first: str
    """Its first cell: an attack, a role, or where an incident is told."""
    tests: tuple[tuple[str, str], ...]
    """Path and name."""

    @property
    def references(self) -> list[str]:
        """Where an incident is told, as docstrings write it."""
        return [part.partition(" (")[0] for part in self.first.split(", ")]


@cache
def rows() -> tuple[Row, ...]:
    """The lines of all tables, without their heads."""
    table, parsed = "", []
    for line in PAGE.read_text().splitlines():
        if (heading := _HEADING.fullmatch(line)) is not None:
            table = heading[1]
        elif line.startswith("| ") and not line.endswith("| Tests |"):
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            assert all(cells), line
            tests = tuple(_TEST.findall(cells[-1]))
            assert "<br>".join(f"`{path}::{name}`" for path, name in tests) == cells[-1], line
            parsed.append(Row(table, cells[0], tests))
    return tuple(parsed)


@cache
def docstrings(path: str) -> dict[str, str]:
    """Name -> docstring of each test of a file."""
    tree = ast.parse((ROOT / path).read_text())
    return {
        node.name: ast.get_docstring(node) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.first)
def test_every_line_names_tests_that_exist(row: Row) -> None:
    assert row.tests
    assert [f"{path}::{name}" for path, name in row.tests if name not in docstrings(path)] == []


def test_each_test_of_an_attack_is_on_the_page() -> None:
    named = {test for row in rows() for test in row.tests}
    files = (file.relative_to(ROOT).as_posix() for file in sorted((ROOT / "tests/attacks").glob("test_*.py")))
    assert [f"{path}::{name}" for path in files for name in docstrings(path) if (path, name) not in named] == []


def test_the_attacks_are_those_of_the_specification() -> None:
    assert tuple(row.first for row in rows() if row.table == "tuf") == OF_THE_SPECIFICATION


def test_each_role_has_a_line_on_what_a_thief_of_its_key_can_do() -> None:
    roles = yaml.safe_load((ROOT / "site_config/roles.yaml").read_text())["roles"]
    assert [row.first for row in rows() if row.table == "keys"] == list(roles)


def test_each_reference_of_an_incident_stands_in_the_docstring_of_one_of_its_tests() -> None:
    incidents = [row for row in rows() if row.table == "incidents"]
    missing = [
        reference
        for row in incidents
        for reference in row.references
        if not any(reference in docstrings(path)[name] for path, name in row.tests)
    ]
    assert missing == []


def test_each_reference_in_a_docstring_has_its_line() -> None:
    incidents = [row for row in rows() if row.table == "incidents"]
    listed = {(reference, *test) for row in incidents for reference in row.references for test in row.tests}
    missing = []
    for file in sorted((ROOT / "tests/attacks").glob("test_incidents_*.py")):
        path = file.relative_to(ROOT).as_posix()
        for name, text in docstrings(path).items():
            told_in = [part.partition(" (")[0] for part in text.partition(": ")[0].split(", ")]
            missing += [reference for reference in told_in if (reference, path, name) not in listed]
    assert missing == []
