"""The Content-Security-Policy of the built pages: everything from here, and no script but the theme's own.

The theme has a few inline scripts whose text differs with the depth of a page. Their hashes (CSP level 3, section
6.7.3.3) are computed from the templates of the installed theme. A page is only asked which of them it has, so it can
lose rights and never gain one; a page with another script is not published at all.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, TemplateSyntaxError, meta

PLACEHOLDER = "TIDEGATE-CONTENT-SECURITY-POLICY"
"""Stands in the theme's meta element until the page is finished."""

_META = '<meta http-equiv="Content-Security-Policy" content="{}">'
_SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script\s*>", re.DOTALL | re.IGNORECASE)
_DATA_OR_OWN_FILE = re.compile(r' id="__config" type="application/json"| src="[^":]*"')
"""Attributes of the theme's scripts that have no text to run: its settings, and its own files."""
_KNOWN_WORDS = {"base_url", "config"}
"""What the text of an inline script may depend on; whatever depends on a page's own data gets no hash."""


class ThemeScripts:
    """The inline scripts of the theme that is installed, with our overrides."""

    def __init__(self, directories: Iterable[str], environment: Environment, config: Any) -> None:
        self._directories = [Path(directory) for directory in directories]
        self._environment = environment
        self._config = config
        self._hashes: dict[str, frozenset[str]] = {}

    def finish(self, page: str, base_url: str) -> str:
        """The page with its policy. Raises ValueError, in words that follow its name, when it cannot have one."""
        if page.count(_META.format(PLACEHOLDER)) != 1:
            raise ValueError("must have exactly one place for the content security policy")
        allowed = self._hashes_for(base_url)
        present = set()
        for attributes, text in _SCRIPT.findall(page):
            if _DATA_OR_OWN_FILE.fullmatch(attributes):
                continue
            if attributes or _hash(text) not in allowed:
                raise ValueError(f"contains a script that is not part of the theme: {text.strip()[:40]!r}")
            present.add(_hash(text))
        return page.replace(_META.format(PLACEHOLDER), _META.format(_policy(present)))

    def _hashes_for(self, base_url: str) -> frozenset[str]:
        if base_url not in self._hashes:
            rendered = (
                self._environment.from_string(text).render(config=self._config, base_url=base_url)
                for text in self._texts
            )
            self._hashes[base_url] = frozenset(_hash(text) for text in rendered)
        return self._hashes[base_url]

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._inline()))

    def _inline(self) -> Iterator[str]:
        """The text of each inline script in a template that depends on nothing but its depth and mkdocs.yml."""
        for directory in self._directories:
            for template in (*sorted(directory.glob("*.html")), *sorted(directory.glob("partials/**/*.html"))):
                for attributes, text in _SCRIPT.findall(template.read_text(encoding="utf-8")):
                    if attributes:
                        continue
                    try:
                        words = meta.find_undeclared_variables(self._environment.parse(text))
                    except TemplateSyntaxError:  # a piece of a larger statement
                        continue
                    if words <= _KNOWN_WORDS:
                        yield text


def _policy(hashes: set[str]) -> str:
    scripts = " ".join(["'self'", *sorted(hashes)])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
    )


@cache
def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
