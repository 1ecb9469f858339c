"""YAML as people mean it: a strict subset of YAML 1.2 with the traps of 1.1 turned into errors.

Works on libyaml's event stream (the C parser, when PyYAML was built with it) with a stack of its own, so that depth,
aliases and size are bounded before anything is built. Every value's position is kept for later messages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from publisher.content.text_encoding import Refused, odd_character, text_of
from publisher.errors import Place, Problem
from publisher.model.file_names import LARGEST_NUMBER
from publisher.wire.plain_text import find_hidden, name_of

MAX_DEPTH = 12
"""Nesting that no model reaches."""

_TOO_DEEP = f"is nested more than {MAX_DEPTH} levels deep"

Path = tuple[str | int, ...]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_OTHER_NUMBER = re.compile(
    r"[-+]?(0[xX][0-9a-fA-F_]+|0[oO]?[0-7_]+|0b[01_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?"
    r"|\.[0-9_]+([eE][-+]?[0-9]+)?|\.(inf|Inf|INF)|)|\.(nan|NaN|NAN)"
)
BOOLEANS_1_1 = frozenset(
    word
    for base in ("y", "n", "yes", "no", "on", "off", "true", "false")
    for word in (base, base.title(), base.upper())
) - {"true", "false"}
_NULLS = frozenset({"~", "null", "Null", "NULL", ""})
_FIRST = frozenset("-+.0123456789~yYnNtTfFoO")


@dataclass(frozen=True)
class Document:
    """A parsed file: plain values, and where each of them stands."""

    data: Any
    places: dict[Path, Place]
    """Position of the value at each path; of the key, for values in mappings."""
    raw: dict[Path, str] = field(default_factory=dict)
    """Spelling of plain scalars that were read as something else than text."""
    doubtful: frozenset[Path] = frozenset()
    """Where values stand that have a problem already, so that nobody can say what they should have been."""
    braced: frozenset[Path] = frozenset()
    """Where mappings stand in braces, on one line."""
    trapped: dict[Path, Problem] = field(default_factory=dict)
    """Problems of values that are empty or that programs read differently; their fields may tell what to write."""

    def place(self, path: Path) -> Place:
        """Where the value at `path` stands, or its nearest parent that exists."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places[path]

    def in_doubt(self, path: Path) -> bool:
        """Whether the value at `path`, or one that holds it, has a problem already."""
        return any(path[:length] in self.doubtful for length in range(len(path) + 1))


@dataclass
class _Frame:
    path: Path
    value: Any
    key: str | None = None
    """The key whose value comes next, in a mapping."""


def parse(text: bytes, file: str) -> tuple[Document | None, tuple[Problem, ...]]:
    """Parse one file: a document, problems, or both.

    Problems of single values leave a document whose other values can be checked; a syntax error ends the file.
    """
    try:
        decoded = text_of(text, file)
    except Refused as refused:
        return None, (refused.problem,)
    start = Place(file)
    builder = _Builder(file, decoded.splitlines())
    try:
        builder.run(yaml.parse(decoded, Loader=_LOADER))
    except Refused as refused:
        return None, (*builder.problems, refused.problem)
    except yaml.MarkedYAMLError as error:
        return None, (*builder.problems, _syntax_problem(error, start, decoded))
    except yaml.YAMLError:
        return None, (*builder.problems, Problem("cannot be read as YAML", start))
    if not builder.seen:
        return None, (Problem("the file is empty", start, "fill it in, or remove it"),)
    if () in builder.doubtful:
        return None, tuple(builder.problems)
    document = Document(
        builder.result,
        builder.places,
        builder.raw,
        frozenset(builder.doubtful),
        frozenset(builder.braced),
        builder.trapped,
    )
    return document, tuple(builder.problems)


_INDENTATION = "check the indentation and the quotes of this line and of the line above"

_NOT_CLOSED = ("unexpected end of stream", "could not find expected ':'", "',' or ']'", "',' or '}'")

# What libyaml says, and what it means to somebody who edits text.
_SYNTAX = (
    ("mapping values are not allowed", "there is a second colon here", 'put a text that contains ": " in quotes'),
    ("unexpected end of stream", "the file ends before a quote or bracket is closed", "close it"),
    ("could not find expected ':'", "a key has no colon here", "write `key: value`; " + _INDENTATION),
    ("',' or ']'", "a bracket [ is not closed, or a comma is missing", "close it with ]"),
    ("',' or '}'", "a brace { is not closed, or a comma is missing", "close it with }"),
    ("'-' indicator", "a line in the list is not an entry", "start it with a hyphen, or indent it differently"),
    ("block sequence entries", "a list cannot begin here", "begin it on its own line"),
    ("unknown escape character", "this backslash is not valid in double quotes", "use single quotes, or write \\\\"),
    ("escape code", "this backslash is not valid in double quotes", "use single quotes, or write \\\\"),
    ("expected <document start>", "there is text after the end of the item", "remove it; a file has only one item"),
    ("expected node content", "a value is missing here", "remove one comma, or fill in the value between them"),
    ("did not find expected key", "this line does not match the lines above", _INDENTATION),
)


def _syntax_problem(error: yaml.MarkedYAMLError, start: Place, text: str) -> Problem:
    message = str(error.problem or error.context or "")
    # What was opened is easier to find than the place at which its end was missed.
    marks = (error.problem_mark, error.context_mark)
    mark = next(filter(None, reversed(marks) if any(part in message for part in _NOT_CLOSED) else marks), None)
    place = Place(start.file, mark.line + 1, mark.column + 1) if mark else start
    lines = text.split("\n")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    indentation = line[: len(line) - len(line.lstrip())]
    if "\t" in indentation:
        at = Place(place.file, place.line, indentation.index("\t") + 1)
        return Problem("the line is indented with a tab", at, "indent with spaces")
    if "nesting depth" in message:  # libyaml has a limit of its own, and meets it before the first event
        return Problem(_TOO_DEEP, place)
    if odd := odd_character(line.partition("#")[0]):
        return Problem(f"{odd[1]} is not allowed here", Place(place.file, place.line, odd[0] + 1), odd[2])
    if "alphabetic or numeric character" in message and error.context_mark is not None:
        # A text that begins with * or & was read as one of YAML's references.
        place = Place(start.file, error.context_mark.line + 1, error.context_mark.column + 1)
        line = lines[place.line - 1]
    if "cannot start any token" in message or "alphabetic or numeric character" in message:
        character = line[place.column - 1 : place.column] or "this"
        return Problem(f"a text cannot begin with {character}", place, "put it in quotes")
    if "mapping values are not allowed" in message and line.count(": ") + line.endswith(":") < 2:
        return Problem("this line is indented differently from the line above", place, "check the indentation of both")
    for part, what, fix in _SYNTAX:
        if part in message:
            return Problem(what, place, fix)
    return Problem("cannot be understood here", place, _INDENTATION)


def _fix_for_cut(text: str, cut: str) -> str:
    whole = f"{text}{cut}"
    quote = "'" if '"' in whole or "\\" in whole else '"'
    fits = len(whole) <= 80 and "\n" not in whole and quote not in whole
    apart = "for a comment, put two spaces before the #" if " " not in text else "or put the comment on its own line"
    return f"put the whole text in quotes{f': {quote}{whole}{quote}' if fits else ''}; {apart}"


class _Builder:
    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.result: Any = None
        self.seen = False
        self.places: dict[Path, Place] = {}
        self.raw: dict[Path, str] = {}
        self.problems: list[Problem] = []
        self.doubtful: set[Path] = set()
        self.braced: set[Path] = set()
        self.trapped: dict[Path, Problem] = {}
        self._stack: list[_Frame] = []

    def run(self, events: Iterator[Any]) -> None:
        for event in events:
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent:
                self._open(event, {})
            elif kind is SequenceStartEvent:
                self._open(event, [])
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._stack.pop()
            elif kind is AliasEvent:
                raise Refused(Problem(f"*{event.anchor} is a YAML alias", self._place(event), "write the value again"))
            elif kind is DocumentStartEvent and self.seen:
                raise Refused(
                    Problem(
                        "a second document starts here",
                        self._place(event),
                        "remove the ---; a file has only one item",
                    )
                )

    def _place(self, event: Any) -> Place:
        return Place(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse_marks(self, event: Any) -> None:
        if event.anchor is not None:
            raise Refused(
                Problem(
                    f"&{event.anchor} is a YAML anchor",
                    self._place(event),
                    "write the value wherever it is needed",
                )
            )
        if event.tag is not None:
            raise Refused(
                Problem(
                    f"{event.tag.replace('tag:yaml.org,2002:', '!!')} is a YAML tag",
                    self._place(event),
                    "remove it; a text can be put in quotes",
                )
            )

    def _open(self, event: Any, value: Any) -> None:
        self._refuse_marks(event)
        if len(self._stack) >= MAX_DEPTH:
            raise Refused(Problem(_TOO_DEEP, self._place(event)))
        path = self._add(value, event)
        if event.flow_style and type(value) is dict:
            self.braced.add(path)
        self._stack.append(_Frame(path, value))

    def _scalar(self, event: Any) -> None:
        self._refuse_marks(event)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and type(frame.value) is dict and frame.key is None:
            self._key(frame, event)
            return
        text = event.value
        if (at := find_hidden(text)) is not None:  # only an escape such as "\\u200b" can still bring one
            self._trap(event, f"contains {name_of(text[at])}", "delete it, or retype this line")
        plain = event.implicit[0]
        value = self._plain(text, event) if plain and (not text or text[0] in _FIRST) else text
        if plain and value is text and (cut := self._cut_off(event)):
            self._trap(event, f"ends with {text[-20:]!r}; the rest after the # is a comment", _fix_for_cut(text, cut))
        path = self._add(value, event)
        if value is not text:
            self.raw[path] = text

    def _cut_off(self, event: Any) -> str:
        """The comment after a text without quotes, with the blanks before it, where it was hardly meant as one.

        That is so after several words, and after a single blank: `Fixes #123`. Two blanks set a comment apart.
        """
        end = event.end_mark
        rest = self.lines[end.line][end.column :] if end.line < len(self.lines) else ""
        blanks = len(rest) - len(rest.lstrip())
        if not rest.lstrip().startswith("#") or (" " not in event.value and blanks != 1):
            return ""
        return rest.rstrip()

    def _key(self, frame: _Frame, event: Any) -> None:
        key = event.value
        if (at := find_hidden(key)) is not None:
            what = f"a key contains {name_of(key[at])}"
            raise Refused(Problem(what, self._place(event), "delete it, or retype this line"))
        if odd := odd_character(key):
            raise Refused(Problem(f"a key contains {odd[1]}", self._place(event), odd[2]))
        if key == "<<":
            raise Refused(Problem("<< merges another mapping", self._place(event), "write the keys here"))
        if event.implicit[0] and key in BOOLEANS_1_1:
            self.problems.append(
                Problem(
                    f"the key {key} means true or false to some programs",
                    self._place(event),
                    f'write "{key}":',
                )
            )
            self.doubtful.add((*frame.path, key))
        path = (*frame.path, key)
        if path in self.places:
            self.problems.append(
                Problem(
                    f"`{key}` appears twice; it is already on line {self.places[path].line}",
                    self._place(event),
                    "keep one of them",
                )
            )
            # What it holds is looked at under a name of its own, so that it does not seem to stand twice as well.
            key = f"{key} again, line {event.start_mark.line + 1}"
            path = (*frame.path, key)
            self.doubtful.add(path)
        self.places[path] = self._place(event)
        frame.key = key

    def _add(self, value: Any, event: Any) -> Path:
        self.seen = True
        if not self._stack:
            self.result = value
            self.places[()] = self._place(event)
            return ()
        frame = self._stack[-1]
        if type(frame.value) is list:
            path = (*frame.path, len(frame.value))
            frame.value.append(value)
            self.places[path] = self._place(event)
            return path
        if frame.key is None:
            raise Refused(Problem("a key must be plain text", self._place(event)))
        path = (*frame.path, frame.key)
        frame.value[frame.key] = value
        frame.key = None
        return path

    def _plain(self, text: str, event: Any) -> Any:
        """What an unquoted word means; the words that mean different things to different programs are refused."""
        if text == "true":
            return True
        if text == "false":
            return False
        if _INTEGER.fullmatch(text):
            if abs(int(text)) > LARGEST_NUMBER:
                self._trap(
                    event, f"is above {LARGEST_NUMBER:,}, and programs read larger numbers differently", "check it"
                )
            return int(text)
        if _DECIMAL.fullmatch(text):
            return float(text)
        if text in _NULLS:
            self._trap(event, "has no value", self._how_to_fill_in(text))
        elif text in BOOLEANS_1_1:
            self._trap(
                event,
                f"is written as {text}, which means true or false to some programs",
                f'write true or false, or "{text}" for text',
            )
        elif _BASE_60.fullmatch(text):
            self._trap(event, f"is written as {text}, which some programs read as a number", f'write "{text}"')
        elif _OTHER_NUMBER.fullmatch(text):
            self._trap(
                event,
                f"is written as {text}, a number that programs read differently",
                f'write "{text}" for text, or a plain number',
            )
        return text

    def _how_to_fill_in(self, text: str) -> str:
        frame = self._stack[-1] if self._stack else None
        if text or frame is None or frame.key is None or frame.path not in self.braced:
            return "fill it in, or remove the line"
        if " " in frame.key:
            return "put the whole text in quotes; a comma in braces begins a new key"
        name, colon, value = frame.key.partition(":")
        return f"write a space after the colon: `{name}: {value}`" if colon else "fill it in, or remove it"

    def _trap(self, event: Any, what: str, fix: str) -> None:
        frame = self._stack[-1] if self._stack else None
        name = frame.key if frame else None
        problem = Problem(f"`{name}` {what}" if name else what, self._place(event), fix)
        if frame is None:
            self.doubtful.add(())
        elif name is not None:
            self.doubtful.add((*frame.path, name))
            self.trapped[*frame.path, name] = problem
        elif type(frame.value) is list:
            self.doubtful.add((*frame.path, len(frame.value)))
        self.problems.append(problem)
