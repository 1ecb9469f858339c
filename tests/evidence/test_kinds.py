"""The shape of every kind of evidence: an adapter, its test, and its name in the table."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from publisher import evidence
from publisher.evidence.kind import EvidenceKind
from publisher.evidence.kinds import KINDS

SHARED = {"bundle", "kind", "kinds"}
ADAPTERS = sorted({module.name for module in pkgutil.iter_modules(evidence.__path__)} - SHARED)


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_makes_one_kind_that_the_table_names(name: str) -> None:
    module = importlib.import_module(f"{evidence.__name__}.{name}")
    (kind,) = (value for value in vars(module).values() if isinstance(value, EvidenceKind))
    assert KINDS[kind.name] is kind


def test_the_table_names_every_kind_and_none_that_has_no_adapter() -> None:
    assert len(KINDS) == len(ADAPTERS)
    assert all(kind.name == name and re.fullmatch("[a-z]+(-[a-z]+)*", name) for name, kind in KINDS.items())


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_has_a_test_that_is_called_after_it_and_imports_no_other(name: str) -> None:
    assert (Path(__file__).parent / f"test_{name}.py").is_file()
    source = (Path(evidence.__path__[0]) / f"{name}.py").read_text("utf-8")
    imports = {node.module or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    assert {module for module in imports if module.startswith(evidence.__name__)} == {"publisher.evidence.kind"}
