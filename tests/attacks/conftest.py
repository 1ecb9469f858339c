"""A published channel, and a machine that has followed it so far."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.machine import Machine, machine_for
from tests.support.project import Project, project

__all__ = ["project"]


@pytest.fixture
def live(project: Project) -> Project:
    """node 1.0.0, then 1.1.0, in the channel stable."""
    project.publish("1.0.0")
    project.publish("1.1.0")
    return project


@pytest.fixture
def machine(live: Project, tmp_path: Path) -> Machine:
    """It runs 1.0.0 and has checked today; 1.1.0 is offered."""
    machine = machine_for(live, tmp_path / "machine", current="1.0.0")
    assert machine.offered() == "1.1.0"
    machine.wire.asked.clear()
    return machine


@pytest.fixture
def fresh(live: Project, tmp_path: Path) -> Machine:
    """It has never checked."""
    return machine_for(live, tmp_path / "fresh")
