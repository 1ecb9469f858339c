"""Fixtures of the commands' tests."""

from __future__ import annotations

from tests.support.command import publish
from tests.support.project import project

__all__ = ["project", "publish"]
