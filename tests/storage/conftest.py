"""S3 for the tests of storages: a bucket of the real server, and the environment that opens it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from publisher.storage.directory.store import DirectoryStorage

if TYPE_CHECKING:  # boto3 is slow to load, and few tests need it
    from publisher.storage.s3.probe import Capabilities
    from publisher.storage.s3.store import S3Storage
    from tests.support.s3_proxy import S3Proxy
    from tests.support.seaweed import SeaweedServer

MakeStorage = Callable[..., "S3Storage"]

BIG = bytes(range(256)) * 4096 * 12 + b"tail"
"""12 MiB and a little: three parts."""

_prefixes = itertools.count()


@pytest.fixture(scope="session")
def shared_bucket(seaweed: SeaweedServer) -> str:
    """One bucket for tests that take a prefix of their own."""
    return seaweed.new_bucket()


@pytest.fixture
def own_prefix() -> str:
    """A prefix that no other test uses."""
    return f"test-{next(_prefixes)}"


@pytest.fixture
def as_admin(seaweed: SeaweedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of somebody who may do everything."""
    for name, value in seaweed.admin.environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def make(seaweed: SeaweedServer, shared_bucket: str, own_prefix: str, as_admin: None) -> MakeStorage:
    """Open a storage at this test's prefix, or elsewhere; it is quick to give up."""
    from publisher.storage.s3.address import S3Address  # noqa: PLC0415
    from publisher.storage.s3.retry import Patience  # noqa: PLC0415
    from publisher.storage.s3.store import S3Storage  # noqa: PLC0415

    def open_it(
        *, endpoint: str | None = None, bucket: str | None = None, below: str | None = None, **how: Any
    ) -> S3Storage:
        address = S3Address(
            bucket or shared_bucket, (own_prefix if below is None else below) + "/", endpoint or seaweed.endpoint
        )
        how.setdefault("patience", Patience(attempts=5, first=0.02, longest=0.2))
        return S3Storage(address, **how)

    return open_it


@pytest.fixture(scope="session")
def known(seaweed: SeaweedServer, shared_bucket: str) -> Capabilities:
    """What the server keeps to, tried out once and not for every test."""
    from publisher.storage.s3.address import S3Address  # noqa: PLC0415
    from publisher.storage.s3.store import S3Storage  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        for name, value in seaweed.admin.environment.items():
            patch.setenv(name, value)
        return S3Storage(S3Address(shared_bucket, "known/", seaweed.endpoint)).capabilities


@pytest.fixture
def s3(make: MakeStorage, known: Capabilities) -> S3Storage:
    """An empty, prepared place on the real server."""
    storage = make(capabilities=known)
    storage.prepare()
    return storage


@pytest.fixture
def proxy(seaweed: SeaweedServer) -> Iterator[S3Proxy]:
    """In front of the real server, to misbehave."""
    from tests.support.s3_proxy import S3Proxy  # noqa: PLC0415

    with S3Proxy.started(seaweed.endpoint, seaweed.admin) as running:
        yield running


@pytest.fixture
def far(make: MakeStorage, known: Capabilities, s3: S3Storage, proxy: S3Proxy) -> S3Storage:
    """The place of `s3`, seen through the proxy; small parts."""
    from publisher.storage.s3.integrity import MIB  # noqa: PLC0415

    storage = make(endpoint=proxy.endpoint, capabilities=known, part_size=5 * MIB, stream_limit=5 * MIB)
    storage.stat("anything")
    proxy.seen.clear()
    return storage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Where a bucket in a directory is to be."""
    return tmp_path / "bucket"


@pytest.fixture
def bucket(root: Path) -> DirectoryStorage:
    """An empty bucket in a directory."""
    storage = DirectoryStorage(root)
    storage.prepare()
    return storage
