"""The feed as people who write clients read it: a page made from its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from publisher.site.page_model import Page, Scene
from publisher.site.pages.reference import roles

SCHEMA = "schemas/feed-1.json"
"""Where the schema is published; the number is that of the format."""


def pages(scene: Scene, schema: Mapping[str, Any]) -> Iterator[Page]:
    yield Page(
        "feed.md",
        "Update feed",
        "feed.md.jinja",
        "The signed update feed: addresses, fields, schema, and how a client verifies it.",
        {
            "objects": _objects(schema),
            "roles": roles(scene),
            "base": scene.catalog.endpoints.downloads[0],
            "product": next(iter(scene.catalog.products), "product"),
            "channels": scene.catalog.channels.values(),
        },
    )


@dataclass(frozen=True)
class FieldRow:
    """One field of the feed as its documentation shows it."""

    name: str
    kind: str
    required: bool
    meaning: str


def _objects(schema: Mapping[str, Any]) -> list[tuple[str, str, list[FieldRow]]]:
    """Every object of the feed with its fields, the feed itself first and then in the order of their nesting."""
    order = ("FeedRelease", "FeedArtifact", "FeedDeprecation", "FeedRequirement", "FeedEstimate", "Setting")
    definitions = schema["$defs"]
    rest = sorted((n for n, d in definitions.items() if d.get("type") == "object"), key=lambda n: (*order, n).index(n))
    result = []
    for name, part in (("Feed", schema), *((n, definitions[n]) for n in rest)):
        required = set(part.get("required", ()))
        rows = [
            FieldRow(key, _kind(spec, definitions), key in required, spec.get("description", ""))
            for key, spec in part["properties"].items()
        ]
        result.append((name, part.get("description", ""), rows))
    return result


def _kind(spec: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in spec:
        name = spec["$ref"].rsplit("/", 1)[-1]
        choices = definitions[name].get("enum")
        return " | ".join(choices) if choices else name
    if "anyOf" in spec:
        return " or ".join(_kind(choice, definitions) for choice in spec["anyOf"])
    if "const" in spec:
        return f'"{spec["const"]}"'
    if spec.get("type") == "array":
        return f"list of {_kind(spec['items'], definitions)}"
    if spec.get("format") == "date-time":
        return "time"
    return str(spec.get("type", "any"))
