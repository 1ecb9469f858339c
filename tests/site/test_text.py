"""Text from YAML appears as the characters that it is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from publisher.site.text import escape, finalize, length, listed, moment, period, rich, size
from tests.site.factory import NOW
from tests.site.htmltext import from_markdown, parse

NASTY = (
    "<script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "[click](javascript:alert(1))",
    "](javascript:alert(1)) [x",
    "![x](https://evil.example/x.png)",
    "<https://evil.example>",
    "{{ 7 * 7 }}",
    "{% include 'x' %}",
    "{: onclick=alert(1) }",
    "{#id .class}",
    "&lt;b&gt; &amp; &#60;",
    "| pipes | in | rows |",
    "`code` ``more``",
    "*stars* __lines__ ~~gone~~ ^up^ ==marked==",
    "# heading",
    "1. list",
    "1) list",
    "- list",
    "+ list",
    "* list",
    "> quote",
    ": definition",
    "---",
    "===",
    "    code",
    "<!-- comment",
    "<![CDATA[ x ]]>",
    "[ref]: https://evil.example",
    "*[HTML]: hidden",
    "a\\*b",
    '" onmouseover="alert(1)',
    "' onmouseover='alert(1)",
    "קרא שלום",
    "emoji 🌊 and ümlaut",
)


@pytest.mark.parametrize("text", NASTY)
@pytest.mark.parametrize("frame", ["{}", "Before {} after", "<div>\n{}\n</div>", '<p title="{}">x</p>', "## {}"])
def test_a_text_is_shown_as_it_was_written(text: str, frame: str) -> None:
    parsed = from_markdown(frame.replace("{}", str(escape(text))))
    shown = parsed.text + " ".join(value for _, attributes in parsed.elements for value in attributes.values())
    assert " ".join(text.split()) in shown
    assert parsed.names() <= {"p", "div", "h2"}


@given(st.text(max_size=60), st.sampled_from(["{}", "<div>\n{}\n</div>", "x {} y"]))
def test_any_text_survives_markdown_and_html(text: str, frame: str) -> None:
    escaped = str(escape(text))
    parsed = from_markdown(frame.replace("{}", escaped))
    expected = parse(f"<p>{escaped}</p>").text
    assert expected in parsed.text
    assert parsed.names() <= {"p", "div"}


@given(st.text(max_size=200))
def test_a_rich_text_holds_nothing_but_the_subset(text: str) -> None:
    parsed = from_markdown(f"<div>\n{rich(text)}\n</div>")
    assert parsed.names() <= {"div", "p", "em", "strong", "code", "ul", "ol", "li", "a", "br"}
    for name, attributes in parsed.elements:
        if name == "a":
            assert attributes["href"].startswith("https://")
        else:
            assert set(attributes) <= {"start", "dir"}


def test_a_blank_line_in_a_rich_text_does_not_leave_its_block() -> None:
    html = rich("One.\n\n- a\n\n- *b*\n\n# no heading")
    parsed = from_markdown(f"<div>\n{html}\n</div>\n\n**out**")
    assert "h1" not in parsed.names()
    assert parsed.text.endswith("out")


@pytest.mark.parametrize("code", [0x202E, 0x2066, 0x200B, 0xFEFF, 0x00AD, 0x7F, 0xE0041])
def test_what_nobody_sees_is_not_shown(code: int) -> None:
    assert escape(f"a{chr(code)}b") == "ab"


def test_joiners_that_scripts_need_stay() -> None:
    assert escape("\u0645\u06cc\u200c\u062e\u0648") == "\u0645\u06cc\u200c\u062e\u0648"


def test_prepared_html_and_numbers_pass_and_nothing_else_does() -> None:
    assert finalize(Markup("<b>")) == "<b>"
    assert finalize(3) == "3"
    for value in (None, True, 1.5, ["a"]):
        with pytest.raises(TypeError, match="give it text"):
            finalize(value)


def test_lists_times_lengths_and_sizes_read_as_words() -> None:
    assert listed(["a", "<b>", "c"], "or") == "a, &#60;b&#62; or c"
    assert '<time datetime="2026-11-20T12:00:00Z">Friday 20 November 2026, 12:00 UTC</time>' in moment(NOW)
    assert re.sub("<[^>]*>", "", period(NOW, NOW.replace(hour=14))) == "Friday 20 November 2026, 12:00 to 14:00 UTC"
    assert [size(n) for n in (1, 812, 48_123_310, 5_000_000_000_000)] == [
        "1 bytes",
        "812 bytes",
        "48.1 MB",
        "5000.0 GB",
    ]
    assert length(NOW - NOW.replace(day=13)) == "7&nbsp;days"
    assert length(NOW - NOW.replace(hour=11)) == "1&nbsp;hour"
    assert "none" in length(NOW - NOW)
