"""Validation errors in the words of the people who edit content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, get_origin
from zoneinfo import available_timezones

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from publisher.content.text_encoding import odd_character
from publisher.content.yaml_reader import BOOLEANS_1_1, Document, Path
from publisher.errors import Problem
from publisher.model.config.staffing import WEEKDAYS
from publisher.rules.english import length, listed
from publisher.text.suggest import did_you_mean


def validation_problems(error: ValidationError, model: type[BaseModel], document: Document) -> list[Problem]:
    """Each error of pydantic as a problem with its place in the file, but for values that have a problem already."""
    every = error.errors(include_url=False)
    errors = [d for d in every if not _follows(d) and not document.in_doubt(_location(d))]
    misspelt = {(*d["loc"][:-1], _nearest(d, model)) for d in every if d["type"] == "extra_forbidden"}
    return [
        problem
        for details in errors
        if details["type"] != "missing" or details["loc"] not in misspelt
        if (problem := _problem(details, model, document)) is not None
    ]


def fitting_words(error: ValidationError, document: Document) -> dict[tuple[str, int], str]:
    """File and line -> what to write where a word such as yes stands, and its field knows only other words."""
    fitting = {}
    for details in error.errors(include_url=False):
        if details["type"] in ("enum", "literal_error") and details["input"] in BOOLEANS_1_1:
            place = document.place(_location(details))
            fitting[place.file, place.line] = _words(details, None, BaseModel)[1]
    return fitting


def trapped_problems(model: type[BaseModel], document: Document) -> dict[Problem, Problem]:
    """Problems of required values that are empty, each with the fix that its field wants."""
    better: dict[Problem, Problem] = {}
    for path, problem in document.trapped.items():
        field = _field_at(model, path)
        if field is not None and field.is_required() and problem.fix.startswith("fill it in"):
            better[problem] = replace(problem, fix=_how_to_list(path[-1], field) or "fill it in")
    return better


def _how_to_list(name: str | int, field: FieldInfo | None) -> str:
    """How to write a field that holds a list, none included where that is allowed; empty for any other field."""
    if field is None or get_origin(field.annotation) is not tuple:
        return ""
    if any(getattr(limit, "min_length", 0) for limit in field.metadata):
        return f"write `{name}:`, and below it one entry a line, each after a hyphen"
    return f"write `{name}: []` for none, or below it one entry a line, each after a hyphen"


def _location(details: ErrorDetails) -> Path:
    # pydantic ends the location of a bad key of a mapping with this mark.
    return tuple(part for part in details["loc"] if part != "[key]")


def _follows(details: ErrorDetails) -> bool:
    """Whether an error only repeats others: a list whose entries are all wrong counts as empty."""
    given = details["input"]
    return details["type"] == "too_short" and len(given) > details.get("ctx", {}).get("actual_length", 0)


def _nearest(details: ErrorDetails, model: type[BaseModel]) -> str:
    """The known key that an unknown one was probably meant to be."""
    known = _fields_at(model, details["loc"][:-1])
    return next(iter(get_close_matches(str(details["loc"][-1]), known, n=1, cutoff=0.6)), "")


def _problem(details: ErrorDetails, model: type[BaseModel], document: Document) -> Problem | None:
    path = _location(details)
    what, fix = _words(details, document.raw.get(path), model)
    if isinstance(details["input"], str) and "contains" not in what and (odd := odd_character(details["input"])):
        fix = f"{odd[2]}; it contains {odd[1]}"
    if details["type"] == "missing" and path[:-1] in document.braced:
        fix = f"add `{path[-1]}: ...` inside the braces"
    if (
        details["type"] == "value_error"
        and (field := _FIELD_NAMED.search(what))
        and (*path, field[1]) in document.places
    ):
        # A rule about a whole item names the field that it is about first.
        named = (*path, field[1])
        return None if document.in_doubt(named) else Problem(what, document.place(named), fix)
    name = f"{_name(path)}:" if what.startswith(("'", "`")) else _name(path)
    return Problem(f"{name} {what}" if path else what, document.place(path), fix)


_FIELD_NAMED = re.compile(r"^`([a-z0-9_]+)`")


def _name(loc: tuple[str | int, ...]) -> str:
    """A field as people say it: `notes.restart`, entry 2 of `channels`, `platform` in entry 1 of `artifacts`."""
    for index in range(len(loc) - 1, -1, -1):
        part = loc[index]
        if isinstance(part, int):
            inner = ".".join(str(part_name) for part_name in loc[index + 1 :])
            entry = f"entry {part + 1}" + (f" of {_name(loc[:index])}" if index else "")
            return f"`{inner}` in {entry}" if inner else entry
    return f"`{'.'.join(str(part) for part in loc)}`"


def _words(details: ErrorDetails, raw: str | None, model: type[BaseModel]) -> tuple[str, str]:
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        name = details["loc"][-1]
        return "is missing", _how_to_list(name, _field_at(model, details["loc"])) or f"add a line `{name}:`"
    if kind == "extra_forbidden":
        return "is not a known key here", did_you_mean(str(details["loc"][-1]), _fields_at(model, details["loc"][:-1]))
    if kind == "value_error":
        words = str(context["error"])
        if isinstance(given, list) and not words.startswith("`"):
            return "must be one value, not a list", f"write {given[0]}" if len(given) == 1 else "remove the brackets"
        if raw is None or words.startswith("is not a"):
            what, _, fix = words.partition("; ")
            return what, (_nearest_zone(str(given)) if what.startswith("is not a time zone") else "") or fix
        if words.startswith("must be a time of day"):
            what, _, fix = words.partition("; ")
            return what, fix or f'write "{int(given):02}:00"' if str(given).isdigit() and int(given) < 24 else ""
    if raw is not None and kind in ("string_type", "value_error"):
        read = "true or false" if isinstance(given, bool) else f"the number {given}"
        return f"is read as {read}, not as text", f'put it in quotes: "{raw}"'
    if kind in ("enum", "literal_error"):
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        choices = expected.split(", ")
        return f"cannot be {_short(given)}", _each_day(str(given), choices) or did_you_mean(str(given), choices)
    plain = {
        "string_type": "must be text",
        "int_type": "must be a whole number, without quotes",
        "int_from_float": "must be a whole number",
        "float_type": "must be a number, without quotes",
        "bool_type": "must be true or false, without quotes",
        "tuple_type": "must be a list",
        "dict_type": "must have keys and values",
        "model_type": "must have keys and values",
        "string_too_short": "is empty",
        "string_too_long": f"is longer than {context.get('max_length')} characters",
        "too_short": _too_few(context),
        "too_long": f"has {context.get('actual_length')} entries, more than the {context.get('max_length')} allowed",
        "greater_than_equal": f"must be {_length(context.get('ge'))} or more",
        "less_than_equal": f"must be {context.get('le')} or less",
        "greater_than": f"must be more than {context.get('gt')}",
        "less_than": f"must be less than {_length(context.get('lt'))}",
    }
    keys = _keys(_fields_at(model, details["loc"]), _required_at(model, details["loc"]))
    fixes = {
        "tuple_type": _as_list(given),
        "dict_type": _LINES,
        "model_type": f"write {keys} under it, indented by two spaces" if details["loc"] and keys else _LINES,
        "string_type": "write one text, without brackets or hyphens"
        if isinstance(given, list)
        else "write one text; put it in quotes if it contains a colon",
        "too_short": "add the missing ones" if context.get("min_length", 1) > 1 else "",
        "too_long": "remove the extra ones",
        "less_than": "check the unit: d, h or min" if "timedelta" in repr(context.get("lt")) else "",
        "int_type": _as_number(given, details["loc"]),
        "int_from_float": _as_number(given, details["loc"]),
        "float_type": _as_number(given, details["loc"]),
    }
    return plain.get(kind, f"cannot be {_short(given)}"), fixes.get(kind, "")


_LINES = "write lines like `key: value` under it, indented by two spaces"


def _each_day(word: str, choices: Sequence[str]) -> str:
    """To list each day from Monday to Friday instead of mon-fri, where days are asked for; empty for other words."""
    first, *rest = re.split(r"\s*(?:-|\u2013|to)\s*", word.lower())
    ends = [first[:3], *(end[:3] for end in rest)]
    if set(choices) != set(WEEKDAYS) or len(ends) != 2 or not set(ends) <= set(WEEKDAYS):
        return ""
    begin, end = (WEEKDAYS.index(day) for day in WEEKDAYS if day in ends)
    return f"list each one: {', '.join(WEEKDAYS[begin : end + 1])}" if WEEKDAYS[begin] == ends[0] else ""


def _keys(fields: list[str], required: list[str]) -> str:
    """What a mapping needs at least, or a few of the keys that it may have."""
    return listed([f"`{name}:`" for name in required or fields[:4]]) if fields else ""


def _too_few(context: dict[str, Any]) -> str:
    least = context.get("min_length", 1)
    return "needs at least one entry" if least == 1 else f"has {context.get('actual_length')} entries but needs {least}"


def _length(limit: Any) -> str:
    """A limit in words; pydantic gives one of time as it would be written in Python."""
    days = re.search(r"timedelta\(days=(\d+)\)", repr(limit))
    return length(timedelta(days=int(days[1]))) if days else str(limit)


def _as_list(given: Any) -> str:
    if isinstance(given, str) and 0 < len(given) <= 60:
        return "write [] for none" if given == "none" else f"put it in brackets: [{given}]"
    if isinstance(given, dict):
        return "start its first line with a hyphen, or put brackets around the braces"
    return "put it in brackets, [one, two], or start each line with a hyphen"


def _as_number(given: Any, loc: tuple[str | int, ...]) -> str:
    """The number that was probably meant: 71,000,000, "3", 60 %, 0.6 for 60 percent; empty where nobody can tell."""
    if isinstance(given, float):
        return f"write {given * 100:.0f}" if loc[-1] in ("share", "busy_percent") and 0 < given < 1 else ""
    if not isinstance(given, str):
        return ""
    text = re.sub(r"(?<=\d)[,_ ](?=\d{3}\b)", "", given.strip())
    if match := re.fullmatch(r"(-?\d+(?:[.,]\d+)?)\s*(%|[A-Za-z]{0,8})", text):
        return f"write {match[1].replace(',', '.')}"
    return "write it in digits, such as 3"


def _nearest_zone(name: str) -> str:
    """The time zone that was probably meant: by its whole name, or by the city at its end."""
    zones = sorted(available_timezones())
    cities = {zone.rpartition("/")[2]: zone for zone in zones if "/" in zone}
    if re.match(r"(GMT|UTC)\s*[-+]", name, re.IGNORECASE):
        return ""  # an offset is no place: which one was meant, nobody can tell
    if not (close := get_close_matches(name, zones, n=1, cutoff=0.8)):
        close = [cities[city] for city in get_close_matches(name.rpartition("/")[2], cities, n=1, cutoff=0.8)]
    return f"did you mean {close[0]}?" if close else ""


def _short(value: Any) -> str:
    if isinstance(value, dict | list):
        return "keys and values" if isinstance(value, dict) else "a list"
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _field_at(model: type[BaseModel], path: tuple[str | int, ...]) -> FieldInfo | None:
    """The field that stands at `path` below `model`; None for an entry of a list, or a key that is not known."""
    holder = _model_at(model, path[:-1]) if path else None
    return holder.model_fields.get(str(path[-1])) if holder else None


def _fields_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """Names of the fields of the model that stands at `path` below `model`."""
    current = _model_at(model, path)
    return [field.alias or name for name, field in current.model_fields.items()] if current else []


def _model_at(model: type[BaseModel], path: tuple[str | int, ...]) -> type[BaseModel] | None:
    current: Any = model
    for part in path:
        if isinstance(part, int):
            continue
        field = current.model_fields.get(part) if isinstance(current, type) and issubclass(current, BaseModel) else None
        current = _inner_model(field.annotation) if field is not None else None
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _required_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """Names of the fields that must be given in the model that stands at `path` below `model`."""
    current = _model_at(model, path)
    return [name for name, field in current.model_fields.items() if field.is_required()] if current else []


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    """The model inside Optional, tuple, dict or Annotated."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        if (inner := _inner_model(argument)) is not None:
            return inner
    return None
