"""Fixtures of the commands' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import publish
from tests.support.project import Project

__all__ = ["project", "publish"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with keys and no release."""
    return Project(tmp_path / "project")
