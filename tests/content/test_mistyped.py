"""Whatever people mistype: a Catalog or a ContentError, and never anything else."""

from __future__ import annotations

import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.load import load_catalog
from publisher.content.yaml_reader import parse
from publisher.errors import ContentError
from publisher.model.catalog import Catalog
from tests.content.conftest import HERE
from tests.support.examples import examples

FILES = sorted(str(file.relative_to(HERE / "good")) for file in (HERE / "good").rglob("*.yaml"))
PIECES = st.sampled_from(
    ["", " ", "\n", "\t", ":", ": ", "- ", "[", "]", "{", "}", ",", "#", '"', "'", "\\", "|", ">", "&a ", "*a", "!x ",
     "<<: ", "---\n", "...", "null", "no", "1.10", "0x1", "99999999999999999999", "1" * 400 + ".5", "2026-02-30",
     "2026-01-01T00:00:00Z", "9999 d", "é", "\u202e", "\ud7ff", "😀", "\x00", "\u2028", '"\\ud83d"', "? ", "@", "%"]
)  # fmt: skip
MUTATIONS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 12), PIECES), min_size=1, max_size=4)


def mutated(text: str, changes: list[tuple[int, int, str]]) -> str:
    """The text with pieces cut out and others put in."""
    for at, length, piece in changes:
        position = at % (len(text) + 1)
        text = text[:position] + piece + text[position + length :]
    return text


@examples(150)
@given(st.sampled_from(FILES), MUTATIONS)
def test_a_mistyped_file_never_gives_a_traceback(
    tmp_path_factory: pytest.TempPathFactory, file: str, changes: list[tuple[int, int, str]]
) -> None:
    directory = tmp_path_factory.mktemp("mistyped")
    try:
        shutil.copytree(HERE / "good", directory, dirs_exist_ok=True)
        target = directory / file
        target.write_bytes(mutated(target.read_text(), changes).encode())
        try:
            catalog = load_catalog([directory / "content"], directory / "site_config")
        except ContentError as error:
            assert error.problems
            assert all(problem.place.line >= 1 and problem.place.column >= 1 for problem in error.problems)
        else:
            assert isinstance(catalog, Catalog)
    finally:
        shutil.rmtree(directory)


@examples(300)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_parse_to_a_document_or_to_problems(text: bytes) -> None:
    document, problems = parse(text, "f.yaml")
    assert document is not None or problems
    assert document is None or bool(document.doubtful) == bool(problems)
