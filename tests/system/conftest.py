"""Fixtures of the system tests: S3, and the command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.command import publish

if TYPE_CHECKING:  # boto3 is slow to load, and few tests need it
    from tests.support.s3_place import Places
    from tests.support.seaweed import SeaweedServer

__all__ = ["places", "publish"]


@pytest.fixture(scope="module")
def places(seaweed: SeaweedServer) -> Iterator[Places]:
    """Places on the real server that the public can read; the environment has the credentials to write there."""
    from tests.support.s3_place import Places  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        for name, value in seaweed.admin.environment.items():
            patch.setenv(name, value)
        yield Places.made(seaweed)
