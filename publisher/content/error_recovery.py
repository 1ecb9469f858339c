"""Items with a wrong value, made whole for one run, so that what else they say is checked across files at once.

In the place of a wrong value stands that of the kind's example. Such an item is never part of a catalog, since its own
problem stops that; and no problem is told at a place where something was put.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Generic

from pydantic import ValidationError

from publisher.content.catalog_items import Item, M
from publisher.content.yaml_reader import Document, Path
from publisher.errors import Place

_MEASURES = frozenset(
    {"base", "blast_radius", "change_class", "channels", "classes", "effective", "ends", "event_sensitivity", "file"}
    | {"id", "patterns", "platforms", "product", "shipped_at", "starts", "usage", "version", "visibility"}
    | {"affected", "fixed_in"}
)
"""Fields that others are checked against: with another value in one, their problems would be invented."""

_KINDS = frozenset(
    {"advisory", "deprecation", "event", "override", "policy", "products", "release", "scenario", "sprint"}
)
"""What is mended, by the names of schemas."""

_ROUNDS = 4
"""A mended value can bring to light what stood behind it; this is as deep as any model goes."""


@dataclass(frozen=True)
class Mended(Generic[M]):
    """An item that can be linked, and the places at which it does not say what its file says."""

    item: Item[M]
    doubtful: frozenset[Place]


def mended(model: type[M], document: Document) -> Mended[M] | None:
    """The item with its wrong values replaced; None where nobody could say what it is."""
    from publisher.content.schemas import CONTENT, example  # noqa: PLC0415 - needed only once something is wrong

    kind = next((name for name, known in CONTENT.items() if known is model), "")
    if kind not in _KINDS:
        return None
    data, changed = copy.deepcopy(document.data), set(document.doubtful)
    for _ in range(_ROUNDS):
        try:
            value = model.model_validate_json(json.dumps(data))
        except ValidationError as error:
            paths = {
                tuple(part for part in detail["loc"] if part != "[key]") for detail in error.errors(include_url=False)
            }
            # A list whose entries are wrong counts as too short as well.
            paths = {path for path in paths if not any(path == other[: len(path)] for other in paths - {path})}
            if not all(_replace(data, path, example(kind)) for path in paths):
                return None
            changed |= paths
        else:
            if any(path[-1:] == ("products",) or _MEASURES.intersection(path) for path in changed):
                return None
            return Mended(Item(value, document), frozenset(_places(document, changed)))
    return None


def _replace(data: Any, path: Path, example: Any) -> bool:
    """Put the example's value at a path, or take away what stands there; False where neither can be done."""
    if not path:
        return False
    for part in path[:-1]:
        data, example = _at(data, part), _at(example, part)
    last = path[-1]
    if isinstance(data, dict) and isinstance(last, str):
        if isinstance(example, dict) and last in example:
            data[last] = copy.deepcopy(example[last])
        else:
            data.pop(last, None)
        return True
    return False


def _at(value: Any, part: str | int) -> Any:
    """What stands under a key, or in a list; in a list of the example, its first entry stands for each."""
    if isinstance(value, dict):
        return value.get(str(part))
    if isinstance(value, list) and isinstance(part, int) and value:
        return value[part] if part < len(value) else value[0]
    return None


def _places(document: Document, changed: set[Path]) -> Iterator[Place]:
    for path in changed:
        yield document.place(path)
        for inner, place in document.places.items():
            if inner[: len(path)] == path:
                yield place
