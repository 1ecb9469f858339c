"""Attacks and accidents against real repositories: each is refused, and nothing reaches the download directory."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.client.cli import wall_clock
from publisher.client.network.http import fetcher_for
from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientVerificationError, ExpiredError, FeedError, LocalError, TransferError
from tests.client.conftest import ASK, empty
from tests.support.tuf_repository import ALICE, ALICE_TOO, BOB, CAROL, PAST, ROOT, Bucket, a_feed


def refused(
    client: UpdateClient, to: Path, kind: type[Exception] = ClientVerificationError, words: str | None = None
) -> str:
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
    client = UpdateClient(bucket.url, bucket.root_bytes, tmp_path / "state", fetcher_for(bucket.url), wall_clock)
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
    refused(client, to, words="differs from what was signed")


def test_a_truncated_artifact_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/targets/artifacts/**/*.tar.gz").write_bytes(b"the pro")
    refused(client, to, words="differs from what was signed")


def test_a_longer_artifact_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/targets/artifacts/**/*.tar.gz").write_bytes(b"the program" * 2)
    refused(client, to, words="sends too much data")


def test_a_zero_byte_feed_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/targets/feed/**/*.json").write_bytes(b"")
    refused(client, to, words="differs from what was signed")


def test_an_endless_timestamp_is_refused(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.path("tuf/metadata/timestamp.json").write_bytes(b" " * 10_000_000)
    refused(client, to, words="sends too much data")


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
    refused(client, to, words=f"is for {feed['product']} {feed['channel']} {feed['platform']}")


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


def test_a_web_page_in_place_of_metadata_is_named_as_one(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    bucket.write("tuf/metadata/timestamp.json", b"<html>sign in to this network</html>")
    message = refused(client, to, words="sent a web page instead of timestamp.json")
    assert "sign in" in message


def test_an_empty_bucket_says_what_to_check(bucket: Bucket, client: UpdateClient, to: Path) -> None:
    shutil.rmtree(bucket.directory / "tuf/metadata")
    refused(client, to, TransferError, "check the channel's address")


def test_a_state_directory_that_cannot_be_written_says_so(bucket: Bucket, tmp_path: Path, to: Path) -> None:
    (tmp_path / "state").write_bytes(b"a file in the way")
    client = UpdateClient(bucket.url, bucket.root_bytes, tmp_path / "state", fetcher_for(bucket.url), wall_clock)
    refused(client, to, LocalError, "cannot check for updates")


def test_a_refused_state_does_not_stop_the_next_good_one(
    bucket: Bucket, client: UpdateClient, fresh_client: Callable[[], UpdateClient], to: Path
) -> None:
    bucket.signers = (ALICE,)
    bucket.publish()
    refused(client, to)
    bucket.signers = (ALICE, BOB)
    bucket.release(a_feed(version="4.1.1"))
    assert client.fetch_feed(*ASK) == fresh_client().fetch_feed(*ASK)
