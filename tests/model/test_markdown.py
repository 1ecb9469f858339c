"""The Markdown subset: nothing dangerous gets through, and what is outside the subset is named."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.text.markdown import problem_of, to_html
from tests.support.examples import examples

TAGS = {"p", "em", "strong", "code", "a", "ul", "ol", "li", "br"}
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}


class Audit(HTMLParser):
    """Fails on any tag, attribute or address that the subset does not have."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, ())
            if name == "href":
                assert value is not None
                assert value.startswith("https://")
                assert "@" not in value.split("/")[2]

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_decl(self, decl: str) -> None:
        raise AssertionError(decl)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


PIECES = st.sampled_from(
    ["<script>", "</p>", "<img src=x onerror=y>", "<!--", "<?", "javascript:", "data:text/html,", "https://", "//",
     "http://", "[", "](", ")", "](https://a.b)", "![", "*", "**", "_", "`", "``", "- ", "1. ", "\n", "\n\n", "    ",
     "&lt;", "&#x6a;", "&colon;", "\\", "\"", "'", "<", ">", "\t", "a", " ", "é", "\u202e", "\x00", "#", "|", "@",
     "xn--"]
)  # fmt: skip


@examples(400)
@given(st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=80)))
def test_nothing_dangerous_gets_through(text: str) -> None:
    audit = Audit()
    audit.feed(to_html(text))
    audit.close()
    problem_of(text)  # never raises


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*a* and **b** and `c`", "<p><em>a</em> and <strong>b</strong> and <code>c</code></p>"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("1. a", "<ol>\n<li>a</li>\n</ol>"),
        ("[a](https://example.org/x?y=1&z)", '<p><a href="https://example.org/x?y=1&amp;z">a</a></p>'),
        ("a < b & c", "<p>a &lt; b &amp; c</p>"),
        ("`<b>` and `![x](y)`", "<p><code>&lt;b&gt;</code> and <code>![x](y)</code></p>"),
        ("Wait: 3 > 2, and 5 * 3.", "<p>Wait: 3 &gt; 2, and 5 * 3.</p>"),
    ],
)
def test_what_is_inside_the_subset(text: str, html: str) -> None:
    assert problem_of(text) is None
    assert to_html(text) == html


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("[a](http://example.org)", "a link that cannot be followed: [a](http://example.org)"),
        ("[a](https://ok.example) [b](http://example.org)", "a link that cannot be followed: [b](http://example.org)"),
        ("[a](javascript:alert(1))", "a link that cannot be followed: [a](javascript:alert"),
        ("[a](/relative)", "a link that cannot be followed: [a](/relative)"),
        ("[a](https://me@example.org)", "a link that cannot be followed: [a](https://me@example.org)"),
        ("[a](https://exаmple.org)", "a link that cannot be followed: [a](https://exаmple.org)"),
        ("[a](https://xn--exmple-4nf.org)", "a link that cannot be followed: [a](https://xn--exmple-4nf.org)"),
        ("[a]()", "a link that cannot be followed: [a]()"),
        ("[a](<>)", "a link that cannot be followed: [a](<>)"),
        ("see http://example.org", "an address with http://"),
        ("<b>a</b>", "HTML"),
        ("<https://example.org>", "HTML"),
        ("a <!-- b -->", "HTML"),
        ("![a](https://example.org/a.png)", "an image"),
        ("![a](http://example.org/a.png)", "an image"),
        ("# a", "a heading"),
        ("a\n\n> b", "a quotation"),
        ("```\na\n```", "a block of code"),
        ("- <i>a</i>", "HTML"),
    ],
)
def test_what_is_outside_the_subset_is_named(text: str, what: str) -> None:
    problem = problem_of(text)
    assert problem is not None
    assert problem[0] == f"contains {what}"
    assert problem[1]
