"""A wheel holds every file that is no module: data that is read at run time must not stay behind."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_every_file_that_is_no_module_goes_into_the_wheel() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    globs: dict[str, list[str]] = project["tool"]["setuptools"]["package-data"]
    packed = {
        path
        for package, patterns in globs.items()
        for pattern in patterns
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    there = {path for path in (ROOT / "publisher").rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert there == packed
