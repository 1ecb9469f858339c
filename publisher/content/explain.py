"""Validation errors in the words of the people who edit content."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from publisher.content.strict_yaml import Document, Path
from publisher.errors import Problem


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint with the nearest known words, or all of them when they are few."""
    choices = sorted(known)
    if close := get_close_matches(word, choices, n=1, cutoff=0.6):
        return f"did you mean {close[0]}?"
    if not choices:
        return "none are known yet"
    return "known: " + ", ".join(choices[:20]) + (", ..." if len(choices) > 20 else "")


def validation_problems(
    error: ValidationError, model: type[BaseModel], document: Document, at: Path = ()
) -> list[Problem]:
    """Each error of pydantic as a problem with its place in the file, but for values that have a problem already.

    `at` is the path of the validated value inside the document.
    """
    errors = [
        details
        for details in error.errors(include_url=False)
        if not _follows(details) and not document.in_doubt(at + _location(details))
    ]
    misspelt = {(*d["loc"][:-1], _nearest(d, model)) for d in errors if d["type"] == "extra_forbidden"}
    return [
        problem
        for details in errors
        if details["type"] != "missing" or details["loc"] not in misspelt
        if (problem := _problem(details, model, document, at)) is not None
    ]


def _location(details: ErrorDetails) -> Path:
    # pydantic ends the location of a bad key of a mapping with this mark.
    return tuple(part for part in details["loc"] if part != "[key]")


def _follows(details: ErrorDetails) -> bool:
    """Whether an error only repeats others: a list whose entries are all wrong counts as empty."""
    return details["type"] == "too_short" and bool(details["input"])


def _nearest(details: ErrorDetails, model: type[BaseModel]) -> str:
    """The known key that an unknown one was probably meant to be."""
    known = _fields_at(model, details["loc"][:-1])
    return next(iter(get_close_matches(str(details["loc"][-1]), known, n=1, cutoff=0.6)), "")


def _problem(details: ErrorDetails, model: type[BaseModel], document: Document, at: Path) -> Problem | None:
    loc = _location(details)
    path = at + loc
    what, fix = _words(details, document.raw.get(path), model)
    if (
        details["type"] == "value_error"
        and (field := _FIELD_NAMED.search(what))
        and (*path, field[1]) in document.places
    ):
        # A rule about a whole item names the field that it is about first.
        named = (*path, field[1])
        return None if document.in_doubt(named) else Problem(what, document.place(named), fix)
    return Problem(f"{_name(loc)} {what}" if loc else what, document.place(path), fix)


_FIELD_NAMED = re.compile(r"^`([a-z0-9_]+)`")


def _name(loc: tuple[str | int, ...]) -> str:
    """A field as people say it: `notes.restart`, entry 2 of `channels`, `platform` in entry 1 of `artifacts`."""
    for index in range(len(loc) - 1, -1, -1):
        part = loc[index]
        if isinstance(part, int):
            inner = ".".join(str(one) for one in loc[index + 1 :])
            entry = f"entry {part + 1}" + (f" of {_name(loc[:index])}" if index else "")
            return f"`{inner}` in {entry}" if inner else entry
    return f"`{'.'.join(str(part) for part in loc)}`"


def _words(details: ErrorDetails, raw: str | None, model: type[BaseModel]) -> tuple[str, str]:
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        return "is missing", f"add a line `{details['loc'][-1]}:`"
    if kind == "extra_forbidden":
        return "is not a known key here", did_you_mean(str(details["loc"][-1]), _fields_at(model, details["loc"][:-1]))
    if kind == "value_error":
        words = str(context["error"])
        if raw is None or words.startswith("is not a"):
            what, _, fix = words.partition("; ")
            return what, (_nearest_zone(str(given)) if what.startswith("is not a time zone") else "") or fix
    if raw is not None and kind in ("string_type", "value_error"):
        read = "true or false" if isinstance(given, bool) else f"the number {given}"
        return f"is read as {read}, not as text", f'put it in quotes: "{raw}"'
    if kind in ("enum", "literal_error"):
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return f"cannot be {_short(given)}", did_you_mean(str(given), expected.split(", "))
    plain = {
        "string_type": "must be text",
        "int_type": "must be a whole number, without quotes",
        "int_from_float": "must be a whole number",
        "bool_type": "must be true or false, without quotes",
        "tuple_type": "must be a list",
        "dict_type": "must hold keys and values",
        "model_type": "must hold keys and values",
        "string_too_short": "is empty",
        "string_too_long": f"is longer than {context.get('max_length')} characters",
        "too_short": "needs at least one entry",
        "greater_than_equal": f"must be {context.get('ge')} or more",
        "less_than_equal": f"must be {context.get('le')} or less",
        "greater_than": f"must be more than {context.get('gt')}",
    }
    fixes = {
        "tuple_type": "put it in brackets, [one, two], or start each line with a hyphen",
        "dict_type": "write lines like `key: value` under it, indented by two spaces",
        "model_type": "write lines like `key: value` under it, indented by two spaces",
        "string_type": "a list or a mapping cannot stand here",
    }
    return plain.get(kind, f"cannot be {_short(given)}"), fixes.get(kind, "")


def _nearest_zone(name: str) -> str:
    """The time zone that was probably meant: by its whole name, or by the city at its end."""
    zones = sorted(available_timezones())
    cities = {zone.rpartition("/")[2]: zone for zone in zones if "/" in zone}
    if not (close := get_close_matches(name, zones, n=1, cutoff=0.8)):
        close = [cities[city] for city in get_close_matches(name.rpartition("/")[2], cities, n=1, cutoff=0.8)]
    return f"did you mean {close[0]}?" if close else ""


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _fields_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """Names of the fields of the model that stands at `path` below `model`."""
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        field = current.model_fields.get(part) if isinstance(current, type) and issubclass(current, BaseModel) else None
        current = _inner_model(field.annotation) if field is not None else None
    return list(current.model_fields) if isinstance(current, type) and issubclass(current, BaseModel) else []


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model inside Optional, tuple, dict or Annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (found := _inner_model(argument)) is not None:
            return found
    return None
