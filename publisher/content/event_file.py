"""The YAML file of an event: written anew as people would write it, and edited where only some of it changes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from publisher.content.yaml_edit import top, with_item, with_key_after, with_scalar
from publisher.content.yaml_reader import BOOLEANS_1_1
from publisher.model.content.event import Event
from publisher.model.values import Model, format_time

SCHEMA_LINE = "# yaml-language-server: $schema=../../schemas/event.json"

_PLAIN = re.compile(
    r"[A-Za-z](?:[A-Za-z0-9 .()'/-]*[A-Za-z0-9.)])?|https://[A-Za-z0-9./_-]*[A-Za-z0-9/_-]"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    re.ASCII,
)
"""What YAML and people read as the same text without quotes, in braces too."""
_WORDS = {*BOOLEANS_1_1, "true", "false", "null", "Null", "NULL"}


def event_text(event: Event) -> str:
    """A new file: the schema first, then the keys in the model's order."""
    lines = [SCHEMA_LINE]
    for name, content in _plain_data(event).items():
        if name == "summary":
            indented = (f"  {line}".rstrip() for line in content.rstrip("\n").split("\n"))
            lines += ["summary: |", *indented]
        elif isinstance(content, list) and content and isinstance(content[0], dict):
            lines += [f"{name}:", *(f"  - {_flow(item)}" for item in content)]
        else:
            lines.append(f"{name}: {_flow(content)}")
    return "\n".join(lines) + "\n"


def updated_text(text: str, old: Event, new: Event) -> str:
    """The text of `old` with the dates, status, required versions and revisions of `new`; all else stays.

    Raises InputError for a file that cannot be edited line by line.
    """
    for name in ("starts", "ends"):
        if getattr(old, name) != getattr(new, name):
            text = with_scalar(text, (name,), format_time(getattr(new, name)))
    if old.status != new.status:
        text = _with(text, "status", str(new.status))
    if old.trigger is not None and new.trigger is not None:
        now, was = _plain_data(new.trigger), _plain_data(old.trigger)
        for name in now:
            if now[name] != was[name]:
                text = with_scalar(text, ("trigger", name), _flow(now[name]))
    elif new.trigger is not None:
        text = with_key_after(text, "trigger", f" {_flow(_plain_data(new.trigger))}", tuple(Event.model_fields))
    for index, (was_required, required) in enumerate(zip(old.requires, new.requires, strict=False)):
        if was_required.at_least != required.at_least:
            text = with_scalar(text, ("requires", index, "at_least"), _flow(str(required.at_least)))
    text = _with_items(text, "requires", new.requires[len(old.requires) :])
    return _with_items(text, "revisions", new.revisions[len(old.revisions) :])


def _plain_data(model: Model) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(model.model_dump_json(exclude_defaults=True))
    return plain


def _with(text: str, name: str, scalar: str) -> str:
    """The text with another value of a key, whether that is there or not."""
    if _has(text, name):
        return with_scalar(text, (name,), scalar)
    return with_key_after(text, name, f" {scalar}", tuple(Event.model_fields))


def _with_items(text: str, name: str, items: tuple[Model, ...]) -> str:
    for item in items:
        written = _flow(_plain_data(item))
        if _has(text, name):
            text = with_item(text, name, written)
        else:
            text = with_key_after(text, name, f"\n  - {written}", tuple(Event.model_fields))
    return text


def _has(text: str, name: str) -> bool:
    root = top(text)
    return root is not None and any(key.value == name for key, _ in root.value)


def _flow(content: Any) -> str:
    """A value on one line, with quotes wherever YAML might read something else."""
    if isinstance(content, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(inner)}" for name, inner in content.items()) + "}"
    if isinstance(content, list):
        return "[" + ", ".join(map(_flow, content)) + "]"
    if isinstance(content, str) and _PLAIN.fullmatch(content) and content not in _WORDS:
        return content
    return json.dumps(content, ensure_ascii=False)
