"""The site of a project of one's own, made from this repository's as README says: nothing of the example is left."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.support.project import Project

ROOT = Path(__file__).parents[2]


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
