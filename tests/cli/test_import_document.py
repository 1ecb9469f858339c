"""docs/import-events.md, line by line: its files, its commands, and what they answer."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

from tests.support.command import ROOT, Publish

PAGE = (ROOT / "docs/import-events.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r'^```(\w+)(?: title="([^"]+)")?( result| excerpt)?\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL)


def set_up(base: Path) -> None:
    """A directory as README's own first release sets it up: nothing of the sample but its policy."""
    for name in ("site_config", "templates", "schemas"):
        shutil.copytree(ROOT / name, base / name)
    shutil.copytree(ROOT / "content/pages", base / "content/pages")
    shutil.copy(ROOT / "mkdocs.yml", base)
    (base / "site_config/staffing.yaml").unlink()
    policy = (ROOT / "content/policy.yaml").read_text().replace("sample: true\n", "")
    (base / "content/policy.yaml").write_text(policy[: policy.index("\nowners:") + 1])


def follow(base: Path, publish: Publish) -> None:
    """Write each file of the page, type each command, and compare each answer and each file that it shows."""
    out = ""
    for language, name, kind, text in BLOCKS:
        if language == "sh":
            out = "".join(typed(line, base, publish) for line in text.splitlines())
        elif language == "text":
            expected = text.removesuffix("...\n")
            assert out.startswith(expected) if text != expected else out == expected, out
        elif kind == " result":
            assert (base / name).read_text() == text
        elif kind == " excerpt":
            assert text in (base / name).read_text()
        else:
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_text(text)


def typed(line: str, base: Path, publish: Publish) -> str:
    if line.startswith("publish "):
        ran = publish(*shlex.split(line)[1:], cwd=base)
        assert ran.code == 0, f"{line}\n{ran.out}\n{ran.err}"
        return ran.out
    subprocess.run(["bash", "-ec", line], cwd=base, check=True)
    return ""


@pytest.fixture
def followed(tmp_path: Path, publish: Publish) -> Path:
    set_up(tmp_path / "ours")
    follow(tmp_path / "ours", publish)
    return tmp_path / "ours"


def test_the_page_is_followed_line_by_line(followed: Path, publish: Publish) -> None:
    assert {language for language, *_ in BLOCKS} == {"yaml", "json", "sh", "text"}
    assert publish("check", cwd=followed).code == 0


def test_users_read_what_to_run_by_when(followed: Path, publish: Publish) -> None:
    ran = publish("render", "--to", "pages", cwd=followed)
    assert ran.code == 0, ran.err
    page = re.sub("<[^>]+>", "", (followed / "pages/ready.md").read_text(encoding="utf-8"))
    quoted = re.findall(r"^> - (.*)$", PAGE, re.MULTILINE)
    assert len(quoted) == 4
    for sentence in quoted:
        assert sentence in " ".join(unescape(page).split())
