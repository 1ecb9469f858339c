"""What a test asks of the machine: what is missing skips with its reason, or fails where it is required."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

REQUIRED = "TIDEGATE_SYSTEM_TESTS"
"""Set to "required", this environment variable turns every skip below into a failure."""


def skip_system(reason: str) -> NoReturn:
    """Skip the running test; fail it where system tests are required."""
    if os.environ.get(REQUIRED) == "required":
        pytest.fail(f"{reason} ({REQUIRED}=required)", pytrace=False)
    pytest.skip(reason)


def need(program: str) -> Path:
    """Where a program is, or skip."""
    found = shutil.which(program)
    if found is None:
        skip_system(f"the program {program} is not installed")
    return Path(found)
