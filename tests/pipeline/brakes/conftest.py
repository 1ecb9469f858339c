"""A channel that has something to stop."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.project import Project


@pytest.fixture
def shipped(project: Project) -> Project:
    """1.0.0 and then 1.1.0 are published, an hour ago."""
    project.publish("1.0.0")
    project.publish("1.1.0")
    project.now += timedelta(hours=1)
    return project


@pytest.fixture
def ben_on_call(shipped: Project) -> None:
    """Of the keys of brakes, only ben's is here; the others lie in the project's own folder."""
    for key in shipped.keys.glob("brakes-*.pem"):
        if key.stem != "brakes-ben":
            key.rename(shipped.base / key.name)
