"""Foreign files: what is a list of rows, and what is refused before anything is believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.content.foreign import rows
from publisher.content.foreign.rows import read_rows
from publisher.errors import ContentError, InputError


def file(directory: Path, text: str | bytes, name: str = "f.json") -> Path:
    path = directory / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        '[{"a": 1}]',
        '{"events": [{"a": 1}]}',
        '{"count": 1, "rows": [{"a": 1}]}',
        '{"tags": [], "events": [{"a": 1}]}',
        '\ufeff[{"a": 1}]',
    ],
    ids=["list", "named", "the one list", "named among others", "byte order mark"],
)
def test_a_list_or_the_list_in_an_object(tmp_path: Path, text: str) -> None:
    assert list(read_rows(file(tmp_path, text), "events")) == [{"a": 1}]


@pytest.mark.parametrize("text", ["- {a: 1}\n", "events:\n  - a: 1\n", "rows:\n  - {a: 1}\n"])
@pytest.mark.parametrize("name", ["f.yaml", "f.yml"])
def test_yaml_too(tmp_path: Path, text: str, name: str) -> None:
    assert list(read_rows(file(tmp_path, text, name), "events")) == [{"a": 1}]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "f.json:1:1: is not JSON"),
        ('[\n{"a": }]', "f.json:2:7: is not JSON"),
        (b'[{"a":\n "caf\xe9"}]', "f.json:2: is not UTF-8 text"),
        ("[{}]".encode("utf-16"), "is not UTF-8 text"),
        ('[{"a": NaN}]', "NaN is not a JSON number"),
        ('[{"a": -Infinity}]', "-Infinity is not a JSON number"),
        ('[{"a": 1, "b": 2, "a": 3}]', "the key 'a' appears twice in one object"),
        ('[{"a": ' + "9" * 5000 + "}]", "is not valid JSON"),
        ("[" * 200_000, "is nested too deep"),
        ('{"a": ' * 200_000, "is nested too deep"),
        ("3", "contains no list of rows"),
        ("null", "contains no list of rows"),
        ('{"a": [1], "b": [2]}', "contains no list of rows"),
        ("{}", "contains no list of rows"),
        ("[]", "has no rows"),
        ('{"events": []}', "has no rows"),
    ],
)
def test_what_is_no_list_of_rows_is_refused_in_words(tmp_path: Path, text: str | bytes, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read_rows(file(tmp_path, text), "events")
    assert words in caught.value.what
    assert caught.value.fix


def test_yaml_is_as_strict_as_content(tmp_path: Path) -> None:
    with pytest.raises(ContentError) as caught:
        read_rows(file(tmp_path, "- {a: 1, a: 2}\n- {b: *x}\n", "f.yaml"), "events")
    assert "appears twice" in str(caught.value) or "twice" in str(caught.value)
    assert "f.yaml:1:" in str(caught.value)


def test_a_file_that_is_too_large_is_not_parsed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "MAX_BYTES", 1024 * 1024)
    with pytest.raises(InputError, match="is larger than 1 MiB"):
        read_rows(file(tmp_path, "[" + " " * 1024 * 1024 + "]"), "events")


def test_yaml_that_is_too_large_is_sent_to_json(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is larger than 256 KiB") as caught:
        read_rows(file(tmp_path, "- {a: 1}\n" * 40_000, "f.yaml"), "events")
    assert caught.value.fix == "write it as JSON, with a limit of 32 MiB"


@pytest.mark.parametrize("name", ["gone.json", "."])
def test_what_cannot_be_opened_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_rows(tmp_path / name, "events")
