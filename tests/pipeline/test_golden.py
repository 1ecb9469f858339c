"""A whole published bucket under a fixed clock and fixed keys, byte by byte.

`pytest tests/pipeline/test_golden.py --update-golden` writes it anew; the diff is reviewed like code.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.project import Project, tree

GOLDEN = Path(__file__).parents[1] / "golden" / "two-releases"


def test_two_releases_give_exactly_the_golden_bucket(project: Project, request: pytest.FixtureRequest) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    made = tree(project.bucket)
    if request.config.getoption("--update-golden"):
        shutil.rmtree(GOLDEN, ignore_errors=True)
        for name, data in made.items():
            (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_bytes(data)
    golden = tree(GOLDEN)
    assert sorted(made) == sorted(golden)
    assert {name for name in made if made[name] != golden[name]} == set()
