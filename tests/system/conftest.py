"""Fixtures of the system tests: S3, and the command."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from tests.support.command import publish

if TYPE_CHECKING:  # boto3 is slow to load, and few tests need it
    from tests.support.s3_place import Places
    from tests.support.s3_server import S3Server
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


@pytest.fixture(scope="module", params=["seaweed", pytest.param("ceph", marks=pytest.mark.nightly)])
def server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    """A real server. Ceph's is for the nights: its programs are not installed everywhere."""
    found = request.getfixturevalue(request.param)
    from tests.support.ceph import unquoted  # noqa: PLC0415 - boto3 is slow to load

    with unquoted() if request.param == "ceph" else nullcontext():
        yield found
