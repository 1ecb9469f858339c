"""Files that are made here rather than kept in git: huge, deep, of other encodings, or where nothing is read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from publisher.content.load import load_catalog
from publisher.content.text_encoding import MAX_BYTES
from publisher.content.yaml_reader import parse
from publisher.errors import ContentError, InputError
from tests.content.conftest import Check

EVENT = "content/events/listing.yaml"


@pytest.mark.parametrize(
    "text",
    [
        b"[" * 100_000,
        b"a: " + b"[" * 100_000,
        b"{a: " * 60_000,
        b"- " * 100_000,
        b"".join(b" " * n + b"a:\n" for n in range(400)),
        b"? " * 100_000,
        b"- - - - - - - - - - - - - - - x",
    ],
    ids=["brackets", "brackets-in-value", "braces", "hyphens", "staircase", "question-marks", "compact"],
)
def test_deep_nesting_ends_with_a_message(text: bytes) -> None:
    document, problems = parse(text, "f.yaml")
    assert document is None
    assert len(problems) == 1
    assert problems[0].what in ("is nested more than 12 levels deep", "a key must be plain text")


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_is_not(project: Path, problems: Check) -> None:
    file = project / EVENT
    text = file.read_bytes()
    file.write_bytes(text + b"#" * (MAX_BYTES - len(text)))
    assert problems() == ()
    file.write_bytes(text + b"#" * (MAX_BYTES - len(text) + 1))
    assert [str(p) for p in problems()] == [
        f"{EVENT}:1:1: the file is larger than 256 KiB\n    -> split it, or check that it is the right file"
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        (b"id: a\ntitle: caf\xe9\n", 2, 11, "is not UTF-8 text"),
        ("id: a\n".encode("utf-16"), 1, 1, "is not UTF-8 text"),
        (b"id: a\ntitle: b\x00c\n", 2, 9, "an invisible character (U+0000)"),
        ("id: a\ntitle: é\x07\n".encode(), 2, 9, "an invisible character (U+0007)"),
        ("id: a\ntitle: b\x85c\n".encode(), 2, 9, "an invisible character (U+0085)"),
        ("id: a\ntitle: b\u2028c\n".encode(), 2, 9, "an invisible character (U+2028, line separator)"),
        ("id: a\ntitle: pay\u200bpal\n".encode(), 2, 11, "an invisible character (U+200B, zero width space)"),
        ("id: a\ntitle: b\u202ec\n".encode(), 2, 9, "an invisible character (U+202E, right-to-left override)"),
        ("id: a\ntitle: b\U000e0041\n".encode(), 2, 9, "an invisible character (U+E0041"),
        ("id: a\n# \u2066\n".encode(), 2, 3, "an invisible character (U+2066"),
        (b'? "\\u200b"\n: b\n', 1, 3, "a key contains an invisible character (U+200B"),
        (b"", 1, 1, "the file is empty"),
        (b"---\n", 2, 1, "has no value"),
        (b"? [a]\n: b\n", 1, 3, "a key must be plain text"),
        (b"a: b\n a: c\n", 2, 3, "indented differently"),
    ],
)
def test_bytes_that_are_no_text(text: bytes, line: int, column: int, words: str) -> None:
    document, problems = parse(text, "f.yaml")
    assert document is None
    assert (problems[0].place.line, problems[0].place.column) == (line, column)
    assert words in problems[0].what


@pytest.mark.parametrize("field", ["uris: [{uri}]", "title: {text}"])
def test_an_escape_brings_no_invisible_character_into_any_field(field: str) -> None:
    line = field.format(uri='"https://example.org/\\u200b"', text='"pay\\u00adpal"')
    _, problems = parse(line.encode(), "f.yaml")
    assert ["contains an invisible character" in problem.what for problem in problems] == [True]


def test_a_byte_order_mark_is_accepted(project: Path, problems: Check) -> None:
    file = project / EVENT
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert problems() == ()


def test_windows_line_ends_are_accepted_and_count_once(project: Path, problems: Check) -> None:
    file = project / EVENT
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n").replace(b"score: 3", b"score: 9", 1))
    assert [(p.place.line, p.what) for p in problems()] == [(7, "`severity.score` must be 5 or less")]


@pytest.mark.parametrize(
    ("file", "what", "fix"),
    [
        ("content/events/other.yml", "its name must end in .yaml", "name it other.yaml"),
        ("content/events/notes.txt", "its name must end in .yaml", "name it notes.yaml"),
        ("content/event.yaml", "is not used", "did you mean events?"),
        ("content/event/listing.yaml", "is not used", "did you mean events?"),
        ("site_config/product.yaml", "is not used", "did you mean products.yaml?"),
    ],
)
def test_a_file_that_nobody_reads_is_a_problem(project: Path, problems: Check, file: str, what: str, fix: str) -> None:
    (project / file).parent.mkdir(exist_ok=True)
    (project / file).write_text("id: x\n")
    (problem,) = problems()
    assert what in problem.what
    assert fix in problem.fix


def test_files_for_people_and_editors_are_left_alone(project: Path, problems: Check) -> None:
    for name in ("README.md", ".DS_Store", "events/README.md", "events/.swp", "events/.listing.yaml.swp"):
        (project / "content" / name).write_text("anything: [\n")
    (project / "content/.git").mkdir()
    (project / "content/.git/config").write_text("an overlay may be a repository of its own")
    (project / "content/pages").mkdir()
    (project / "content/events/.#listing.yaml").symlink_to("user@machine.1234")  # Emacs locks a file so
    assert problems() == ()


def test_a_missing_file_is_named(project: Path, problems: Check) -> None:
    (project / "site_config/channels.yaml").unlink()
    (problem,) = problems()
    assert str(problem).startswith("site_config/channels.yaml:1:1: cannot be read")


def test_a_missing_directory_is_named() -> None:
    with pytest.raises(InputError, match="no directory nowhere"):
        load_catalog([Path("nowhere")], Path("site_config"))


def test_a_broken_link_and_a_pipe_are_problems_and_do_not_hang(project: Path, problems: Check) -> None:
    (project / "content/events/gone.yaml").symlink_to("nothing-there")
    os.mkfifo(project / "content/events/pipe.yaml")
    assert [p.place.file for p in problems()] == ["content/events/gone.yaml", "content/events/pipe.yaml"]


def test_overlays_add_items_and_share_one_space_of_ids(project: Path) -> None:
    event = (project / EVENT).read_text()
    private = project / "private"
    (private / "events").mkdir(parents=True)
    (private / "events/quiet.yaml").write_text(event.replace("id: listing", "id: quiet\nvisibility: internal"))
    catalog = load_catalog([Path("content"), Path("private")], Path("site_config"))
    assert {one.id for one in catalog.events} == {"listing", "quiet"}

    (private / "events/listing.yaml").write_text(event)
    (private / "policy.yaml").write_text((project / "content/policy.yaml").read_text())
    with pytest.raises(ContentError) as caught:
        load_catalog([Path("content"), Path("private")], Path("site_config"))
    assert [(p.place.file, p.what, p.fix) for p in caught.value.problems] == [
        (
            "private/events/listing.yaml",
            "event id listing is already used in content/events/listing.yaml:1:1",
            "choose another: ids are never reused",
        ),
        (
            "private/policy.yaml",
            "is not used",
            "remove it; an overlay only adds items, and this file is read only in content",
        ),
    ]


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("1.2.0.yml", "name it 1.2.0.yaml, or remove it if it is a copy"),
        ("1.2.0.yaml.orig", "remove it; a merge or an editor left this copy of 1.2.0.yaml"),
        ("1.2.0.yaml.bak", "remove it; a merge or an editor left this copy of 1.2.0.yaml"),
        ("1.2.0.yaml~", "remove it; a merge or an editor left this copy of 1.2.0.yaml"),
        ("1.2.0.txt", "name it 1.2.0.yaml, or remove it if it is a copy"),
        ("1.2.0-rc.1", "name it 1.2.0-rc.1.yaml, or remove it if it is a copy"),
    ],
)
def test_a_hint_for_a_file_name_keeps_its_version_whole(project: Path, problems: Check, name: str, fix: str) -> None:
    (project / "content/releases/node" / name).write_text("x")
    assert [problem.fix for problem in problems()] == [fix]


def test_versions_that_differ_only_in_case_are_refused(project: Path, problems: Check) -> None:
    releases = project / "content/releases/node"
    text = (releases / "1.10.yaml").read_text().replace("[stable]", "[beta]")
    for version in ("1.11-RC1", "1.11-rc1"):
        (releases / f"{version}.yaml").write_text(text.replace('"1.10"', f'"{version}"'))
    assert [(problem.place.file, problem.what) for problem in problems()] == [
        (
            "content/releases/node/1.11-rc1.yaml",
            "1.11-rc1 differs from 1.11-RC1 in content/releases/node/1.11-RC1.yaml:2:1 only in case",
        )
    ]
