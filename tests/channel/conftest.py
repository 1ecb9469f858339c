"""Fixtures of the channel's tests."""

from __future__ import annotations

from tests.support.project import project

__all__ = ["project"]
