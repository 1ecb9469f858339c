"""docs/requirements.md says what every number means that code or tests cite, and where it is borne."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "requirements.md"

_ROW = re.compile(r"\| R(\d+) \| (\S.*\S) \| (\S.*\S) \|")
_PATH = re.compile(r"`([^`]+)`")
_CITED = re.compile(r"\bR(\d{1,3})(?:-R?(\d{1,3}))?\b")
_TEST = re.compile(r"\bdef test((?:_r\d{1,3})+)_")


@dataclass(frozen=True)
class Row:
    """One line of the page."""

    number: int
    paths: tuple[str, ...]


def numbers_cited(text: str) -> set[int]:
    """The numbers that comments and docstrings cite; a range cites all that lie in it."""
    return {
        number
        for first, last in _CITED.findall(text)
        for number in range(int(first), int(last) + 1 if last else int(first) + 1)
    }


def numbers_of_tests(text: str) -> set[int]:
    """The numbers that names of tests begin with; one test may bear several."""
    return {int(number) for prefix in _TEST.findall(text) for number in re.findall(r"\d+", prefix)}


@cache
def sources() -> dict[str, str]:
    """Path -> text of every module and test but this one, whose examples cite nothing."""
    files = (file for folder in ("publisher", "tests") for file in sorted((ROOT / folder).rglob("*.py")))
    return {file.relative_to(ROOT).as_posix(): file.read_text() for file in files if file != Path(__file__)}


@cache
def rows() -> tuple[Row, ...]:
    """The page's table. Every line that looks like a row of it has to be one."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| R")]
    matches = [_ROW.fullmatch(line) for line in lines]
    assert [line for line, match in zip(lines, matches, strict=True) if match is None] == []
    return tuple(Row(int(match[1]), tuple(_PATH.findall(match[3]))) for match in matches if match is not None)


def test_ranges_and_names_that_bear_several_numbers_cite_each() -> None:
    assert numbers_cited("(R2, R5-R7), RSA4, xR8, R9000") == {2, 5, 6, 7}
    assert numbers_of_tests("def test_r3_r7_only() -> None:\ndef test_rows_2() -> None:\ndef a_r9_() -> None:") == {
        3,
        7,
    }


def test_every_number_that_is_cited_is_explained_exactly_once_and_no_other() -> None:
    cited = {number for text in sources().values() for number in numbers_cited(text) | numbers_of_tests(text)}
    explained = Counter(row.number for row in rows())
    assert [f"R{number} is on {count} lines" for number, count in explained.items() if count > 1] == []
    assert [f"R{number} is cited and not explained" for number in sorted(cited - set(explained))] == []
    assert [f"R{number} is explained and cited nowhere" for number in sorted(set(explained) - cited)] == []


def test_the_lines_are_in_order() -> None:
    numbers = [row.number for row in rows()]
    assert numbers == sorted(numbers)


def test_every_file_that_a_line_names_exists_and_bears_its_number() -> None:
    wrong = []
    for row in rows():
        assert row.paths, f"R{row.number} names no file"
        for path in row.paths:
            text = sources().get(path)
            if text is None:
                wrong.append(f"R{row.number}: {path} does not exist")
            elif path.startswith("tests/") and row.number not in numbers_of_tests(text):
                wrong.append(f"R{row.number}: {path} has no test_r{row.number}_...")
            elif path.startswith("publisher/") and row.number not in numbers_cited(text):
                wrong.append(f"R{row.number}: {path} does not cite it")
    assert wrong == []


def test_a_number_that_tests_bear_names_one_of_their_files() -> None:
    tested = {number for text in sources().values() for number in numbers_of_tests(text)}
    named = {row.number for row in rows() if any(path.startswith("tests/") for path in row.paths)}
    assert [f"R{number} has tests, and its line names none" for number in sorted(tested - named)] == []
