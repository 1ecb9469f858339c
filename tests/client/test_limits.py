"""Endless data: whoever holds one online key writes the lengths that TUF goes by, so our own caps hold beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tuf.api.exceptions import SlowRetrievalError
from tuf.ngclient import FetcherInterface

from publisher.client.cli import wall_clock
from publisher.client.metadata.metadata_fetcher import MetadataFetcher
from publisher.client.network.deadlines import CHUNK
from publisher.client.network.http import fetcher_for
from publisher.client.network.patience import impatient
from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientError, ClientVerificationError, Code
from publisher.wire.feed_parser import MAX_BYTES
from publisher.wire.limits import LIMITS, limit_of
from tests.client.conftest import ASK
from tests.support.serving import served
from tests.support.tuf_repository import Bucket, a_feed

pytestmark = pytest.mark.loopback

HUGE = 10**11
"""Bytes of a file that nobody could take; on the disk it has holes only."""


class Meter(FetcherInterface):
    """Counts the bytes of each file that is taken, by its name."""

    def __init__(self, inner: FetcherInterface) -> None:
        self.inner = inner
        self.taken: dict[str, int] = {}

    def _fetch(self, url: str) -> Iterator[bytes]:
        name = url.rpartition("/")[2]
        self.taken[name] = 0
        for chunk in self.inner.fetch(url):
            self.taken[name] += len(chunk)
            yield chunk


@pytest.fixture(params=["http", "file"])
def url(request: pytest.FixtureRequest, bucket: Bucket) -> Iterator[str]:
    with ExitStack() as stack:
        yield stack.enter_context(served(bucket.directory)) if request.param == "http" else bucket.url


@pytest.fixture
def meter(url: str) -> Meter:
    return Meter(fetcher_for(url))


@pytest.fixture
def asking(url: str, bucket: Bucket, meter: Meter, tmp_path: Path) -> UpdateClient:
    return UpdateClient(url, bucket.root_bytes, tmp_path / "state", meter, wall_clock)


def blow_up(bucket: Bucket, name: str) -> None:
    path = bucket.directory / "tuf/metadata" / name
    path.touch()
    os.truncate(path, HUGE)


ROLES = ("snapshot", "targets", "btfs-node.stable", "brakes")


@pytest.mark.parametrize("role", ["root", "timestamp", *ROLES])
def test_a_role_whose_file_never_ends_is_cut_off_at_our_cap(
    bucket: Bucket, asking: UpdateClient, meter: Meter, role: str
) -> None:
    bucket.brakes = True
    bucket.publish()
    name = {"root": "2.root.json", "timestamp": "timestamp.json"}.get(role, f"{bucket.version}.{role}.json")
    blow_up(bucket, name)
    with pytest.raises(ClientVerificationError, match="sends too much data") as caught:
        asking.fetch_feed(*ASK)
    assert caught.value.code is Code.TOO_LARGE
    assert meter.taken[name] <= limit_of(name) + CHUNK


@pytest.mark.parametrize("role", ROLES)
def test_a_signed_length_of_a_terabyte_is_refused_before_a_byte_is_read(
    bucket: Bucket, asking: UpdateClient, meter: Meter, role: str
) -> None:
    bucket.brakes = True
    bucket.claims[role] = 10**12
    bucket.publish()
    name = f"{bucket.version}.{role}.json"
    blow_up(bucket, name)
    with pytest.raises(ClientVerificationError, match=f"has {10**12} bytes according to the metadata") as caught:
        asking.fetch_feed(*ASK)
    assert caught.value.code is Code.TOO_LARGE
    assert name not in meter.taken


def test_all_metadata_together_has_an_end(url: str, bucket: Bucket, meter: Meter) -> None:
    """A mirror that takes its time for each of many files would hold the lock, and others would wait."""
    with pytest.raises(SlowRetrievalError):
        MetadataFetcher(meter, impatient(wall_clock), seconds=0).download_bytes(
            f"{url}/tuf/metadata/timestamp.json", 1000
        )
    assert not meter.taken


def test_a_feed_that_never_ends_is_cut_off(bucket: Bucket, asking: UpdateClient, meter: Meter) -> None:
    feed = bucket.path("tuf/targets/feed/**/*.json")
    os.truncate(feed, HUGE)
    with pytest.raises(ClientVerificationError, match="sends too much data"):
        asking.fetch_feed(*ASK)
    assert meter.taken[feed.name] <= MAX_BYTES + CHUNK


def test_an_artifact_that_never_ends_is_cut_off_at_its_signed_size(
    bucket: Bucket, asking: UpdateClient, meter: Meter, to: Path
) -> None:
    alone = a_feed()
    alone["release"]["artifact"]["urls"] = []
    bucket.release(alone)
    artifact = bucket.path("tuf/targets/artifacts/**/*.tar.gz")
    os.truncate(artifact, HUGE)
    feed = asking.fetch_feed(*ASK)
    with pytest.raises(ClientVerificationError, match="sends too much data"):
        asking.download(feed, to)
    assert not list(to.iterdir())
    assert meter.taken[artifact.name] <= CHUNK


def test_an_artifact_beyond_our_cap_is_refused_though_feed_and_role_agree(
    bucket: Bucket, asking: UpdateClient, meter: Meter, to: Path
) -> None:
    feed = a_feed()
    feed["release"]["artifact"]["size"] = 10**12
    bucket.release(feed)
    with pytest.raises(ClientError, match="must be from 1 to"):
        asking.download(asking.fetch_feed(*ASK), to)
    assert not [name for name in meter.taken if name.endswith(".tar.gz")]


def test_a_chain_of_roots_beyond_our_limit_is_refused_and_not_cut_off(bucket: Bucket, asking: UpdateClient) -> None:
    for version in range(2, LIMITS.max_root_rotations + 2):
        bucket.root.signed.version = version
        bucket.write_root()
    asking.fetch_feed(*ASK)
    bucket.root.signed.version += 1
    bucket.write_root()
    for _ in range(2):
        with pytest.raises(ClientVerificationError, match="more than 64 root files"):
            asking.fetch_feed(*ASK)


@pytest.mark.parametrize("name", ["snapshot.json", "timestamp.json", "root_history/2.root.json"])
def test_a_huge_file_in_the_state_is_named_and_not_read(
    bucket: Bucket, asking: UpdateClient, tmp_path: Path, name: str
) -> None:
    asking.fetch_feed(*ASK)
    path = tmp_path / "state/metadata" / name
    path.touch()
    os.truncate(path, HUGE)
    with pytest.raises(ClientError, match="not metadata that this client saved") as caught:
        asking.fetch_feed(*ASK)
    assert str(path) in caught.value.what
    path.unlink()
    asking.fetch_feed(*ASK)
