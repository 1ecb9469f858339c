"""JSON without what Python's own reader lets through."""

from __future__ import annotations

import json

import pytest

from publisher.client import strict_json


def test_json_is_read_as_python_reads_it() -> None:
    value = {"a": [1, 2.5, "x", None, True], "b": {}}
    assert strict_json.loads(json.dumps(value)) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": 1, "a": 1}', "a key appears twice in one object"),
        ('[{"b": {"a": 1, "a": 2}}]', "a key appears twice in one object"),
        ("[NaN]", "NaN is not a JSON number"),
        ("[-Infinity]", "-Infinity is not a JSON number"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a":' * 100_000, "it is nested too deeply"),
    ],
)
def test_what_programs_read_differently_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        strict_json.loads(text)


def test_what_is_no_json_is_refused_with_its_place() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        strict_json.loads('{"a": 1,\n "b": }')
    assert (caught.value.lineno, caught.value.colno) == (2, 7)
