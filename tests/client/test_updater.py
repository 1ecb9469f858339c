"""The client against real repositories: what is good is found and fetched, and wrong questions are answered."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from publisher.client.cli import wall_clock
from publisher.client.network.http import fetcher_for
from publisher.client.updater import Downloaded, UpdateClient
from publisher.wire.errors import ClientInputError, ClientVerificationError
from tests.client.conftest import ASK, CountingFetcher, empty
from tests.support.tuf_repository import Bucket, a_feed

# What works.


def test_a_signed_feed_is_found_and_its_signers_are_named(client: UpdateClient) -> None:
    channel = client.fetch_channel(*ASK)
    assert channel.feed.release is not None
    assert str(channel.feed.release.version) == "4.1.0"
    assert [(sig.person, sig.duty) for sig in channel.signatures] == [
        ("alice", "engineering"),
        ("bob", "operations"),
    ]


def test_the_file_arrives_whole_under_its_plain_name(client: UpdateClient, to: Path) -> None:
    downloaded = client.download(client.fetch_feed(*ASK), to)
    assert downloaded == Downloaded(to / "btfs-4.1.0-linux-amd64.tar.gz", already_there=False)
    assert downloaded.path.read_bytes() == b"the program"
    assert [path.name for path in to.iterdir()] == [downloaded.path.name]


def test_the_same_bytes_are_already_there(client: UpdateClient, to: Path) -> None:
    feed = client.fetch_feed(*ASK)
    client.download(feed, to)
    assert client.download(feed, to).already_there


def test_another_file_of_that_name_is_never_touched(client: UpdateClient, to: Path) -> None:
    mine = to / "btfs-4.1.0-linux-amd64.tar.gz"
    mine.write_bytes(b"mine")
    with pytest.raises(ClientInputError, match="a different file; it was not changed"):
        client.download(client.fetch_feed(*ASK), to)
    assert mine.read_bytes() == b"mine"
    assert len(list(to.iterdir())) == 1


@pytest.mark.parametrize("exists", [True, False], ids=["to a file", "dangling"])
def test_a_link_under_that_name_is_refused_and_not_followed(client: UpdateClient, to: Path, exists: bool) -> None:
    elsewhere = to.parent / "elsewhere"
    if exists:
        elsewhere.write_bytes(b"mine")
    (to / "btfs-4.1.0-linux-amd64.tar.gz").symlink_to(elsewhere)
    with pytest.raises(ClientInputError, match="symbolic link"):
        client.download(client.fetch_feed(*ASK), to)
    assert elsewhere.exists() == exists
    assert not exists or elsewhere.read_bytes() == b"mine"


def test_a_link_that_appears_during_the_download_is_refused_and_nothing_is_fetched_again(
    client: UpdateClient, fetcher: CountingFetcher, to: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = client.fetch_feed(*ASK)
    before = len(fetcher.asked)
    inner = fetcher.inner.fetch

    def fetch(url: str) -> Iterator[bytes]:
        (to / "btfs-4.1.0-linux-amd64.tar.gz").symlink_to(to.parent / "nowhere")
        return inner(url)

    monkeypatch.setattr(fetcher.inner, "fetch", fetch)
    with pytest.raises(ClientInputError, match="symbolic link"):
        client.download(feed, to)
    assert len(fetcher.asked) == before + 1
    assert [path.is_symlink() for path in to.iterdir()] == [True]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX modes")
def test_the_state_is_for_its_owner_only(client: UpdateClient, tmp_path: Path) -> None:
    client.fetch_feed(*ASK)
    for directory in ("state", "state/metadata", "state/feeds"):
        assert (tmp_path / directory).stat().st_mode & 0o777 == 0o700


def test_a_link_in_place_of_a_kept_feed_is_replaced_and_its_file_left_alone(
    client: UpdateClient, tmp_path: Path
) -> None:
    feed = client.fetch_feed(*ASK)
    (kept,) = (tmp_path / "state/feeds").iterdir()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    kept.unlink()
    kept.symlink_to(victim)
    assert client.fetch_feed(*ASK) == feed
    assert victim.read_text() == "precious"
    assert not kept.is_symlink()


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes with names")
def test_a_pipe_in_place_of_a_kept_feed_is_not_waited_for(client: UpdateClient, tmp_path: Path) -> None:
    feed = client.fetch_feed(*ASK)
    (kept,) = (tmp_path / "state/feeds").iterdir()
    kept.unlink()
    os.mkfifo(kept)
    assert client.fetch_feed(*ASK) == feed


@pytest.mark.parametrize("name", ["feeds", "metadata"])
def test_a_link_in_place_of_a_state_directory_is_refused(client: UpdateClient, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / name).symlink_to(elsewhere)
    with pytest.raises(ClientInputError, match="symbolic link"):
        client.fetch_feed(*ASK)
    assert empty(elsewhere)


def test_nothing_new_takes_exactly_two_requests(client: UpdateClient, fetcher: CountingFetcher) -> None:
    client.fetch_feed(*ASK)
    fetcher.asked.clear()
    client.fetch_feed(*ASK)
    assert fetcher.asked == ["metadata/2.root.json", "metadata/timestamp.json"]


def test_a_new_release_takes_at_most_six_requests(
    bucket: Bucket, client: UpdateClient, fetcher: CountingFetcher
) -> None:
    client.fetch_feed(*ASK)
    bucket.release(a_feed(version="4.1.1"))
    fetcher.asked.clear()
    feed = client.fetch_feed(*ASK)
    assert feed.release is not None
    assert str(feed.release.version) == "4.1.1"
    assert len(fetcher.asked) == 6, fetcher.asked


def test_a_download_after_a_check_takes_one_more_request(
    client: UpdateClient, fetcher: CountingFetcher, to: Path
) -> None:
    feed = client.fetch_feed(*ASK)
    before = len(fetcher.asked)
    client.download(feed, to)
    assert len(fetcher.asked) == before + 1


def test_a_client_follows_the_chain_of_roots(bucket: Bucket, client: UpdateClient) -> None:
    client.fetch_feed(*ASK)
    for version in (2, 3):
        bucket.root.signed.version = version
        bucket.write_root()
    client.fetch_feed(*ASK)


def test_a_damaged_cached_feed_is_fetched_again(client: UpdateClient, fetcher: CountingFetcher, tmp_path: Path) -> None:
    feed = client.fetch_feed(*ASK)
    (cached,) = (tmp_path / "state/feeds").iterdir()
    cached.write_bytes(b"")
    assert client.fetch_feed(*ASK) == feed


def test_a_withdrawn_release_leaves_nothing_to_download(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.release(a_feed(release=None))
    with pytest.raises(ClientInputError, match="nothing is published"):
        client.download(client.fetch_feed(*ASK), to)
    assert empty(to)


# Wrong questions.


@pytest.mark.parametrize("ask", [("other", "stable", "linux-amd64"), ("btfs-node", "beta", "linux-amd64")])
def test_unknown_product_or_channel_names_the_known_ones(client: UpdateClient, ask: tuple[str, str, str]) -> None:
    with pytest.raises(ClientInputError) as caught:
        client.fetch_feed(*ask)
    assert "btfs-node stable" in caught.value.fix


def test_unknown_platform_names_the_known_ones(client: UpdateClient) -> None:
    with pytest.raises(ClientInputError, match="has no release for windows-amd64") as caught:
        client.fetch_feed("btfs-node", "stable", "windows-amd64")
    assert "linux-amd64" in caught.value.fix


def test_a_platform_without_files_of_its_own_gets_those_that_run_anywhere(bucket: Bucket, client: UpdateClient) -> None:
    bucket.release(a_feed(platform="any"))
    assert client.fetch_feed("btfs-node", "stable", "windows-amd64").platform == "any"
    bucket.release(a_feed(platform="linux-amd64"), at="feed/btfs-node/stable/any.json")
    with pytest.raises(ClientVerificationError, match=r"the feed at feed/btfs-node/stable/any.json is for"):
        client.fetch_feed("btfs-node", "stable", "windows-amd64")


@pytest.mark.parametrize("product", ["../etc", "a.b", "*", "", "A"])
def test_an_odd_product_is_refused_before_anything_is_written(
    client: UpdateClient, tmp_path: Path, product: str
) -> None:
    with pytest.raises(ClientInputError, match="not the id of a product"):
        client.fetch_feed(product, "stable", "linux-amd64")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("root", [b"", b"{}", b"not json"])
def test_what_is_no_root_is_an_input_error(bucket: Bucket, tmp_path: Path, root: bytes) -> None:
    client = UpdateClient(bucket.url, root, tmp_path / "state", fetcher_for(bucket.url), wall_clock)
    with pytest.raises(ClientInputError, match="not TUF root metadata"):
        client.fetch_feed(*ASK)


def test_a_timestamp_given_as_root_is_an_input_error(bucket: Bucket, tmp_path: Path) -> None:
    root = bucket.path("tuf/metadata/timestamp.json").read_bytes()
    client = UpdateClient(bucket.url, root, tmp_path / "state", fetcher_for(bucket.url), wall_clock)
    with pytest.raises(ClientInputError, match="timestamp"):
        client.fetch_feed(*ASK)
