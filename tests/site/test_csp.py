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
    ],
)
def test_active_content_is_found(content: str) -> None:
    assert active_content(content) is not None


def test_text_about_scripts_is_not_active() -> None:
    assert active_content("<p>&lt;script&gt; and onclick= and style=</p><code>&#60;form&#62;</code>") is None
