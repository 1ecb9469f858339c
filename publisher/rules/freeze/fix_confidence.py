"""Releases that mend something, and so must be sure to (R28)."""

from __future__ import annotations

from publisher.model.content.release import ChangeClass, Necessity, Release

FIXES = (ChangeClass.PATCH, ChangeClass.SECURITY, ChangeClass.HOTFIX)
"""Classes that mend something."""


def sure_fix(release: Release) -> bool:
    """Whether users are hurt without it, and it surely mends what hurts."""
    essential = release.necessity is Necessity.ESSENTIAL
    return essential and release.change_class in FIXES and release.fix_confidence == "high"
