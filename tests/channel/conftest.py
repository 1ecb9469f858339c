"""Fixtures of the channel's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with keys and no release."""
    return Project(tmp_path / "project")
