"""A version that was taken back: what its channel's signed metadata says, and what clients tell whoever runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Targets

from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientInputError, ClientVerificationError, ExpiredError
from publisher.wire.version import Version
from publisher.wire.withdrawn import BACK_FIELD, WITHDRAWN_FIELD, withdrawn_versions
from tests.client.conftest import ASK, empty
from tests.support.tuf_repository import PAST, Bucket, a_feed


def taken_back(bucket: Bucket, **fields: Any) -> None:
    """Publish 4.1.0 again, with these signed fields."""
    bucket.role_fields = fields
    bucket.release(a_feed())


@pytest.mark.parametrize(
    ("fields", "versions"),
    [
        ({}, ()),
        ({BACK_FIELD: "4.2.0"}, ("4.2.0",)),
        ({WITHDRAWN_FIELD: ["4.0.9", "4.2.0"]}, ("4.0.9", "4.2.0")),
        ({BACK_FIELD: "4.2.0", WITHDRAWN_FIELD: ["4.10.0", "4.9.0", "4.2"]}, ("4.2.0", "4.9.0", "4.10.0")),
    ],
)
def test_both_signed_fields_name_versions_ascending_and_once(fields: dict[str, Any], versions: tuple[str, ...]) -> None:
    found = withdrawn_versions(Targets(unrecognized_fields=fields))
    assert found == tuple(Version.parse(text) for text in versions)


@pytest.mark.parametrize(
    "fields",
    [
        {BACK_FIELD: None},
        {BACK_FIELD: 4},
        {BACK_FIELD: "the last one"},
        {WITHDRAWN_FIELD: "4.2.0"},
        {WITHDRAWN_FIELD: {"4.2.0": True}},
        {WITHDRAWN_FIELD: ["4.2.0", None]},
    ],
)
def test_a_field_that_cannot_be_read_is_refused_and_nothing_is_offered(
    bucket: Bucket, client: UpdateClient, fields: dict[str, Any]
) -> None:
    taken_back(bucket, **fields)
    with pytest.raises(ClientVerificationError, match="is not a list of versions"):
        client.fetch_channel(*ASK)


def test_r81_the_channel_tells_which_versions_were_taken_back(bucket: Bucket, client: UpdateClient) -> None:
    assert client.fetch_channel(*ASK).withdrawn == ()
    taken_back(bucket, **{BACK_FIELD: "4.2.0", WITHDRAWN_FIELD: ["4.0.9"]})
    assert [str(one) for one in client.fetch_channel(*ASK).withdrawn] == ["4.0.9", "4.2.0"]


def test_what_was_taken_back_is_not_downloaded_even_where_a_feed_still_names_it(
    bucket: Bucket, client: UpdateClient, to: Path
) -> None:
    taken_back(bucket, **{WITHDRAWN_FIELD: ["4.1.0"]})
    feed = client.fetch_feed(*ASK)
    with pytest.raises(ClientInputError, match=r"4\.1\.0 was taken back"):
        client.download(feed, to)
    assert empty(to)


def test_with_expired_metadata_nobody_is_told_that_all_is_well(bucket: Bucket, client: UpdateClient) -> None:
    bucket.expires["role"] = PAST
    taken_back(bucket, **{BACK_FIELD: "4.2.0"})
    with pytest.raises(ExpiredError):
        client.fetch_channel(*ASK)


def test_the_schema_of_answers_stays_and_gains_what_was_taken_back() -> None:
    vectors = json.loads((Path(__file__).parent.parent / "vectors/client/decisions.json").read_text())
    outcomes = {case["answer"]["outcome"] for case in vectors["cases"]}
    assert outcomes == {"update-available", "up-to-date", "ahead", "taken-back", "nothing-published"}
