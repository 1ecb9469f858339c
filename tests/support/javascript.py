"""Packages of npm that tests need: tuf-js, an independent TUF client, and axe-core, which judges accessibility."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.support.system import need, skip_system

SCRIPTS = Path(__file__).parents[1] / "system" / "js"


def download_with_tuf_js(address: str, root: Path, target: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Download a target; the path of the file is what it prints. Skips where Node.js or tuf-js cannot be had."""
    node = need("node")
    scripts = _installed(directory)
    return subprocess.run(
        [node, scripts / "download.mjs", address, root, target, directory / "client"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def axe(directory: Path) -> str:
    """The text of axe-core, which runs in the page that it judges. Skips where it cannot be had."""
    return (_installed(directory) / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def _installed(directory: Path) -> Path:
    """The scripts with their packages, installed once a directory, outside of the repository."""
    place = directory / "js"
    if not place.exists():
        npm = need("npm")
        shutil.copytree(SCRIPTS, place)
        ran = subprocess.run(
            [npm, "ci", "--no-fund", "--no-audit", "--ignore-scripts", "--silent"],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            shutil.rmtree(place)
            skip_system(f"npm does not give the packages of tests/system/js: {ran.stderr[-300:]}")
    return place
