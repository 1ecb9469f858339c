"""A small valid project, copied afresh for each test, so that broken files can be laid over it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.content.load import HISTORY, load_catalog
from publisher.errors import ContentError, Problem
from publisher.model.history.mapping import Mapping as HistoryMapping

HERE = Path(__file__).parent

Check = Callable[[], tuple[Problem, ...]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project's directory, which is also the working directory."""
    directory = tmp_path / "project"
    shutil.copytree(HERE / "good", directory)
    monkeypatch.chdir(directory)
    return directory


@pytest.fixture
def problems(project: Path) -> Check:
    """Loads the project as `publish check` does and gives its problems; none when it is fine."""

    def check() -> tuple[Problem, ...]:
        try:
            config = Path("site_config")
            load_catalog([Path("content")], config, besides={config / HISTORY: HistoryMapping})
        except ContentError as error:
            return error.problems
        return ()

    return check
