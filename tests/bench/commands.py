"""How fast the command line answers."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.bench.measure import Result, command, compared
from tests.support.many import write

BIN = Path(sys.executable).parent
ROOT = Path(__file__).parents[2]


def run(scratch: Path) -> Iterator[tuple[str, Result]]:
    """publish --help, and why and check on 200 releases."""
    yield (
        "publish --help",
        compared(
            command(BIN / "publish", "--help", cwd=ROOT),
            command(BIN / "mkdocs", "--help", cwd=ROOT),
            limit=0.2,
            target="under 0.2 s",
            note="theirs: mkdocs --help",
        ),
    )
    directory = scratch / "200"
    directory.mkdir()
    content, config = write(directory, releases=200, events=50)
    files = sorted([*content.rglob("*.yaml"), *config.rglob("*.yaml")])
    name = next(f"{path.parent.name}@{path.stem}" for path in files if path.parent.parent.name == "releases")
    places = ("--content", content, "--config", config)
    loading = f"""\
import sys, yaml
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        yaml.load(file, Loader=yaml.{"CSafeLoader" if hasattr(yaml, "CSafeLoader") else "SafeLoader"})
"""
    bare = command(sys.executable, "-c", loading, *files, cwd=ROOT)
    theirs = "theirs: python and libyaml reading the same files, with no check at all"
    yield (
        "publish why, 200 releases",
        compared(
            command(BIN / "publish", "why", name, *places, cwd=ROOT),
            bare,
            limit=0.5,
            target="under 0.5 s",
            note=theirs,
        ),
    )
    yield (
        "publish check, 200 releases",
        compared(
            command(BIN / "publish", "check", *places, cwd=ROOT), bare, limit=0.5, target="under 0.5 s", note=theirs
        ),
    )
