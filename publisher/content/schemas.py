"""JSON Schemas (draft 2020-12) of content, configuration and what is published, written from the models.

Editors complete and underline by them; `# yaml-language-server: $schema=` in each content file names its own.
A schema says what a single file can show. The loader says more: references, dates that agree, words in a sentence.
"""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from publisher.model.catalog import Sample
from publisher.model.config.endpoint import Endpoints
from publisher.model.config.role import Roles
from publisher.model.config.schedule import ScheduleMapping
from publisher.model.config.signer import Signer, SignersFile
from publisher.model.config.staffing import Staffing
from publisher.model.content.advisory import Advisory
from publisher.model.content.calendar_review import Review
from publisher.model.content.deprecation import Deprecation
from publisher.model.content.event import Event
from publisher.model.content.maintenance import Maintenance
from publisher.model.content.monitor import Monitor
from publisher.model.content.policy import Policy
from publisher.model.content.product import Channels, Products
from publisher.model.content.release import Release
from publisher.model.content.risk_register import Override, Scenario, Signal, SprintFreeze
from publisher.model.history.mapping import Mapping as HistoryMapping
from publisher.model.records.advisories import ProductAdvisories, SecurityFile
from publisher.model.records.channel_state import Manifest, MitigationList
from publisher.model.records.client_answer import Answer
from publisher.model.records.client_explanation import ExplanationReport
from publisher.model.records.client_readiness import ReadinessReport
from publisher.model.records.feed_format import Feed
from publisher.model.records.holds_file import HoldsFile
from publisher.model.records.notice import MitigationFile, NoticeFile
from publisher.model.records.required_versions import RequiredVersions
from publisher.model.records.site_manifest import SiteManifest
from publisher.signing.schemes import SCHEMES

Schema = dict[str, Any]

CONTENT: dict[str, type[BaseModel]] = {
    "release": Release,
    "event": Event,
    "deprecation": Deprecation,
    "policy": Policy,
    "sample": Sample,
    "calendar": Review,
    "products": Products,
    "channels": Channels,
    "endpoints": Endpoints,
    "roles": Roles,
    "signers": SignersFile,
    "sprint": SprintFreeze,
    "scenario": Scenario,
    "signal": Signal,
    "monitor": Monitor,
    "override": Override,
    "maintenance": Maintenance,
    "advisory": Advisory,
    "staffing": Staffing,
    "history": HistoryMapping,
    "schedule": ScheduleMapping,
}
"""Schemas of files that people edit, by name."""

PUBLISHED: dict[str, type[BaseModel]] = {
    "feed-1": Feed,
    "release-manifest-1": Manifest,
    "site-manifest-1": SiteManifest,
    "answer-1": Answer,
    "readiness-1": ReadinessReport,
    "explanation-1": ExplanationReport,
    "required-versions-1": RequiredVersions,
    "advisories-1": ProductAdvisories,
    "security-1": SecurityFile,
    "notice-1": NoticeFile,
    "mitigation-notice-1": MitigationFile,
    "holds-1": HoldsFile,
    "mitigations-1": MitigationList,
}
"""Schemas of published JSON; the number is that of the format."""

OPEN = frozenset(
    {
        "feed-1",
        "answer-1",
        "readiness-1",
        "explanation-1",
        "required-versions-1",
        "advisories-1",
        "security-1",
        "notice-1",
        "mitigation-notice-1",
        "holds-1",
        "mitigations-1",
    }
)
"""Formats to which fields may be added within their number; readers ignore what they do not know."""


def schema_files() -> dict[str, bytes]:
    """Every schema as a file: name -> bytes, the same on every machine."""
    texts = {}
    for name, model in {**CONTENT, **PUBLISHED}.items():
        schema = schema_of(model, closed=name not in OPEN, nulls=name in PUBLISHED)
        text = json.dumps({**schema, "examples": [example(name)]}, indent=2, ensure_ascii=False)
        texts[f"{name}.json"] = f"{text}\n".encode()
    return texts


@cache
def example(name: str) -> Schema:
    """A small whole of what the schema `name` describes; editors show it, and a test validates it."""
    whole: Schema = json.loads((files("publisher.content") / "examples" / f"{name}.json").read_text("utf-8"))
    return whole


def schema_of(model: type[BaseModel], *, closed: bool = True, nulls: bool = False) -> Schema:
    """The JSON Schema of a model with the docstrings of its fields as descriptions.

    `closed` refuses unknown keys. `nulls` allows null for what is optional; in YAML one leaves the line out instead.
    """
    schema = model.model_json_schema(schema_generator=_Generator)
    if not closed:
        _walk(schema, _open)
    if not nulls:
        _walk(schema, _without_null)
    return {"$schema": GenerateJsonSchema.schema_dialect, **schema}


class _Generator(GenerateJsonSchema):
    """Adds the docstrings under the fields, and titles that read as words."""

    def model_schema(self, schema: Any) -> Schema:
        generated: Schema = super().model_schema(schema)
        described = field_docstrings(schema["cls"])
        for name, field in generated.get("properties", {}).items():
            if text := described.get(name, described.get(f"{name}_")):  # `from` is a word of Python
                field["description"] = text
        if schema["cls"] is Signer:
            generated["properties"]["scheme"]["enum"] = list(SCHEMES)
        return generated

    def dict_schema(self, schema: Any) -> Schema:
        generated: Schema = super().dict_schema(schema)
        if "patternProperties" in generated:  # pydantic leaves other keys open, and refuses them itself
            generated["additionalProperties"] = False
        return generated

    def get_title_from_name(self, name: str) -> str:
        return name.replace("_", " ").capitalize()


def field_docstrings(model: type[BaseModel]) -> dict[str, str]:
    """The string under each field of a model, as `use_attribute_docstrings` of pydantic would read it."""
    docstrings: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, BaseModel) and owner is not BaseModel:
            docstrings |= _own_docstrings(owner)
    return docstrings


@cache
def _own_docstrings(owner: type[BaseModel]) -> Mapping[str, str]:
    """Those of the class itself. Python parses a whole module to find one class in it, so it is asked once."""
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0]
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _walk(schema: Any, change: Any) -> None:
    if isinstance(schema, dict):
        change(schema)
        for value in schema.values():
            _walk(value, change)
    elif isinstance(schema, list):
        for value in schema:
            _walk(value, change)


def _open(schema: Schema) -> None:
    if schema.get("additionalProperties") is False:
        del schema["additionalProperties"]


def _without_null(schema: Schema) -> None:
    options = schema.get("anyOf")
    if isinstance(options, list) and {"type": "null"} in options:
        rest = [option for option in options if option != {"type": "null"}]
        del schema["anyOf"]
        for key, value in (rest[0] if len(rest) == 1 else {"anyOf": rest}).items():
            schema.setdefault(key, value)
    if schema.get("default", ...) is None:
        del schema["default"]
