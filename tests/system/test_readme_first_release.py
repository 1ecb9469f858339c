"""README's first release, line by line, until a user has the client and the root, and follows the channel with them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


def blocks() -> dict[str, list[str]]:
    """The code of README's section on the first release, by language, in order."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("## Your own first release") : readme.index("**On S3?**")]
    found: dict[str, list[str]] = {"sh": [], "yaml": []}
    for language, code in re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL):
        found[language].append(code)
    return found


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    place = tmp_path / "tidegate"
    for name in ("content", "site_config", "templates", "schemas"):
        shutil.copytree(ROOT / name, place / name)
    shutil.copyfile(ROOT / "mkdocs.yml", place / "mkdocs.yml")
    (place / ".venv").mkdir()
    (place / ".venv/bin").symlink_to(Path(sys.executable).parent)
    return place


@pytest.fixture
def ours(checkout: Path) -> Path:
    """What README's first lines make beside the checkout."""
    shell(checkout, blocks()["sh"][0])
    return checkout.parent / "ours"


def shell(directory: Path, code: str) -> subprocess.CompletedProcess[str]:
    bucket = directory.parent / "bucket"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TIDEGATE_PASSPHRASE": "a long passphrase", "NO_MKDOCS_2_WARNING": "1"}
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code.replace("/srv/bucket", str(bucket))],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran


def write_own_files(project: Path) -> None:
    """What README asks people to write and build themselves."""
    for text in re.split(r"^# (?=\S+\.yaml$)", blocks()["yaml"][0], flags=re.MULTILINE)[1:]:
        name, _, body = text.partition("\n")
        file = project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(body.replace("/srv/bucket", str(project.parent / "bucket")), encoding="utf-8")
    dist = project / "dist/1.0.0"
    dist.mkdir(parents=True)
    for ending in ("linux-amd64.tar.gz", "windows-amd64.zip"):
        (dist / f"our-node-1.0.0-{ending}").write_bytes(os.urandom(2000))


def fill_in(project: Path) -> None:
    safety = project / "content/pages/safety.md"
    text = re.sub(r'<p class="tg-fill".*?</p>', "Write to security@our-node.test.", safety.read_text(), flags=re.DOTALL)
    safety.write_text(text, encoding="utf-8")


def test_the_first_release_ends_with_users_who_have_client_and_root(ours: Path) -> None:
    write_own_files(ours)
    fill_in(ours)
    _, release, client = blocks()["sh"]
    said = shell(ours, release).stdout
    assert "Recorded shipped_at in content/releases/our-node/1.0.0.yaml" in said
    assert "is left from the example" not in said
    shell(ours, client)

    page = (ours / "site/downloads/index.html").read_text(encoding="utf-8")
    for name in ("tidegate.pyz", "root.json"):
        assert f'href="../{name}"' in page
        assert (ours / "site" / name).is_file()
    help_page = (ours / "site/index.html").read_text(encoding="utf-8")
    assert "What history teaches" not in help_page
    assert "To be filled in" not in (ours / "site/safety/index.html").read_text(encoding="utf-8")

    user = ours.parent / "user"
    user.mkdir()
    shutil.copyfile(ours / "site/tidegate.pyz", user / "tidegate.pyz")
    shutil.copyfile(ours / "site/root.json", user / "root.json")
    answer = shell(
        user,
        "python3 tidegate.pyz check --product our-node --channel stable --platform linux-amd64 --current 0.9.0 --json"
        f" --url {(ours.parent / 'bucket').as_uri()} --root root.json --state state",
    )
    assert json.loads(answer.stdout)["outcome"] == "update-available"


def test_nothing_is_published_while_the_example_is_left(ours: Path) -> None:
    write_own_files(ours)
    with pytest.raises(AssertionError, match=r"content/pages/safety\.md:\d+:1: is left from the example"):
        shell(ours, blocks()["sh"][1])
    assert not (ours.parent / "bucket").exists()
