"""Validation errors in the words of the people who edit content."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

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
    return "known: " + ", ".join(choices[:12]) + (", ..." if len(choices) > 12 else "")


def validation_problems(
    error: ValidationError, model: type[BaseModel], document: Document, at: Path = ()
) -> list[Problem]:
    """Each error of pydantic as a problem with its place in the file.

    `at` is the path of the validated value inside the document.
    """
    return [_problem(details, model, document, at) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, model: type[BaseModel], document: Document, at: Path) -> Problem:
    path = at + tuple(details["loc"])
    name = ".".join(str(part) for part in details["loc"])
    what, fix = _words(details, _spelling(document, path), model)
    return Problem(f"`{name}` {what}" if name else what, document.place(path), fix)


def _spelling(document: Document, path: Path) -> str | None:
    return document.raw.get(path)


def _words(details: ErrorDetails, raw: str | None, model: type[BaseModel]) -> tuple[str, str]:
    kind, given, context = details["type"], details["input"], details.get("ctx", {})
    if kind == "missing":
        return "is missing", "add it"
    if kind == "extra_forbidden":
        return "is not a known key here", did_you_mean(str(details["loc"][-1]), _fields_at(model, details["loc"][:-1]))
    if raw is not None and not isinstance(given, bool) and kind in ("string_type", "value_error"):
        return f"is read as the number {given}, not as text", f'put it in quotes: "{raw}"'
    if raw is not None and kind in ("string_type", "value_error"):
        return f"is read as {raw}, not as text", f'put it in quotes: "{raw}"'
    if kind in ("enum", "literal_error"):
        expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
        return f"cannot be {_short(given)}", did_you_mean(str(given), expected.split(", "))
    if kind == "value_error":
        return str(context["error"]), ""
    if kind == "string_pattern_mismatch":
        return f"cannot be {_short(given)}", f"it must look like {context['pattern']}"
    plain = {
        "string_type": "must be text",
        "int_type": "must be a whole number",
        "bool_type": "must be true or false",
        "tuple_type": "must be a list; start each line with a hyphen",
        "dict_type": "must be a mapping of keys and values",
        "model_type": "must be a mapping of keys and values",
        "string_too_short": "is empty",
        "string_too_long": f"is longer than {context.get('max_length')} characters",
        "too_short": "needs at least one entry",
        "greater_than_equal": f"must be {context.get('ge')} or more",
        "less_than_equal": f"must be {context.get('le')} or less",
        "greater_than": f"must be more than {context.get('gt')}",
    }
    return plain.get(kind, details["msg"].lower()), ""


def _short(value: Any) -> str:
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
