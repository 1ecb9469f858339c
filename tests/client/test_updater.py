"""The client against real repositories: what is good is found and fetched, every attack is refused."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from publisher.client.errors import ExpiredError, FeedError, InputError, TransferError, VerificationError
from publisher.client.fetch import fetcher_for
from publisher.client.updater import Downloaded, UpdateClient
from tests.client.conftest import CountingFetcher
from tests.support.tuf_repository import ALICE, ALICE_TOO, BOB, CAROL, PAST, ROOT, Bucket, a_feed

ASK = ("btfs-node", "stable", "linux-amd64")
NEXT = {"version": "4.1.1"}


def empty(directory: Path) -> bool:
    return not list(directory.iterdir())


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
    with pytest.raises(InputError, match="another file; it was not touched"):
        client.download(client.fetch_feed(*ASK), to)
    assert mine.read_bytes() == b"mine"
    assert len(list(to.iterdir())) == 1


@pytest.mark.parametrize("exists", [True, False], ids=["to a file", "dangling"])
def test_a_link_under_that_name_is_refused_and_not_followed(client: UpdateClient, to: Path, exists: bool) -> None:
    elsewhere = to.parent / "elsewhere"
    if exists:
        elsewhere.write_bytes(b"mine")
    (to / "btfs-4.1.0-linux-amd64.tar.gz").symlink_to(elsewhere)
    with pytest.raises(InputError, match="symbolic link"):
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
    with pytest.raises(InputError, match="symbolic link"):
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
    with pytest.raises(InputError, match="symbolic link"):
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
    with pytest.raises(InputError, match="nothing is published"):
        client.download(client.fetch_feed(*ASK), to)
    assert empty(to)


# Wrong questions.


@pytest.mark.parametrize("ask", [("other", "stable", "linux-amd64"), ("btfs-node", "beta", "linux-amd64")])
def test_unknown_product_or_channel_names_the_known_ones(client: UpdateClient, ask: tuple[str, str, str]) -> None:
    with pytest.raises(InputError) as caught:
        client.fetch_feed(*ask)
    assert "btfs-node stable" in caught.value.fix


def test_unknown_platform_names_the_known_ones(client: UpdateClient) -> None:
    with pytest.raises(InputError, match="nothing for windows-amd64") as caught:
        client.fetch_feed("btfs-node", "stable", "windows-amd64")
    assert "linux-amd64" in caught.value.fix


@pytest.mark.parametrize("product", ["../etc", "a.b", "*", "", "A"])
def test_an_odd_product_is_refused_before_anything_is_written(
    client: UpdateClient, tmp_path: Path, product: str
) -> None:
    with pytest.raises(InputError, match="not the id of a product"):
        client.fetch_feed(product, "stable", "linux-amd64")
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("root", [b"", b"{}", b"not json"])
def test_what_is_no_root_is_an_input_error(bucket: Bucket, tmp_path: Path, root: bytes) -> None:
    client = UpdateClient(bucket.url, root, tmp_path / "state", fetcher_for(bucket.url))
    with pytest.raises(InputError, match="not TUF root metadata"):
        client.fetch_feed(*ASK)


def test_a_timestamp_given_as_root_is_an_input_error(bucket: Bucket, tmp_path: Path) -> None:
    root = bucket.path("tuf/metadata/timestamp.json").read_bytes()
    client = UpdateClient(bucket.url, root, tmp_path / "state", fetcher_for(bucket.url))
    with pytest.raises(InputError, match="timestamp"):
        client.fetch_feed(*ASK)


# Attacks and accidents. Nothing may reach the download directory.


def refused(client: UpdateClient, to: Path, kind: type[Exception] = VerificationError, words: str | None = None) -> str:
    """What the client says when it refuses; nothing may have been written."""
    with pytest.raises(kind, match=words) as caught:
        client.download(client.fetch_feed(*ASK), to)
    assert empty(to)
    return str(caught.value)


@pytest.mark.parametrize("name", ["root", "timestamp", "snapshot", "targets", "role"])
def test_expired_metadata_is_refused(tmp_path: Path, to: Path, name: str) -> None:
    bucket = Bucket(tmp_path / "bucket")
    bucket.expires[name] = PAST
    if name == "root":
        bucket.root.signed.expires = PAST
        bucket.write_root()
    bucket.release(a_feed())
    client = UpdateClient(bucket.url, bucket.root_bytes, tmp_path / "state", fetcher_for(bucket.url))
    message = refused(client, to, ExpiredError, "expired")
    assert "keep what you run" in message


def test_a_replayed_older_timestamp_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    old = bucket.path("tuf/metadata/timestamp.json").read_bytes()
    bucket.release(a_feed(version="4.1.1"))
    client.fetch_feed(*ASK)
    bucket.write("tuf/metadata/timestamp.json", old)
    refused(client, to, words="replays an old state")


def test_an_older_snapshot_under_a_newer_timestamp_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    old = bucket.path("tuf/metadata/1.snapshot.json").read_bytes()
    client.fetch_feed(*ASK)
    bucket.publish()
    bucket.write("tuf/metadata/2.snapshot.json", old)
    refused(client, to, words="replays an old state")


def test_mix_and_match_of_two_states_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    old = bucket.path("tuf/metadata/1.btfs-node.stable.json").read_bytes()
    bucket.release(a_feed(version="4.1.1"))
    bucket.write("tuf/metadata/2.btfs-node.stable.json", old)
    refused(client, to, words="mixes two")


def test_one_of_two_signatures_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.signers = (ALICE,)
    bucket.publish()
    refused(client, to, words="1/2 keys")


def test_a_stranger_s_signature_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.signers = (ALICE, CAROL)
    bucket.publish()
    refused(client, to, words="1/2 keys")


def test_the_same_person_with_two_keys_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.keys = (ALICE, ALICE_TOO)
    bucket.signers = (ALICE, ALICE_TOO)
    bucket.publish()
    refused(client, to, words="2 persons, but only alice signed")


def test_the_wrong_duty_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.keys = (ALICE, CAROL)
    bucket.signers = (ALICE, CAROL)
    bucket.publish()
    refused(client, to, words="duty operations")


def test_duties_are_checked_again_when_nothing_is_new(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.keys = (ALICE, CAROL)
    bucket.signers = (ALICE, CAROL)
    bucket.publish()
    refused(client, to)
    refused(client, to, words="duty operations")


def test_changed_bytes_of_the_artifact_are_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/targets/artifacts/**/*.tar.gz").write_bytes(b"the progrAm")
    refused(client, to, words="not those that were signed")


def test_a_truncated_artifact_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/targets/artifacts/**/*.tar.gz").write_bytes(b"the pro")
    refused(client, to, words="not those that were signed")


def test_a_longer_artifact_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/targets/artifacts/**/*.tar.gz").write_bytes(b"the program" * 2)
    refused(client, to, words="more than it may")


def test_a_zero_byte_feed_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/targets/feed/**/*.json").write_bytes(b"")
    refused(client, to, words="not those that were signed")


def test_an_endless_timestamp_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/metadata/timestamp.json").write_bytes(b" " * 10_000_000)
    refused(client, to, words="more than it may")


def test_a_signed_feed_that_is_too_big_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.release(a_feed(padding="x" * 70_000))
    refused(client, to, words="at most 65536")


@pytest.mark.parametrize(("key", "value"), [("product", "other"), ("channel", "beta"), ("platform", "macos-arm64")])
def test_a_feed_of_another_product_channel_or_platform_is_refused(
    bucket: Bucket, client: UpdateClient, to: Path, key: str, value: str
) -> None:
    feed = a_feed() | {key: value}
    target = feed["release"]["artifact"]["target"]
    feed["release"]["artifact"]["target"] = target.replace("btfs-node/stable", f"{feed['product']}/{feed['channel']}")
    bucket.release(feed, at="feed/btfs-node/stable/linux-amd64.json")
    refused(client, to, words="is that of")


def test_a_missing_feed_file_says_that_the_server_lacks_it(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/targets/feed/**/*.json").unlink()
    refused(client, to, TransferError, "missing on the server")


def test_a_missing_artifact_says_that_the_server_lacks_it(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/targets/artifacts/**/*.tar.gz").unlink()
    refused(client, to, TransferError, "missing on the server")


def test_an_artifact_that_the_role_did_not_sign_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.release(a_feed(), artifact=None)
    refused(client, to, words="did not sign")


def test_a_feed_that_disagrees_with_the_signed_metadata_is_refused(
    bucket: Bucket, client: UpdateClient, to: Path
) -> None:
    bucket.release(a_feed(b"the program"), artifact=b"the progrAm")
    refused(client, to, words="disagree")


def test_an_artifact_listed_by_another_role_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.foreign = {a_feed()["release"]["artifact"]["target"]: b"the program"}
    bucket.release(a_feed(), artifact=None)
    refused(client, to, words="which alone may publish it")


def test_a_feed_listed_by_another_role_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.foreign = {"feed/btfs-node/stable/linux-amd64.json": b"{}"}
    bucket.publish()
    refused(client, to, words=r"do not lead to btfs-node\.stable")


def test_a_role_that_may_not_publish_feeds_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.paths = ["artifacts/btfs-node/stable/*/*"]
    bucket.publish()
    refused(client, to, words=r"do not lead to btfs-node\.stable")


@pytest.mark.parametrize(
    ("file", "target"),
    [
        ("../evil", "artifacts/btfs-node/stable/4.1.0/../evil"),
        ("evil", "artifacts/btfs-node/stable/../../evil"),
        ("evil", "feed/btfs-node/stable/evil"),
    ],
)
def test_a_target_that_escapes_is_refused(
    bucket: Bucket, client: UpdateClient, to: Path, file: str, target: str
) -> None:
    feed = a_feed()
    feed["release"]["artifact"] |= {"file": file, "target": target}
    bucket.release(feed, artifact=None)
    refused(client, to, FeedError)
    assert not list(to.parent.glob("**/evil"))


def test_a_root_not_signed_by_the_old_one_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.root.signed.version = 2
    bucket.root.signatures.clear()
    bucket.root.signed.revoke_key(ROOT.public.keyid, "root")
    bucket.root.signed.add_key(CAROL.public, "root")
    bucket.root.sign(CAROL.signer)
    bucket.write("tuf/metadata/2.root.json", bucket.root.to_bytes())
    refused(client, to, words="signatures are missing or wrong")


def test_metadata_that_is_not_json_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.write("tuf/metadata/timestamp.json", b"<html>sign in to this network</html>")
    refused(client, to, words="not valid")


def test_an_empty_bucket_says_what_to_check(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    shutil.rmtree(bucket.directory / "tuf/metadata")
    refused(client, to, TransferError, "check the channel's address")


def test_a_state_directory_that_cannot_be_written_says_so(bucket: Bucket, tmp_path: Path, to: Path) -> None:
    (tmp_path / "state").write_bytes(b"a file in the way")
    client = UpdateClient(bucket.url, bucket.root_bytes, tmp_path / "state", fetcher_for(bucket.url))
    refused(client, to, TransferError, "cannot check for updates")


def test_a_refused_state_does_not_stop_the_next_good_one(
    bucket: Bucket, client: UpdateClient, fresh_client: Callable[[], UpdateClient], to: Path
) -> None:
    bucket.signers = (ALICE,)
    bucket.publish()
    refused(client, to)
    bucket.signers = (ALICE, BOB)
    bucket.release(a_feed(version="4.1.1"))
    assert client.fetch_feed(*ASK) == fresh_client().fetch_feed(*ASK)
