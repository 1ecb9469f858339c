"""One more key in a YAML file: whatever else people wrote in it stays, byte by byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from publisher.content.yaml_edit import replace_file, with_key
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
