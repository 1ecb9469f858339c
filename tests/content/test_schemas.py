"""The JSON Schemas: current, described to the last field, and of one mind with the loader as far as a schema can be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from publisher.content.schemas import CONTENT, OPEN, PUBLISHED, example, field_docstrings, schema_files
from publisher.content.yaml_reader import parse
from tests.content.conftest import HERE
from tests.content.test_bad_files import EXPECTED

ROOT = Path(__file__).parents[2]
MODELS: dict[str, type[BaseModel]] = {**CONTENT, **PUBLISHED}
SCHEMAS: dict[str, dict[str, Any]] = {name[:-5]: json.loads(text) for name, text in schema_files().items()}

FOLDERS = {
    "events": "event",
    "releases": "release",
    "deprecations": "deprecation",
    "policies": "policy",
    "sprints": "sprint",
    "scenarios": "scenario",
    "signals": "signal",
    "monitors": "monitor",
    "overrides": "override",
    "maintenance": "maintenance",
    "advisories": "advisory",
}

BEYOND_A_SCHEMA = {
    # what refers to something else, or depends on where the file is
    "adjustment-of-unknown-type", "adjustment-that-changes-nothing", "deprecation-of-unknown-product",
    "deprecation-of-unknown-release", "duties-of-one-person", "endpoint-on-loopback", "event-type-twice",
    "impossible-severity", "internal-event-in-public-release", "maintenance-in-another-file",
    "maintenance-of-unknown-product", "prerelease-in-stable", "product-twice",
    "product-with-unknown-channel", "role-with-more-duties-than-signatures", "role-with-one-person",
    "role-without-duty", "role-without-policy", "same-file-twice", "same-key-twice", "same-version", "unknown-channel",
    "support-of-unpublished-version",
    "for-event-that-requires-nothing", "for-unknown-event", "internal-event-that-requires", "requires-two-versions",
    "requires-unknown-channel", "requires-unknown-product",
    "unknown-event", "unknown-event-type", "unknown-platform", "unknown-product", "unknown-role", "wrong-file-name",
    "wrong-folder", "cycle-in-follows", "default-for-another-class", "default-of-unknown-version",
    "default-of-itself", "reaches-less-far",
    "earlier-policy-of-later-version", "follows-unknown-event", "override-of-unknown-release",
    "override-of-unknown-rule", "override-without-operations", "pattern-twice", "release-with-unknown-pattern",
    "rollback-of-unknown-product", "scenario-of-unknown-type", "signal-in-another-file", "signal-of-unknown-event",
    "sprint-named-like-an-event",
    "sprint-of-unknown-product", "two-defaults-for-a-class",
    "advisory-of-unknown-product", "advisory-range-of-no-release", "advisory-fix-that-is-affected",
    "advisory-of-unknown-fix", "advisory-in-another-file",
    # what two fields say together
    "advisory-without-limits", "advisory-range-backwards", "advisory-without-fix-or-reason",
    "advisory-with-fix-and-reason", "advisory-with-fix-and-no-end", "advisory-published-before-its-embargo",
    "advisory-promise-before-it", "advisory-that-keeps-a-floor-without-fix",
    "embargo-date-alone", "embargo-without-date", "ends-before-start", "internal-but-shipped",
    "maintenance-longer-than-its-repetition", "night-from-the-end-of-a-day", "night-that-is-a-day",
    "removal-before-announcement", "removal-before-warning", "removal-without-warning", "required-by-alone",
    "requires-after-the-event",
    "backup-the-same-person", "block-that-was-reached", "impossible-block-estimate", "latest-before-earliest",
    "one-approver-twice", "override-expires-before-it-counts", "override-of-integrity-rule", "owners-the-same-person",
    "revisions-out-of-order",
    "until-before-starts", "until-without-repeats",
    "risk-and-no-risk", "risk-without-mitigation", "rule-without-its-group", "shares-over-a-hundred", "day-twice",
    "steps-in-another-order", "widens-faster-than-time", "windows-longer-with-data", "event-type-without-band",
    "exempt-and-longer", "failure-twice", "policy-not-counted-up", "region-twice", "zone-of-an-offset-to-gmt",
    # what lies inside a text
    "blank-text", "day-that-does-not-exist", "heading", "html", "http-address", "http-link", "image", "look-alike-link",
    "file-named-like-a-device", "files-that-differ-in-case", "id-of-a-device", "version-with-a-huge-number",
    "invisible-character", "maintenance-of-no-time", "two-lines-in-title",
    # names of time zones, of which a schema has no list
    "unknown-zone", "zone-as-offset", "zone-without-continent",
}  # fmt: skip


def schema_name(file: Path) -> str:
    """The schema that belongs to a file, by its folder or its name."""
    return next((name for folder, name in FOLDERS.items() if folder in file.parts), file.stem)


def test_committed_schemas_are_current() -> None:
    committed = {file.name: file.read_bytes() for file in (ROOT / "schemas").glob("*.json")}
    assert committed == schema_files(), "run `publish schema`"


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_valid_and_accepts_its_example(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert SCHEMAS[name]["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator(SCHEMAS[name]).validate(example(name))
    MODELS[name].model_validate_json(json.dumps(example(name)))


def patterns(schema: Any) -> Iterator[str]:
    """Every regular expression in a schema."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        yield from schema.get("patternProperties", {})
        for value in schema.values():
            yield from patterns(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from patterns(value)


IDENTITY_ESCAPES = frozenset("^$\\.*+?()[]{}|/")
"""What a backslash may stand before to mean itself, with the flag `u` (ECMA-262, section 22.2.1); in a class also -."""


def problem_with_flag_u(pattern: str) -> str:
    """Why an editor could not compile a pattern, as far as its escapes and brackets go; empty when it can."""
    known = r"\\(?:[dDwWsSbBnrtvf]|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4})"
    in_class, at = False, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            escape = re.compile(known).match(pattern, at)
            following = pattern[at + 1 : at + 2]
            if not escape and following not in IDENTITY_ESCAPES and not (in_class and following == "-"):
                return f"\\{following} at {at}"
            at = escape.end() if escape else at + 2
            continue
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char == "]" or (char == "{" and not re.compile(r"\{[0-9]+(,[0-9]*)?\}").match(pattern, at)):
            return f"a single {char} at {at}"
        at += 1
    return "" if not in_class else "an open ["


@pytest.mark.parametrize("name", SCHEMAS)
def test_editors_can_compile_every_pattern(name: str) -> None:
    assert {pattern: said for pattern in patterns(SCHEMAS[name]) if (said := problem_with_flag_u(pattern))} == {}


@pytest.mark.parametrize("pattern", [r"[^\s\"<>]+", r"\_", r"[a\b\ ]", "a{", "a]", "[a", r"\x1", r"\A", r"\Z"])
def test_a_pattern_that_editors_cannot_compile_is_found(pattern: str) -> None:
    assert problem_with_flag_u(pattern)


def _objects(schema: dict[str, Any]) -> list[dict[str, Any]]:
    return [schema, *schema.get("$defs", {}).values()]


@pytest.mark.parametrize("name", SCHEMAS)
def test_everything_is_titled_and_described(name: str) -> None:
    for part in _objects(SCHEMAS[name]):
        assert part.get("title"), part
        assert part.get("description"), part
        for field, schema in part.get("properties", {}).items():
            assert schema.get("description"), f"{part['title']}.{field} has no docstring"


@pytest.mark.parametrize("name", SCHEMAS)
def test_unknown_keys_are_refused_but_where_a_format_may_grow(name: str) -> None:
    closed = [part.get("additionalProperties") is False for part in _objects(SCHEMAS[name]) if "properties" in part]
    assert not any(closed) if name in OPEN else all(closed)


def test_field_docstrings_are_read_as_pydantic_would_read_them() -> None:
    class Described(BaseModel):
        """A model."""

        one: int
        """First."""
        two: int = 2
        three: int = 3
        """Third,
        in two lines."""

    assert field_docstrings(Described) == {"one": "First.", "three": "Third,\nin two lines."}


CONTENT_FILES = sorted([*(ROOT / "content").rglob("*.yaml"), *(ROOT / "site_config").glob("*.yaml")])


@pytest.mark.parametrize("file", CONTENT_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_each_content_file_names_its_schema_and_keeps_to_it(file: Path) -> None:
    first = file.read_text().splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert match, f"{file} does not begin with the line that names its schema"
    schema = (file.parent / match[1]).resolve()
    assert schema == ROOT / "schemas" / f"{schema_name(file.relative_to(ROOT))}.json"
    document, problems = parse(file.read_bytes(), str(file))
    assert not problems
    assert document is not None
    Draft202012Validator(json.loads(schema.read_text())).validate(document.data)


@pytest.mark.parametrize("name", EXPECTED)
def test_schema_and_loader_refuse_the_same_as_far_as_a_schema_can(name: str) -> None:
    target, _ = EXPECTED[name]
    document, problems = parse((HERE / "bad" / f"{name}.yaml").read_bytes(), "f.yaml")
    if problems:  # not even YAML as we read it: no schema sees it
        return
    assert document is not None
    kind = schema_name(target)
    errors = list(Draft202012Validator(SCHEMAS[kind]).iter_errors(document.data))
    assert bool(errors) == (name not in BEYOND_A_SCHEMA), errors
    # Models know no schemes: `signing/schemes.py` lies above them, and the links ask it.
    if errors and name != "unknown-scheme":
        with pytest.raises(ValidationError):
            MODELS[kind].model_validate_json(json.dumps(document.data))
