"""One more key in a YAML file: whatever else people wrote in it stays, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from publisher.content.yaml_edit import replace_file, with_item, with_key, with_key_after, with_scalar
from publisher.errors import InputError

LINE = "shipped_at: 2026-11-20T12:00:00Z\n"
VALUE = "2026-11-20T12:00:00Z"

FILES = {
    "plain": 'product: node\nversion: "1.0.0"\n',
    "comments": "# What it is\nproduct: node   # ours\n\n# the end\n",
    "without a last newline": "product: node",
    "nested": "notes:\n  first_24h: [a,\n    b]   # why\n# the end\n",
    "a long text": "product: node\nbody: |\n  One.\n\n  # no comment\n\n# the end\n",
    "a document": "---\nproduct: node\n...\n",
    "unicode": "sentence: \u6f22\u5b57 \U0001f30a  # \u00fc\nproduct: node\n",
}


@pytest.mark.parametrize("windows", [False, True], ids=["lf", "crlf"])
@pytest.mark.parametrize("text", FILES.values(), ids=FILES.keys())
def test_a_key_is_added_and_every_other_byte_stays(text: str, windows: bool) -> None:
    before = text.replace("\n", "\r\n") if windows else text
    after = with_key(before, "shipped_at", VALUE)
    line = LINE.replace("\n", "\r\n") if windows and "\n" in text else LINE
    assert after.count(line) == 1
    rest = after.replace(line, "")
    assert rest.rstrip("\r\n") == before.rstrip("\r\n")
    assert yaml.safe_load(after) == {**yaml.safe_load(before), **yaml.safe_load(LINE)}
    assert ("\r" in after) is ("\r" in before)


def test_a_key_without_a_value_gets_it_and_one_in_braces_stays_there() -> None:
    assert with_key("shipped_at:   # soon\nproduct: node\n", "shipped_at", VALUE) == (
        f"shipped_at: {VALUE}   # soon\nproduct: node\n"
    )
    assert with_key("{product: node, kind: a}\n", "shipped_at", VALUE) == (
        f"{{product: node, kind: a, shipped_at: {VALUE}}}\n"
    )


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "# nothing\n"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        with_key(text, "shipped_at", VALUE)


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: 1\n")
    (tmp_path / ".a.yaml.new").mkdir()
    with pytest.raises(InputError, match="Is a directory"):
        replace_file(file, "a: 2\n")
    assert file.read_text() == "a: 1\n"


ORDER = ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 1  # one\nc: 3\n", "a: 1  # one\nb: x\nc: 3\n"),
        ("# top\nc: 3\n", "# top\nb: x\nc: 3\n"),
        ("---\nc: 3\n", "---\nb: x\nc: 3\n"),
        ("a: |\n  long\n\n  # text\n# of c\nc: 3\n", "a: |\n  long\n\n  # text\nb: x\n# of c\nc: 3\n"),
        ("d: 4\na: {x: 1,\n  y: 2}  # end\nc: 3\n", "d: 4\na: {x: 1,\n  y: 2}  # end\nb: x\nc: 3\n"),
        ("d: 4\na:\n  - x\n", "d: 4\na:\n  - x\nb: x\n"),
    ],
)
def test_a_key_is_added_after_those_that_stand_before_it(before: str, after: str) -> None:
    assert with_key_after(before, "b", " x", ORDER) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("b:\n  - x  # one\n# end\n", "b:\n  - x  # one\n  - new\n# end\n"),
        ("b:\n- x: 1\n  y: 2\n", "b:\n- x: 1\n  y: 2\n- new\n"),
        ("b: []  # none\n", "b: [new]  # none\n"),
        ("b: [x, y]\n", "b: [x, y, new]\n"),
        ("b: [\n  {x: 1},  # one\n]\n", "b: [\n  {x: 1}, new,  # one\n]\n"),
    ],
)
def test_an_item_is_added_to_a_list(before: str, after: str) -> None:
    assert with_item(before, "b", "new") == after


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        (("a",), "a: 1  # one\n", "a: new  # one\n"),
        (("a",), "a: '1'\nb: 2\n", "a: new\nb: 2\n"),
        (("a", 1, "x"), "a: [{x: 1}, {y: 2, x: 2}]\n", "a: [{x: 1}, {y: 2, x: new}]\n"),
        (("a", "x"), "{a: {x: 1}}\n", "{a: {x: new}}\n"),
    ],
)
def test_a_value_is_exchanged(path: tuple[str | int, ...], before: str, after: str) -> None:
    assert with_scalar(before, path, "new") == after


def test_what_does_not_stand_on_its_line_is_left_to_people() -> None:
    for path in (("a",), ("b",), ("c",), ("a", 0), ("b", 7)):
        with pytest.raises(InputError, match="is not written on one line"):
            with_scalar("a: {}\nb: |\n  text\n", path, "new")
    with pytest.raises(InputError, match="holds no list"):
        with_item("b: 1\n", "b", "new")
    with pytest.raises(InputError, match="in braces"):
        with_key_after("{a: 1}\n", "b", " x", ORDER)
