"""The Markdown subset of content fields: paragraphs, lists, emphasis, code and https links. No HTML, no images.

Rendering is markdown-it-py's (CommonMark 0.31 rules); this module only chooses what is allowed.
"""

from __future__ import annotations

from functools import cache

from markdown_it import MarkdownIt

_RULES = ("emphasis", "backticks", "link", "list", "escape", "entity", "newline")


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False}).enable(list(_RULES))
    parser.validateLink = _allowed_link  # type: ignore[method-assign]
    return parser


def _allowed_link(url: str) -> bool:
    return url.startswith("https://")


def to_html(text: str) -> str:
    """HTML of a text in the subset; whatever is outside the subset appears as the characters that it is."""
    return str(_parser().render(text)).rstrip("\n")


def problem_of(text: str) -> str | None:
    """Why a text is outside the subset, in plain words; None when it is inside."""
    if "](" in text and "](https://" not in text:
        return "links to something that is not https; write [words](https://...)"
    for token in _parser().parse(text):
        for child in token.children or ():
            if child.type == "text" and ("](" in child.content):
                return "holds a link that cannot be followed; write [words](https://...)"
            if child.type == "text" and "![" in child.content:
                return "holds an image; only text and links are shown here"
            if child.type == "text" and any(
                tag in child.content.lower() for tag in ("<script", "<img", "<a ", "</", "<br", "<div")
            ):
                return "holds HTML; use Markdown: *emphasis*, `code`, lists, [words](https://...)"
    return None
