"""Single values of a foreign row."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.content.foreign.fields import fits, shown, slug, value

ROW: dict[str, Any] = {"a": {"b": {"c": 7}}, "d.e": True, "f": "", "g": None, "h": [1], "n": 1}


@pytest.mark.parametrize(
    ("name", "found"),
    [("a.b.c", 7), ("d.e", True), ("f", None), ("g", None), ("a.x", None), ("h.0", None), ("n.b", None), (None, None)],
)
def test_a_field_by_its_name_or_by_a_dotted_path(name: str | None, found: Any) -> None:
    assert value(ROW, name) == found


@pytest.mark.parametrize(
    ("conditions", "whether"),
    [
        ({"a.b.c": 7}, True),
        ({"a.b.c": 7, "d.e": True}, True),
        ({"a.b.c": 7, "d.e": False}, False),
        ({"n": True}, False),
        ({"d.e": 1}, False),
        ({"n": "1"}, False),
        ({"missing": False}, False),
    ],
)
def test_all_conditions_must_hold_and_one_is_not_true(conditions: dict[str, Any], whether: bool) -> None:
    assert fits(ROW, conditions) is whether


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ({"a": 1}, "an object"),
        ([1], "a list"),
        (10**30, "a huge number"),
        ("a\x1b[2Jb", "a [2Jb"),
        ("x" * 50, "x" * 37 + "..."),
        (True, "True"),
    ],
)
def test_any_value_can_be_shown(found: Any, text: str) -> None:
    assert shown(found) == text


@pytest.mark.parametrize(
    ("words", "found"), [("Go BTFS_2", "go-btfs-2"), ("--", ""), ("升级", ""), ("x" * 80, "x" * 64)]
)
def test_words_as_an_id(words: str, found: str) -> None:
    assert slug(words) == found
