"""The Markdown subset of content fields: paragraphs, lists, emphasis, code and https links. No HTML, no images.

Rendering is markdown-it-py's (CommonMark 0.31 rules); this module only chooses what is allowed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_RULES = ("emphasis", "backticks", "link", "list", "escape", "entity", "newline")

# The host must be plain: no user name before an @, no letters that only look like Latin ones (R4).
_LINK = re.compile(r"https://(?!([^/]*\.)?xn--)[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?([/?#].*)?")
_SUSPECT = re.compile(r"[<\[&\\]|^[ ]{0,3}(#|>|```|~~~)|://", re.MULTILINE)
"""Without any of these, a text cannot be outside the subset, and need not be parsed to know that."""
_TAG = re.compile(r"<[a-z/!?]", re.IGNORECASE)
_WRITTEN_LINK = re.compile(r"\[[^\[\]]{0,60}\]\([^()]{0,100}\)?")
_PLAIN_HTTP = re.compile(r"\b(http|ftp)://", re.IGNORECASE)
_BLOCKS = (
    (
        re.compile(r"^[ ]{0,3}#{1,6}[ ]", re.MULTILINE),
        "contains a heading",
        "start a paragraph with *emphasis* instead",
    ),
    (re.compile(r"^[ ]{0,3}>", re.MULTILINE), "contains a quotation", "write it as a paragraph"),
    (re.compile(r"^[ ]{0,3}(```|~~~)", re.MULTILINE), "contains a block of code", "write `code` within a sentence"),
)

LINK_WORDS = "write links as [words](https://example.org/page), with a plain host name"


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - as slow to load as all models, and most texts need none of it

    parser = MarkdownIt("zero", {"html": False}).enable(list(_RULES))
    parser.validateLink = _allowed_link  # type: ignore[method-assign] # the way that its documentation names
    return parser


def _allowed_link(url: str) -> bool:
    return _LINK.fullmatch(url) is not None


def to_html(text: str) -> str:
    """HTML of a text in the subset; whatever is outside the subset appears as the characters that it is."""
    parser = _parser()
    tokens = parser.parse(text)
    for token in tokens:
        token.children = _without_empty_links(token.children)
    return str(parser.renderer.render(tokens, parser.options, {})).rstrip("\n")


def _without_empty_links(children: list[Token] | None) -> list[Token] | None:
    """The tokens without links like [words](), whose empty address markdown-it accepts without asking."""
    kept: list[Token] = []
    addressed: list[bool] = []
    for child in children or ():
        if child.type == "link_open":
            addressed.append(bool(child.attrGet("href")))
        if child.type not in ("link_open", "link_close") or addressed[-1]:
            kept.append(child)
        if child.type == "link_close":
            addressed.pop()
    return None if children is None else kept


def problem_of(text: str) -> tuple[str, str] | None:
    """Why a text is outside the subset and what to write instead, in plain words; None when it is inside."""
    if not _SUSPECT.search(text):
        return None
    for pattern, what, fix in _BLOCKS:
        if pattern.search(text):
            return what, fix
    for token in _parser().parse(text):
        words = ""
        children = token.children or []
        for index, child in enumerate(children):
            if child.type == "link_open" and not child.attrGet("href"):
                return _dead_link(f"[{children[index + 1].content}]()")
            if child.type == "link_open" and words.endswith("!"):
                return "contains an image", "use only text and links"
            # What stands in `code` is shown as it is, so it may be anything.
            words = "" if child.type == "code_inline" else words + child.content
            if problem := _outside(words):
                return problem
    return None


def _dead_link(written: str) -> tuple[str, str]:
    return "contains a link that cannot be followed" + (f": {written}" if written else ""), LINK_WORDS


def _outside(words: str) -> tuple[str, str] | None:
    """What is wrong with text that the parser left as it was."""
    if "![" in words:
        return "contains an image", "use only text and links"
    if "](" in words:
        return _dead_link(match[0] if (match := _WRITTEN_LINK.search(words)) else "")
    if _TAG.search(words):
        return "contains HTML", "use Markdown: *emphasis*, `code`, lists, [words](https://example.org)"
    if match := _PLAIN_HTTP.search(words):
        return f"contains an address with {match[0].lower()}", LINK_WORDS
    return None
