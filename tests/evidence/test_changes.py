"""Lists of changes as they come from git or from a build (R26)."""

from __future__ import annotations

import pytest

from publisher.errors import InputError
from publisher.evidence.changes import read_changes


def test_one_path_a_line() -> None:
    assert read_changes(b"src/a.c\n\n src/b c.c \n", "changes").paths == ("src/a.c", "src/b c.c")


def test_json_with_version_steps() -> None:
    text = b'{"paths": ["a"], "versions": [{"name": "rpc", "before": "1", "after": "2"}]}'
    facts = read_changes(text, "changes")
    assert (facts.versions[0].name, facts.versions[0].after) == ("rpc", "2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "contains no path"),
        ("diff --git a/x b/x\n+++ b/x\n", "is a diff, not a list of paths"),
        ('{"paths": []}', "contains no path"),
        ('{"paths": 3}', "paths: "),
        ('{"path": []}', "paths: field required"),
        ('{"paths": ["a"], "signer": "ana"}', "signer: extra inputs are not permitted"),
        ("{", "the file: "),
        ('["src/dht/node.c"]', "is not a plain repository path"),
        ('"src/dht/n\\303\\244.c"', "is not a plain repository path"),
        ("./src/dht/node.c", "./src/dht/node.c is not a plain repository path"),
        ("/src/dht/node.c", "/src/dht/node.c is not a plain repository path"),
        ("src\\dht\\node.c", "is not a plain repository path"),
        ("M\tsrc/dht/node.c", "has an invisible character"),
        ("src/\x1b[2Jnode.c", "has an invisible character"),
        ("x" * 1001, "over 1000 characters"),
        ('{"paths": ["src/a\\nb.c"]}', "has an invisible character"),
        ('{"paths": [" src/node.c"]}', "is not a plain repository path"),
        ('{"paths": ["%s"]}' % ("x" * 1001), "at most 1000 characters"),
    ],
)
def test_what_is_neither_is_refused(text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_changes(text.encode(), "changes")


def test_a_file_that_is_no_text_is_refused() -> None:
    with pytest.raises(InputError, match="not text"):
        read_changes(b"\xff\xfe", "changes")


def test_a_byte_order_mark_changes_nothing() -> None:
    marked = b"\xef\xbb\xbf" + b'{"paths": ["src/dht/node.c"]}'
    assert read_changes(marked, "changes.json").paths == ("src/dht/node.c",)
