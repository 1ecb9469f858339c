"""The Content-Security-Policy of the built pages: everything from here, and no script but the theme's own.

The theme has a few inline scripts whose text differs with the depth of a page, so their hashes are taken from the
finished page (CSP level 3, section 6.7.3.3). That would also bless a script that came in with content; so a page
whose content holds one is refused before.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from html.parser import HTMLParser

PLACEHOLDER = "TIDEGATE-CONTENT-SECURITY-POLICY"
"""Stands in the theme's meta element until the page is finished."""

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_ACTIVE = frozenset(
    {
        *("applet", "base", "embed", "form", "frame", "frameset", "iframe", "link", "meta", "object", "portal"),
        *("script", "style"),
        # In drawings: these load, change links, or hold anything.
        *("animate", "animatemotion", "animatetransform", "feimage", "foreignobject", "image", "set", "use", "math"),
        # Browsers read what is in these by another grammar, so that quotes and comments would differ.
        *("listing", "noembed", "noframes", "noscript", "plaintext", "template", "textarea", "xmp"),
    }
)
"""Elements that run, load or send something, or hide from this parser what does."""

_LINKS = frozenset({"action", "cite", "formaction", "href", "longdesc"})
_LINK_SCHEMES = frozenset({"http", "https", "mailto"})
_RESOURCES = frozenset({"background", "data", "dynsrc", "lowsrc", "manifest", "ping", "poster", "src", "xlink:href"})
_PAINTS = frozenset(
    {"clip-path", "cursor", "fill", "filter", "marker", "marker-end", "marker-mid", "marker-start", "mask", "stroke"}
)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_IGNORED = re.compile(r"[\x00-\x20]+")
"""Browsers overlook these in the scheme of an address."""


def active_content(content: str) -> str | None:
    """The first thing in a page's content that could run or load something, or None; escaped text never matches."""
    # Texts stay escaped, so that a bracket in one is a real bracket; the values of attributes are read out anyway.
    parser = _Content(convert_charrefs=False)
    try:
        parser.feed(content)
    except AssertionError as error:
        # This is how html.parser says that it knows no such declaration.
        return str(error)
    if parser.found is None and "<" in parser.rawdata:
        # The theme's next ">" would finish it.
        return parser.rawdata[:40]
    return parser.found


class _Content(HTMLParser):
    found: str | None = None
    _in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # A title names a part of a drawing; elsewhere browsers read it by another grammar. Both agree on mere text.
        if self._in_title:
            self._refuse(f"<{tag}> in a title")
        self._in_title = self._in_title or tag == "title"
        # A name with a quote or a bracket in it is a sign that a browser would read the tag otherwise.
        if tag in _ACTIVE or "<" in tag:
            self._refuse(f"<{tag}>")
        for name, value in attrs:
            if _is_active(name, value or ""):
                self._refuse(f'{name}="{value}"' if value else f"{name}=")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self._in_title and "<" in data:
            self._refuse(f"{data[:40]} in a title")

    def _hidden(self, data: str) -> None:
        """Comments and declarations end elsewhere for browsers, so what is in them has to be harmless too."""
        if found := active_content(data):
            self._refuse(found)

    def handle_comment(self, data: str) -> None:
        self._hidden(data)

    def handle_decl(self, decl: str) -> None:
        self._hidden(decl)

    def handle_pi(self, data: str) -> None:
        self._hidden(data)

    def unknown_decl(self, data: str) -> None:
        self._hidden(data)

    def _refuse(self, what: str) -> None:
        self.found = self.found or what


def _is_active(name: str, value: str) -> bool:
    if name.startswith("on") or name in ("style", "srcdoc") or any(char in name for char in "\"'<"):
        return True
    if name in _LINKS:
        scheme = _SCHEME.match(_IGNORED.sub("", value))
        return scheme is not None and scheme[1].lower() not in _LINK_SCHEMES
    if name == "srcset":
        return any(_is_elsewhere(candidate) for candidate in re.split(r"[\s,]+", value))
    if name in _PAINTS:
        return "url(" in value.lower() and not re.fullmatch(r"url\(#[\w-]+\)", value)
    return name in _RESOURCES and _is_elsewhere(value)


def _is_elsewhere(address: str) -> bool:
    """True unless the address is a path on this very site."""
    plain = _IGNORED.sub("", address).replace("\\", "/")
    return plain.startswith("//") or _SCHEME.match(plain) is not None


def policy(page: str) -> str:
    """The policy for a finished page."""
    hashes = " ".join(sorted({_hash(script) for script in _INLINE_SCRIPT.findall(page)}))
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
    )


@cache
def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
