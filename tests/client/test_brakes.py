"""With expired brakes nothing is offered; the rule is published as test vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Targets

from publisher.channel.candidates.candidate import payload_digest
from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientVerificationError, Code, ExpiredError
from publisher.wire.stopping.brakes import LIFTED_FIELD, candidate_digest, silenced_by
from tests.client.conftest import ASK, CountingFetcher, empty
from tests.support.tuf_repository import ALICE, PAST, Bucket

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


def signed_role(bucket: Bucket) -> Targets:
    return (
        Metadata[Targets]
        .from_bytes(bucket.path(f"tuf/metadata/{bucket.version}.btfs-node.stable.json").read_bytes())
        .signed
    )


def test_the_name_of_a_candidate_is_the_one_that_it_is_staged_under(bucket: Bucket) -> None:
    assert candidate_digest(signed_role(bucket)) == payload_digest(signed_role(bucket))


def test_a_state_that_was_rejected_is_refused_though_everybody_signed_it(bucket: Bucket, client: UpdateClient) -> None:
    feed = client.fetch_feed(*ASK)
    bucket.brakes = True
    bucket.publish()
    next_state = signed_role(bucket)
    next_state.version += 1
    bucket.stopped()["rejected"] = [candidate_digest(next_state)]
    bucket.publish()
    with pytest.raises(ClientVerificationError, match=r"has rejected the state of btfs-node\.stable") as caught:
        client.fetch_feed(*ASK)
    assert caught.value.code is Code.REJECTED
    assert "keep what you run" in caught.value.fix
    # Brakes that no longer list it let it pass: there is no memory of what was rejected.
    bucket.stopped()["rejected"] = []
    bucket.publish()
    assert client.fetch_feed(*ASK) == feed


def test_what_another_channel_rejected_is_refused_there_only(bucket: Bucket, client: UpdateClient) -> None:
    bucket.brakes = True
    bucket.stopped()["rejected"] = ["0" * 64]
    bucket.publish()
    assert client.fetch_feed(*ASK).release is not None


def test_brakes_that_cannot_be_read_stop_everything(bucket: Bucket, client: UpdateClient) -> None:
    bucket.brakes = True
    bucket.stopped()["holds"] = "all of them"
    bucket.publish()
    with pytest.raises(ClientVerificationError, match="signed metadata of the brakes role is malformed"):
        client.fetch_channel(*ASK)


def test_a_list_of_lifted_brakes_that_cannot_be_read_stops_everything(bucket: Bucket, client: UpdateClient) -> None:
    bucket.role_fields = {LIFTED_FIELD: "all of them"}
    bucket.publish()
    with pytest.raises(ClientVerificationError, match="signed metadata of the channel role is malformed"):
        client.fetch_channel(*ASK)


def test_brakes_need_the_duties_that_their_delegation_asks_for(bucket: Bucket, client: UpdateClient) -> None:
    bucket.brakes = True
    bucket.brakes_duties = ("operations",)
    bucket.brakes_signers = (ALICE,)
    bucket.publish()
    with pytest.raises(ClientVerificationError, match="brakes needs the signature of a person with the duty operation"):
        client.fetch_channel(*ASK)
