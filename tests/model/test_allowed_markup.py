"""What a page and a picture may hold: what is not on the lists is refused, and honest markup is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.model.allowed_markup import html_problem, svg_problem
from tests.site.htmltext import parse


@pytest.mark.parametrize(
    "content",
    [
        "<p><script>x</script></p>",
        "<IMG SRC=x ONERROR=alert(1)>",
        '<p style="color:red">',
        "<iframe src=x>",
        "<link rel=stylesheet href=x>",
        "<base href=x>",
        "<form action=x>",
        "<svg/onload=alert(1)>",
        '<img src="x"onerror=alert(1)>',
        "<img src='x'\nonerror=alert(1)>",
        "<p/onclick=alert(1)>",
        "<details open ontoggle=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" java\tscript:alert(1)">x</a>',
        '<a href="&#106;avascript&colon;alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<button formaction="javascript:alert(1)">x</button>',
        "<object data=x></object>",
        "<embed src=x>",
        '<img src="https://elsewhere.example/x.png">',
        '<img src="//elsewhere.example/x.png">',
        '<img src="/\\\\elsewhere.example/x.png">',
        '<img src="data:image/svg+xml,x">',
        '<img src="a.png" srcset="a.png 1x, https://elsewhere.example/x.png 2x">',
        '<video poster="https://elsewhere.example/x.png"></video>',
        '<a href="x" ping="https://elsewhere.example/">x</a>',
        "<!--><img src=x onerror=alert(1)> -->",
        "<!---><img src=x onerror=alert(1)> -->",
        "<!-- x --!><img src=x onerror=alert(1)> -->",
        "<!-- a note with a <b>word</b> -->",
        "<![CDATA[><img src=x onerror=alert(1)>]]>",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        "<p>x</p><img src=x onerror=alert(1) ",
        "<p>x</p><!-- unfinished",
        '<title><p title="</title><img src=x onerror=alert(1)>">',
        "<svg><title><img src=x onerror=alert(1)></title></svg>",
        "<![anything[<img src=x onerror=alert(1)>",
        '<div id="__config">{}</div>',
        '<a class="md-overlay" href="https://elsewhere.example/">x</a>',
        '<p data-md-component="announce">x</p>',
        '<p title="a"class="b">x</p>',
        "<p title=a>x</p>",
        "<title>x</title>",
        "<!doctype html>",
        "<?xml version='1.0'?>",
        "<math><mi>x</mi></math>",
        "<marquee>x</marquee>",
        "<x-own>x</x-own>",
        "a < b",
        "<svg><foreignObject><p>x</p></foreignObject></svg>",
        '<svg><image href="x.png"/></svg>',
        '<a href="java\u200bscript:alert(1)">x</a>',
        '<svg><a href="javascript:alert(1)"><text>x</text></a></svg>',
        '<svg><a><animate attributeName="href" values="javascript:alert(1)"/></a></svg>',
        '<svg><use href="https://elsewhere.example/x.svg#a"/></svg>',
        '<svg><rect fill="url(https://elsewhere.example/x.svg#a)"/></svg>',
    ],
)
def test_what_could_run_load_or_disguise_something_is_refused(content: str) -> None:
    assert html_problem(content) is not None


@pytest.mark.parametrize(
    "content",
    [
        '<a href="https://elsewhere.example/">out</a> <a href="mailto:a@b.example">mail</a> <a href="#here">in</a>',
        '<img alt="a &gt; b" src="../assets/x.png">',
        '<svg><title>A &amp; &lt;script&gt; onclick=</title><path class="a" fill="url(#a)" d="M0 0"/></svg>',
        "<!-- a note - with a word -->",
        '<details><summary>More</summary><table><td class="on">1:2</td></table></details>',
        '<p title="javascript:x onclick=y">a &lt; b</p>',
    ],
)
def test_text_links_and_pictures_of_our_own_are_allowed(content: str) -> None:
    assert html_problem(content) is None


def test_text_about_scripts_is_allowed() -> None:
    assert html_problem("<p>&lt;script&gt; and onclick= and style=</p><code>&#60;form&#62;</code>") is None


PIECES = st.sampled_from(
    [*"<>/!-='\" \n", "p", "b", "script", "svg", "title", "onload", "href", "javascript:", "<!--", "-->", "&lt;", "x"]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_accepted_has_no_active_element_for_another_parser_either(content: str) -> None:
    if html_problem(content) is None:
        page = parse(content)
        assert not page.names() & {"script", "style", "iframe", "meta", "base", "link", "img"}
        for _, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on") or name == "style"]
            assert "javascript" not in attributes.get("href", "")


SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{}</svg>'


@pytest.mark.parametrize(
    "text",
    [
        SVG.format('<g fill="#0b4f60"><path d="M0 0h9v9z"/><text x="1" y="2">a &amp; b</text></g>'),
        '<?xml version="1.0" encoding="UTF-8"?>\n<!-- drawn by hand -->\n' + SVG.format("<title>A tide</title>") + "\n",
        SVG.format('<defs><linearGradient id="a"><stop offset="0"/></linearGradient></defs><rect fill="url(#a)"/>'),
    ],
)
def test_a_plain_drawing_is_passive(text: str) -> None:
    assert svg_problem(text) is None


@pytest.mark.parametrize(
    "text",
    [
        SVG.format("<script>alert(1)</script>"),
        SVG.format('<rect onload="alert(1)"/>'),
        SVG.format('<rect style="fill:url(https://elsewhere.example/)"/>'),
        SVG.format("<style>@import 'https://elsewhere.example/'</style>"),
        SVG.format('<a href="javascript:alert(1)"><text>x</text></a>'),
        SVG.format('<a href="https://elsewhere.example/"><text>x</text></a>'),
        SVG.format('<use href="https://elsewhere.example/x.svg#a"/>'),
        SVG.format('<image href="https://elsewhere.example/x.png"/>'),
        SVG.format("<foreignObject><body/></foreignObject>"),
        SVG.format('<animate attributeName="href" values="javascript:alert(1)"/>'),
        SVG.format("<set/>"),
        SVG.format("<path>"),
        SVG.format("</g>"),
        SVG.format("&evil;"),
        SVG.format("<![CDATA[<script/>]]>"),
        SVG.format("") + SVG.format(""),
        '<!DOCTYPE svg [<!ENTITY evil "x">]>' + SVG.format(""),
        '<?xml-stylesheet href="https://elsewhere.example/x.css"?>' + SVG.format(""),
        '<svg viewBox="0 0 9 9"></svg>',
        '<svg xmlns="http://www.w3.org/1999/xhtml"></svg>',
        '<html xmlns="http://www.w3.org/1999/xhtml"><script/></html>',
        "only words",
        "",
    ],
)
def test_a_drawing_that_could_do_more_is_refused(text: str) -> None:
    assert svg_problem(text) is not None
