"""Fixtures of the audit's tests."""

from __future__ import annotations

import pytest

from tests.support.project import Project


@pytest.fixture
def published(project: Project) -> Project:
    """1.0.0 was live, and 1.1.0 is."""
    project.publish("1.0.0")
    project.publish("1.1.0")
    return project
