"""The content policy: hashes of the theme's scripts, and refusal of anything active in content."""

from __future__ import annotations

import base64
import hashlib

import pytest

from publisher.site.csp import active_content, policy


def test_inline_scripts_are_allowed_by_their_hash_and_data_is_not_a_script() -> None:
    digest = base64.b64encode(hashlib.sha256(b"go()").digest()).decode()
    said = policy('<script>go()</script><script type="application/json">{}</script><script src="a.js"></script>')
    assert f"script-src 'self' 'sha256-{digest}';" in said
    assert said.count("sha256-") == 1
    assert "unsafe" not in said
    assert "https:" not in said


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
        "<![CDATA[><img src=x onerror=alert(1)>]]>",
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        "<p>x</p><img src=x onerror=alert(1) ",
        "<p>x</p><!-- unfinished",
        '<title><p title="</title><img src=x onerror=alert(1)>">',
        "<svg><title><img src=x onerror=alert(1)></title></svg>",
        "<![anything[<img src=x onerror=alert(1)>",
        '<svg><a href="javascript:alert(1)"><text>x</text></a></svg>',
        '<svg><a><animate attributeName="href" values="javascript:alert(1)"/></a></svg>',
        '<svg><use href="https://elsewhere.example/x.svg#a"/></svg>',
        '<svg><rect fill="url(https://elsewhere.example/x.svg#a)"/></svg>',
    ],
)
def test_active_content_is_found(content: str) -> None:
    assert active_content(content) is not None


@pytest.mark.parametrize(
    "content",
    [
        '<a href="https://elsewhere.example/">out</a> <a href="mailto:a@b.example">mail</a> <a href="#here">in</a>',
        '<img alt="a &gt; b" src="../assets/x.png" srcset="x.png 1x, y.png 2x">',
        '<svg><title>A &amp; &lt;script&gt; onclick=</title><path class="a" fill="url(#a)" d="M0 0"/></svg>',
        "<!-- a note with a <b>word</b> -->",
        '<details><summary>More</summary><table><td class="on">1:2</td></table></details>',
        '<p title="javascript:x onclick=y">a &lt; b</p>',
    ],
)
def test_links_and_pictures_of_our_own_are_not_active(content: str) -> None:
    assert active_content(content) is None


def test_text_about_scripts_is_not_active() -> None:
    assert active_content("<p>&lt;script&gt; and onclick= and style=</p><code>&#60;form&#62;</code>") is None
