"""The content policy: hashes of the installed theme's scripts, and nothing that a page could add to them."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from jinja2 import Environment

from publisher.site.mkdocs.csp import PLACEHOLDER, ThemeScripts

PAGE = f'<head><meta http-equiv="Content-Security-Policy" content="{PLACEHOLDER}"></head>'


@pytest.fixture
def scripts(tmp_path: Path) -> ThemeScripts:
    (tmp_path / "base.html").write_text(
        '<script>go("{{ base_url }}")</script><script>still()</script><script src="{{ x | url }}"></script>'
        '<script>window.location = "{{ page.meta.location }}"</script>{% if x %}<script>{% endif %}</script>'
    )
    return ThemeScripts([str(tmp_path)], Environment(), {})


def hashed(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_a_page_is_allowed_the_scripts_of_the_theme_that_it_has(scripts: ThemeScripts) -> None:
    page = scripts.finish(PAGE + '<script>go("../..")</script><script src="../a.js"></script>', "../..")
    assert f"script-src 'self' {hashed('go(&quot;../..&quot;)'.replace('&quot;', chr(34)))};" in page
    assert page.count("sha256-") == 1
    assert "unsafe" not in page
    assert "https:" not in page


def test_settings_of_the_theme_are_data_and_not_a_script(scripts: ThemeScripts) -> None:
    page = scripts.finish(PAGE + '<script id="__config" type="application/json">{}</script>', ".")
    assert "script-src 'self';" in page


@pytest.mark.parametrize(
    "script",
    [
        "<script>alert(1)</script>",
        '<script>go("https://elsewhere.example/")</script>',
        "<script>still();alert(1)</script>",
        '<script type="module">still()</script>',
        "<SCRIPT>alert(1)</SCRIPT >",
        '<script>window.location = "https://elsewhere.example/"</script>',
        '<script src="https://elsewhere.example/x.js"></script>',
        '<script src="data:text/javascript,alert(1)"></script>',
    ],
)
def test_a_page_with_another_script_is_not_published(scripts: ThemeScripts, script: str) -> None:
    with pytest.raises(ValueError, match="contains a script that is not part of the theme"):
        scripts.finish(PAGE + script, ".")


@pytest.mark.parametrize("page", ["<p>a page without a policy</p>", PAGE + PAGE])
def test_a_page_without_a_place_for_its_policy_is_not_published(scripts: ThemeScripts, page: str) -> None:
    with pytest.raises(ValueError, match="must have exactly one place for the content security policy"):
        scripts.finish(page, ".")
