"""A repository on this machine, and a client that was given its first root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.conformance_client import ConformanceClient
from tests.support.memory_repository import MemoryRepository


@pytest.fixture
def repository() -> MemoryRepository:
    return MemoryRepository()


@pytest.fixture(params=["code", pytest.param("executable", marks=pytest.mark.nightly)])
def client(request: pytest.FixtureRequest, repository: MemoryRepository, tmp_path: Path) -> Iterator[ConformanceClient]:
    """A client that has not asked for anything yet; by day its code, by night the executable too."""
    with repository.running() as url:
        client = ConformanceClient(tmp_path, url, as_process=request.param == "executable")
        client.init(repository.served["metadata/1.root.json"])
        yield client
