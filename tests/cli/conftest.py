"""Fixtures of the commands' tests."""

from __future__ import annotations

from tests.support.command import publish
from tests.support.forks import forks
from tests.support.project import project

__all__ = ["forks", "project", "publish"]
