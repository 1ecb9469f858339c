"""Fixtures of the pipeline's tests."""

from __future__ import annotations

import pytest

from tests.support.approving import stage
from tests.support.project import Project, project

__all__ = ["project"]


@pytest.fixture
def staged(project: Project) -> Project:
    """The same: 1.0.0 is live, 1.1.0 is staged."""
    project.publish("1.0.0")
    stage(project, "1.1.0")
    return project


@pytest.fixture
def published(project: Project) -> Project:
    """The same: 1.0.0 is live."""
    project.publish("1.0.0")
    return project
