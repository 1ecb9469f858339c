"""Sites to build: a small one, and that of a project of one's own, made from this repository's as README says."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support.project import Project

ROOT = Path(__file__).parents[2]
SMALL = ROOT / "tests" / "content" / "good"


def small_site(base: Path) -> Path:
    """All kinds of pages, made of little content, for tests about building and not about our own content."""
    for name in ("content", "site_config"):
        shutil.copytree(SMALL / name, base / name)
    shutil.copytree(ROOT / "content" / "pages", base / "content" / "pages")
    shutil.copyfile(ROOT / "content" / "sample.yaml", base / "content" / "sample.yaml")  # its clock stands still
    shutil.copytree(ROOT / "templates", base / "templates")
    shutil.copyfile(ROOT / "mkdocs.yml", base / "mkdocs.yml")
    return base


def copy_site(project: Project) -> None:
    """Pages, templates and mkdocs.yml, without our own story and with an address for reports."""
    shutil.copytree(ROOT / "content" / "pages", project.content / "pages")
    shutil.copytree(ROOT / "templates", project.base / "templates")
    (project.content / "pages/help/history.md").unlink()
    configuration = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    lines = [line for line in configuration.splitlines(keepends=True) if "help/history.md" not in line]
    (project.base / "mkdocs.yml").write_text("".join(lines), encoding="utf-8")
    safety = project.content / "pages/safety.md"
    text = re.sub(r'<p class="tg-fill".*?</p>', "Write to us.", safety.read_text(encoding="utf-8"), flags=re.DOTALL)
    safety.write_text(text, encoding="utf-8")
