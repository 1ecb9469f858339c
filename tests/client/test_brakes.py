"""With expired brakes nothing is offered; the rule is published as test vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from publisher.client.updater import UpdateClient
from publisher.wire.brakes import silenced_by
from publisher.wire.errors import ClientVerificationError, Code, ExpiredError
from tests.client.conftest import ASK, CountingFetcher, empty
from tests.support.tuf_repository import PAST, Bucket

VECTORS = Path(__file__).parent.parent / "vectors" / "client" / "expired-roles.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_published_vector(case: dict[str, Any]) -> None:
    assert list(silenced_by(case["expired"], case["channels"])) == case["silent"]


def test_with_good_brakes_updates_go_on(bucket: Bucket, client: UpdateClient, fetcher: CountingFetcher) -> None:
    bucket.brakes = True
    bucket.publish()
    client.fetch_feed(*ASK)
    fetcher.asked.clear()
    client.fetch_feed(*ASK)
    assert fetcher.asked == ["metadata/2.root.json", "metadata/timestamp.json"]


def test_with_expired_brakes_nothing_is_offered_and_that_is_said(
    bucket: Bucket, client: UpdateClient, to: Path
) -> None:
    feed = client.fetch_feed(*ASK)
    bucket.brakes = True
    bucket.expires["brakes"] = PAST
    bucket.publish()
    with pytest.raises(ExpiredError, match="the brakes of this channel have expired") as caught:
        client.download(client.fetch_feed(*ASK), to)
    assert caught.value.code is Code.EXPIRED
    assert "nothing is offered" in caught.value.what
    # Nor does a feed from before help.
    with pytest.raises(ExpiredError, match="brakes"):
        client.download(feed, to)
    assert empty(to)


def test_nothing_is_installed_from_a_state_that_was_only_to_be_reported(
    bucket: Bucket, client: UpdateClient, to: Path
) -> None:
    bucket.brakes = True
    bucket.expires["brakes"] = PAST
    bucket.publish()
    reported = client.fetch_or_recall(*ASK)
    assert reported.silenced
    with pytest.raises(ExpiredError, match="brakes"):
        client.download(reported.feed, to)
    assert empty(to)


def test_brakes_that_a_stranger_signed_and_that_have_expired_are_not_reported(
    bucket: Bucket, client: UpdateClient
) -> None:
    bucket.brakes = True
    bucket.expires["brakes"] = PAST
    bucket.publish()
    brakes = bucket.path("tuf/metadata/2.brakes.json")
    forged = json.loads(brakes.read_bytes())
    forged["signed"]["x-more"] = "than was signed"
    brakes.write_text(json.dumps(forged))
    with pytest.raises(ClientVerificationError, match="signatures are missing or wrong"):
        client.fetch_or_recall(*ASK)


def test_brakes_that_a_stranger_signed_stop_everything(bucket: Bucket, client: UpdateClient) -> None:
    bucket.brakes = True
    bucket.publish()
    brakes = bucket.path("tuf/metadata/2.brakes.json")
    forged = json.loads(brakes.read_bytes())
    forged["signed"]["x-more"] = "than was signed"
    brakes.write_text(json.dumps(forged))
    with pytest.raises(ClientVerificationError, match="signatures are missing or wrong"):
        client.fetch_feed(*ASK)


def test_brakes_that_are_listed_but_not_delegated_stop_everything(bucket: Bucket, client: UpdateClient) -> None:
    bucket.brakes = True
    bucket.publish()
    # The role stays in the snapshot, as it must, and the delegation goes.
    bucket.brakes = False
    bucket.extra_metas = ("brakes",)
    bucket.publish()
    with pytest.raises(ClientVerificationError, match="do not lead to brakes"):
        client.fetch_feed(*ASK)
