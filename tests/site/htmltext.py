"""What a browser makes of HTML: elements with their attributes, and the text that people read."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import markdown

_BLOCKS = "article aside br dd div dl dt h1 h2 h3 header li ol p pre section td th tr ul"
BLOCKS = frozenset(_BLOCKS.split())
"""Elements that stand apart from the text before them."""


@dataclass
class Parsed(HTMLParser):
    """Elements as (name, attributes), and all text outside of scripts and styles."""

    elements: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    _raw: str = ""

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._apart(tag)
        self._raw = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._apart(tag)
        self._raw = ""

    def _apart(self, tag: str) -> None:
        if tag in BLOCKS:
            self.pieces.append(" ")

    def handle_data(self, data: str) -> None:
        if not self._raw:
            self.pieces.append(data)

    @property
    def text(self) -> str:
        """The text, with runs of white space as one space."""
        return " ".join("".join(self.pieces).split())

    def names(self) -> set[str]:
        """Names of the elements that occur."""
        return {name for name, _ in self.elements}


def parse(text: str) -> Parsed:
    """Parse HTML."""
    parsed = Parsed()
    parsed.feed(text)
    parsed.close()
    return parsed


def from_markdown(text: str) -> Parsed:
    """Parse what Python-Markdown makes of a page, with the extensions of mkdocs.yml."""
    return parse(markdown.markdown(text, extensions=["attr_list", "def_list", "tables", "toc"]))


@dataclass
class _Directions(Parsed):
    """Where some words stand, and whether anything around them lets them have a direction of their own."""

    words: str = ""
    isolated: list[bool] = field(default_factory=list)
    _open: list[tuple[str, bool]] = field(default_factory=list)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag not in ("br", "hr", "img", "input"):
            self._open.append((tag, tag == "bdi" or ("dir", "auto") in attrs))

    def handle_endtag(self, tag: str) -> None:
        super().handle_endtag(tag)
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self.words in data and all(tag != "title" for tag, _ in self._open):
            self.isolated.append(any(isolated for _, isolated in self._open))


def directions(text: str, words: str) -> list[bool]:
    """For each place where a page shows these words: whether their direction is taken from themselves."""
    parsed = _Directions(words=words)
    parsed.feed(markdown.markdown(text, extensions=["attr_list", "def_list", "tables", "toc"]))
    parsed.close()
    return parsed.isolated
