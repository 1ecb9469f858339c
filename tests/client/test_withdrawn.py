"""A version that was taken back: what its channel's signed metadata says, and what clients tell whoever runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Targets

from publisher.client.updater import UpdateClient
from publisher.wire.errors import ClientInputError, ClientVerificationError, ExpiredError
from publisher.wire.feed_words import BackState
from publisher.wire.stopping.withdrawn import (
    BACK_FIELD,
    BACK_STATE_FIELD,
    WITHDRAWN_FIELD,
    GoingBack,
    going_back,
    withdrawn_versions,
)
from publisher.wire.version import Version
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
    assert client.fetch_channel(*ASK).taken_back == {}
    taken_back(bucket, **{BACK_FIELD: "4.2.0", WITHDRAWN_FIELD: ["4.0.9"]})
    assert client.fetch_channel(*ASK).taken_back == {
        Version.parse("4.0.9"): GoingBack(BackState.COMPATIBLE),
        Version.parse("4.2.0"): GoingBack(BackState.COMPATIBLE),
    }


def test_what_users_do_first_is_part_of_the_state(bucket: Bucket, client: UpdateClient) -> None:
    taken_back(bucket, **{BACK_FIELD: "4.2.0", BACK_STATE_FIELD: {"4.2": RESTORE, "9.9.9": RESTORE}})
    way = GoingBack(BackState.RESTORE_BACKUP, "Unpack the backup.")
    assert client.fetch_channel(*ASK).taken_back == {Version.parse("4.2.0"): way}


def test_who_cannot_read_what_to_do_first_is_told_nothing_else(bucket: Bucket, client: UpdateClient) -> None:
    taken_back(bucket, **{BACK_FIELD: "4.2.0", BACK_STATE_FIELD: {"4.2.0": {"state": "unknown"}}})
    with pytest.raises(ClientVerificationError, match="does not say how to go back"):
        client.fetch_channel(*ASK)


RESTORE = {"state": "restore-backup", "backup": "Unpack the backup."}


@pytest.mark.parametrize(
    ("states", "first"),
    [
        ({}, {}),
        ({"4.2.0": {"state": "compatible"}}, {"4.2.0": GoingBack(BackState.COMPATIBLE)}),
        ({"4.2.0": RESTORE}, {"4.2.0": GoingBack(BackState.RESTORE_BACKUP, "Unpack the backup.")}),
        ({"4.2.0": {**RESTORE, "later": 1}}, {"4.2.0": GoingBack(BackState.RESTORE_BACKUP, "Unpack the backup.")}),
    ],
)
def test_r81_the_channel_tells_what_to_do_before_going_back(states: object, first: dict[str, GoingBack]) -> None:
    ways = going_back(Targets(unrecognized_fields={BACK_STATE_FIELD: states}))
    assert ways == {Version.parse(text): way for text, way in first.items()}


def test_without_the_field_nothing_has_to_be_done_first() -> None:
    assert going_back(Targets()) == {}


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ([], "x-tidegate-back-state must be an object"),
        ({"the last": RESTORE}, "x-tidegate-back-state of the channel is not a list of versions"),
        ({"4.2.0": "restore-backup"}, "x-tidegate-back-state.4.2.0 must be an object"),
        ({"4.2.0": {"state": "unknown"}}, "4.2.0.state must be one of"),
        ({"4.2.0": {"state": "forbidden"}}, "4.2.0.state must not be forbidden"),
        ({"4.2.0": {"state": "restore-backup"}}, "4.2.0.backup must be there"),
        ({"4.2.0": {"state": "compatible", "backup": "Unpack."}}, "4.2.0.backup must be there"),
        ({"4.2.0": {"state": "restore-backup", "backup": "Un\x1b[2Jpack."}}, "must not hold an escape character"),
    ],
)
def test_how_to_go_back_that_cannot_be_read_is_refused(states: object, words: str) -> None:
    with pytest.raises(ClientVerificationError) as caught:
        going_back(Targets(unrecognized_fields={BACK_STATE_FIELD: states}))
    assert words in caught.value.what


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
