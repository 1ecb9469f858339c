"""Lists of changes as they come from git or from a build (R26)."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.errors import InputError
from publisher.evidence.changes import read_changes


def written(base: Path, text: str) -> Path:
    file = base / "changes"
    file.write_text(text)
    return file


def test_one_path_a_line(tmp_path: Path) -> None:
    assert read_changes(written(tmp_path, "src/a.c\n\n src/b c.c \n")).paths == ("src/a.c", "src/b c.c")


def test_json_with_version_steps(tmp_path: Path) -> None:
    facts = read_changes(
        written(tmp_path, '{"paths": ["a"], "versions": [{"name": "rpc", "before": "1", "after": "2"}]}')
    )
    assert (facts.versions[0].name, facts.versions[0].after) == ("rpc", "2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no path"),
        ("diff --git a/x b/x\n+++ b/x\n", "is a diff, not a list of paths"),
        ('{"paths": []}', "names no path"),
        ('{"paths": 3}', "paths: "),
        ('{"path": []}', "paths: field required"),
        ("{", "the file: "),
        ("x" * (4 * 1024 * 1024 + 1), "is larger than"),
    ],
)
def test_what_is_neither_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_changes(written(tmp_path, text))


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_changes(tmp_path / "none")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="not text"):
        read_changes(tmp_path / "bytes")
