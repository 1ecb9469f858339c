"""Templates: a mistake in one names its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from markupsafe import Markup

from publisher.errors import ContentError, InputError
from publisher.site.templates import Templates


def to(path: str, anchor: str = "") -> Markup:
    return Markup(path + anchor)


def templates(directory: Path, text: str) -> Templates:
    (directory / "pages").mkdir()
    (directory / "pages" / "one.md.jinja").write_text(text, encoding="utf-8")
    return Templates(directory)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("fine\n{% if %}", "cannot be read"),
        ("fine\n{{ missing }}", "'missing' is undefined"),
        ("fine\n{{ known.part }}", "has no attribute 'part'"),
        ("fine\n{{ nothing }}", "a template prints None"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ContentError) as caught:
        templates(tmp_path, text).render("one.md.jinja", {"known": "x", "nothing": None}, to)
    (problem,) = caught.value.problems
    assert words in problem.what
    assert problem.place.file.endswith("pages/one.md.jinja")
    assert problem.place.line == 2


def test_values_are_escaped_without_being_told_to(tmp_path: Path) -> None:
    made = templates(tmp_path, '{% macro m(x) %}<i>{{ x }}</i>{% endmacro %}{{ m("*<b>*") }} ## H {#id}')
    assert made.render("one.md.jinja", {}, to) == "<i>&#42;&#60;b&#62;&#42;</i> ## H {#id}"


def test_a_value_is_never_read_as_a_template(tmp_path: Path) -> None:
    assert "49" not in templates(tmp_path, "{{ x }}").render("one.md.jinja", {"x": "{{ 7 * 7 }}"}, to)


def test_a_missing_directory_or_template_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no directory"):
        Templates(tmp_path)
    with pytest.raises(InputError, match="there is no template"):
        templates(tmp_path, "").render("two.md.jinja", {}, to)
