"""What CONTRIBUTING.md and ARCHITECTURE.md say of the whole code: where it meets the world, and where tests stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support.command import ROOT

EDGES = ("cli/", "client/cli.py", "client/__main__.py", "site/mkdocs/plugin.py")
WORLD = {"datetime.now", "datetime.utcnow", "date.today", "os.environ", "os.getenv", "sys.exit", "print"}
WITHOUT_MODULES = {"attacks", "bench", "conformance", "golden", "support", "system", "vectors"}
TESTED_ELSEWHERE = {"locks", "text", "wire"}


def touched(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}"


def test_clock_environment_and_output_are_met_at_the_edges_alone() -> None:
    package = ROOT / "publisher"
    inside = [path for path in package.rglob("*.py") if not str(path.relative_to(package)).startswith(EDGES)]
    assert len(inside) > 200
    matches = {
        (str(path.relative_to(package)), name)
        for path in inside
        for name in touched(ast.parse(path.read_text("utf-8")))
        if name in WORLD
    }
    assert matches == set()


def test_tests_stand_in_folders_named_like_those_of_the_package() -> None:
    def folders(base: Path) -> set[str]:
        return {path.name for path in base.iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert folders(ROOT / "tests") - WITHOUT_MODULES == folders(ROOT / "publisher") - TESTED_ELSEWHERE
