"""JSON as its standard means it."""

from __future__ import annotations

import json

import pytest

from publisher.wire import strict_json


def test_what_the_standard_allows() -> None:
    assert strict_json.loads('{"a": [1, 2.5, null, true, "x"], "b": {"a": 1}}') == {
        "a": [1, 2.5, None, True, "x"],
        "b": {"a": 1},
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "b": {"c": 1, "d": 2, "c": 3}}', "the key 'c' appears twice in one object"),
        ('{"\\ud800": 1, "\\ud800": 2}', r"the key '\\ud800' appears twice"),
        ("[NaN]", "NaN is not a JSON number"),
        ("[-Infinity]", "-Infinity is not a JSON number"),
        ("[1,]", "line 1 column"),
        ("9" * 5000, "4300"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a":' * 100_000, "it is nested too deeply"),
    ],
)
def test_what_it_forbids_says_why(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        strict_json.loads(text)


def test_what_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        strict_json.loads('{"a": 1,\n "b": }')
    assert (caught.value.lineno, caught.value.colno) == (2, 7)
