"""What HTML of a page and an SVG picture may hold: lists of what is allowed; everything else is refused.

A text is read by one small grammar: characters other than `<`, plain comments, and tags whose attributes are in
quotes without `<`. Browsers cut such a text into the very same pieces (HTML, section 13.2.5; XML 1.0, section 3.1),
since a `<` never stands anywhere but at the start of one, and no element on the list is read by a grammar of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from publisher.wire.plain_text import without_hidden

_PIECE = re.compile(
    r"[^<]+|<!--[^<>]*-->"
    r"|<(?P<end>/?)(?P<tag>[A-Za-z][A-Za-z0-9]*)"
    r"""(?P<attributes>(?:\s+[A-Za-z_:][A-Za-z0-9_:.-]*(?:="[^"<]*"|='[^'<]*')?)*)\s*(?P<empty>/?)>"""
)
_ATTRIBUTE = re.compile(r"""([A-Za-z_:][A-Za-z0-9_:.-]*)(?:="([^"]*)"|='([^']*)')?""")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DRAWING_TAGS = _names(
    "circle clipPath defs desc ellipse g line linearGradient mask path pattern polygon polyline radialGradient rect"
    " stop svg text title tspan"
)
_HTML_TAGS = _DRAWING_TAGS | _names(
    "a abbr article aside b bdi blockquote br caption cite code col colgroup dd del details dfn div dl dt em"
    " figcaption figure h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark ol p pre q s samp section small span strong"
    " sub summary sup table tbody td tfoot th thead time tr u ul var wbr"
)
_DRAWING_ATTRIBUTES = _names(
    "aria-hidden aria-label class clip-path clip-rule clipPathUnits color cx cy d display dominant-baseline dx dy fill"
    " fill-opacity fill-rule focusable font-family font-size font-style font-weight fx fy gradientTransform"
    " gradientUnits height id letter-spacing mask maskContentUnits maskUnits offset opacity patternContentUnits"
    " patternTransform patternUnits points preserveAspectRatio r role rotate rx ry spreadMethod stop-color stop-opacity"
    " stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity"
    " stroke-width text-anchor textLength transform vector-effect version viewBox visibility width x x1 x2 xmlns y y1"
    " y2"
)
_HTML_ATTRIBUTES = _DRAWING_ATTRIBUTES | _names(
    "align alt colspan data-group data-label datetime dir href lang open rel reversed rowspan scope span src start"
    " tabindex title"
)
_LINK_SCHEMES = frozenset({"http", "https", "mailto"})
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_IGNORED = re.compile(r"[\x00-\x20]+")
"""Browsers overlook these in the scheme of an address."""
_URL = re.compile(r"url\s*\(", re.IGNORECASE)
_OWN_URL = re.compile(r"url\(#[A-Za-z][\w-]*\)")
_ID = re.compile(r"[A-Za-z][^\s\"'<>]*|_[0-9]+")
_THEME_CLASS = re.compile(r"(^|\s)md-")

_XML_START = re.compile(
    r"\s*<\?xml version=[\"']1\.[01][\"']( encoding=[\"']utf-8[\"'])?( standalone=[\"']\w+[\"'])?\s*\?>", re.I
)
_STRAY_ENTITY = re.compile(r"&(?!(amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)")
_SVG_NAMESPACE = "http://www.w3.org/2000/svg"


def html_problem(html: str) -> str | None:
    """The first piece of a page's content that is not allowed, or None. Escaped text never matches."""
    drawing = 0
    for piece in _pieces(html):
        if isinstance(piece, str):
            return piece
        tag = piece["tag"]
        if tag not in _HTML_TAGS or (tag in _DRAWING_TAGS - {"svg"} and not drawing):
            return f"<{tag}>"
        if tag == "svg" and not piece["empty"]:
            drawing += -1 if piece["end"] else 1
        for name, value in _attributes(piece):
            if name not in _HTML_ATTRIBUTES or not _is_harmless(name, value):
                return _said(name, value)
    return None


def svg_problem(text: str) -> str | None:
    """The first piece of an SVG file that is not allowed, or None when the picture is proven passive."""
    start = _XML_START.match(text)
    body = text[start.end() if start else 0 :].strip()
    opened: list[str] = []
    seen = False
    if match := _STRAY_ENTITY.search(body):
        return body[match.start() : match.start() + 20]
    for piece in _pieces(body):
        if isinstance(piece, str):
            return piece
        tag = piece["tag"]
        if tag not in _DRAWING_TAGS or (seen and not opened) or (not opened and tag != "svg"):
            return f"<{tag}>"
        attributes = dict(_attributes(piece))
        for name, value in attributes.items():
            if name not in _DRAWING_ATTRIBUTES or not _is_harmless(name, value):
                return _said(name, value)
        if piece["end"]:
            if opened.pop() != tag:
                return f"</{tag}>"
            continue
        if not seen and attributes.get("xmlns") != _SVG_NAMESPACE:
            return f'no xmlns="{_SVG_NAMESPACE}"'
        seen = True
        if not piece["empty"]:
            opened.append(tag)
    return None if seen and not opened else "no whole <svg> element"


def _pieces(text: str) -> Iterator[re.Match[str] | str]:
    """Each tag; and, where the grammar ends, the text that it does not know."""
    at = 0
    while at < len(text):
        match = _PIECE.match(text, at)
        if match is None:
            yield " ".join(text[at : at + 40].split())
            return
        at = match.end()
        if match["tag"]:
            yield match


def _attributes(piece: re.Match[str]) -> Iterator[tuple[str, str]]:
    for match in _ATTRIBUTE.finditer(piece["attributes"]):
        yield match[1], unescape(match[2] or match[3] or "")


def _said(name: str, value: str) -> str:
    return f'{name}="{value}"' if value else f"{name}="


def _is_harmless(name: str, value: str) -> bool:
    """Whether an attribute on the list loads nothing, runs nothing, and takes no place of the theme's."""
    if name == "href":
        scheme = _SCHEME.match(_plain(value))
        return scheme is None or scheme[1].lower() in _LINK_SCHEMES
    if name == "src":
        return _is_our_own(value)
    if name == "id":
        # The theme finds its settings and switches by ids that begin with two underscores.
        return _ID.fullmatch(value) is not None
    if name == "class":
        return _THEME_CLASS.search(value) is None
    if name == "xmlns":
        return value == _SVG_NAMESPACE
    return not _URL.search(value) or name in ("title", "alt", "aria-label") or _OWN_URL.fullmatch(value) is not None


def _is_our_own(address: str) -> bool:
    """Whether the address is a path on this very site."""
    plain = _plain(address).replace("\\", "/")
    return not plain.startswith("//") and _SCHEME.match(plain) is None


def _plain(address: str) -> str:
    return _IGNORED.sub("", without_hidden(address))
