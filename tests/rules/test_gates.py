"""The shape of every gate: a file, its test, and a line in the order; and what it keeps to itself is not published."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from publisher import rules
from publisher.model.content.policy import Policy
from publisher.model.records.decision import Outcome
from publisher.rules import gates
from publisher.rules.engine.gate import EVERYBODY, SILENT, Gate, Half, Ruling
from publisher.rules.evaluate import evaluate
from publisher.rules.gate_order import BY_ID, GATES
from publisher.rules.maintenance.judge import CONDITIONS
from tests.support import build
from tests.support.build import at

FOLDERS = {half: importlib.import_module(f"{gates.__name__}.{half.value}") for half in Half}
MODULES = {
    f"{half.value}/{module.name}": importlib.import_module(f"{folder.__name__}.{module.name}")
    for half, folder in FOLDERS.items()
    for module in pkgutil.iter_modules(folder.__path__)
}
NAME = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")


def gates_of(name: str) -> list[Gate]:
    """The gates that a module makes."""
    return [value for value in vars(MODULES[name]).values() if isinstance(value, Gate)]


def test_the_two_folders_of_gates_are_the_two_halves() -> None:
    assert {module.name for module in pkgutil.iter_modules(gates.__path__)} == {half.value for half in Half}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_of_gates_holds_one_gate_of_its_half_and_stands_once_in_the_order(name: str) -> None:
    (gate,) = gates_of(name)
    assert gate.half.value == name.partition("/")[0]
    assert [each for each in GATES if each is gate] == [gate]


@pytest.mark.parametrize("name", MODULES)
def test_a_gate_has_a_test_that_is_called_after_it(name: str) -> None:
    half, _, module = name.partition("/")
    assert (Path(__file__).parent / "gates" / half / f"test_{module}.py").is_file()


def test_the_order_names_every_gate_and_none_that_has_no_module() -> None:
    assert sorted(BY_ID) == sorted(gate.id for name in MODULES for gate in gates_of(name))


def test_ids_of_gates_and_conditions_are_unique_and_can_be_named_in_content() -> None:
    ids = [*(gate.id for gate in GATES), *(condition.id for condition in CONDITIONS)]
    assert len(set(ids)) == len(ids)
    assert all(NAME.fullmatch(ident) for ident in ids)


def test_an_id_stands_in_its_own_file_and_nowhere_else() -> None:
    """Whoever means a gate imports it; so a gate can be taken away, and no list goes its own way."""
    literals = {f'"{ident}"' for ident in BY_ID}
    package = Path(rules.__path__[0]).parent
    matches = [
        (ident, str(path.relative_to(package)))
        for path in sorted(package.rglob("*.py"))
        for ident in re.findall(r'"[a-z]+\.[a-z-]+"', path.read_text(encoding="utf-8"))
        if ident in literals
    ]
    assert sorted(ident for ident, _ in matches) == sorted(literals)
    assert all(path.startswith("rules/gates/") for _, path in matches)


def test_profiles_are_those_that_the_policy_knows() -> None:
    profile = Policy.model_json_schema()["properties"]["profile"]
    assert set(profile["enum"]) == EVERYBODY
    asked = [*(gate.profiles for gate in GATES), *(condition.profiles for condition in CONDITIONS)]
    assert all(profiles and profiles <= EVERYBODY for profiles in asked)


def published(ruling: Ruling) -> dict[str, object]:
    """What the public reads of a ruling, without what is empty."""
    release = build.release("4.2.0")
    decision = evaluate(build.catalog([], [release]), release, "stable", at("2026-01-01"))
    return (
        decision.model_copy(update={"verdicts": (ruling.verdict("risk.new"),)})
        .public()
        .verdicts[0]
        .model_dump(exclude_defaults=True)
    )


def test_a_ruling_without_public_words_is_not_published() -> None:
    secret = Ruling(Outcome.BLOCKED, reason="Secret.", who="Ops", fix="Secret.", arithmetic="1 d", sources=("secret",))
    assert secret.verdict("risk.new").reason == "Secret."
    assert published(secret) == {"rule": "risk.new", "outcome": Outcome.BLOCKED, "reason": SILENT, "who": "Ops"}


def test_where_the_team_reads_more_the_public_reads_its_own_words_alone() -> None:
    more = Ruling(Outcome.BLOCKED, reason="A secret.", public="Something.", fix="Secret.", sources=("secret",))
    assert published(more) == {"rule": "risk.new", "outcome": Outcome.BLOCKED, "reason": "Something."}
    # Also where they happen to be the same, since the rest tells more.
    same = Ruling(Outcome.BLOCKED, reason="A.", public="A.", sources=("secret",))
    assert published(same) == {"rule": "risk.new", "outcome": Outcome.BLOCKED, "reason": "A."}


def test_words_that_are_public_are_the_reason_and_the_rest_is_published_with_them() -> None:
    ruling = Ruling(Outcome.BLOCKED, public="No files.", fix="List them.", sources=("listing",))
    whole = ruling.verdict("risk.new")
    assert (whole.reason, whole.public_reason) == ("No files.", None)
    assert published(ruling) == whole.model_dump(exclude_defaults=True)
