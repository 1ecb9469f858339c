"""Fixtures of the pipeline's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.approving import stage
from tests.support.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with keys and no release."""
    return Project(tmp_path / "project")


@pytest.fixture
def staged(project: Project) -> Project:
    """The same: 1.0.0 is live, 1.1.0 is staged."""
    project.publish("1.0.0")
    stage(project, "1.1.0")
    return project
