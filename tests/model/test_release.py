"""What a release may say about going back from it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from publisher.model.content.release import Rollback
from publisher.wire.feed_words import BackState
from tests.support.build import release

DIGEST = "c0de" * 16
BACKUP = "Stop the node and unpack the backup."
BECAUSE = "Older versions cannot read its index."
FORBIDDEN = {"state": "forbidden", "state_because": BECAUSE}


def rollback(**fields: Any) -> Rollback:
    way = release("1.1.0", rollback=fields).rollback
    assert way is not None
    return way


def test_unless_something_is_said_data_is_compatible() -> None:
    assert release("1.1.0").back_state is BackState.COMPATIBLE
    assert rollback(bundle=DIGEST).state is BackState.COMPATIBLE
    assert rollback(bundle="none-first-release").state is BackState.COMPATIBLE


def test_a_backup_to_restore_comes_with_how() -> None:
    way = rollback(bundle=DIGEST, state="restore-backup", backup=BACKUP)
    assert (way.state, way.backup) == (BackState.RESTORE_BACKUP, BACKUP)


def test_where_it_is_forbidden_there_is_a_reason_and_need_be_no_bundle() -> None:
    assert rollback(**FORBIDDEN).bundle is None
    forbidden = release("1.1.0", rollback=FORBIDDEN)
    assert (forbidden.back_state, forbidden.back_forbidden_because) == (BackState.FORBIDDEN, BECAUSE)


def test_r41_nobody_goes_back_from_a_migration() -> None:
    for migration in (
        release("1.1.0", kind="migration"),
        release("1.1.0", kind="migration", rollback={"bundle": DIGEST}),
    ):
        assert migration.back_state is BackState.FORBIDDEN
        assert migration.back_forbidden_because.startswith("It is a migration")
    assert release("1.1.0", kind="migration", rollback=FORBIDDEN).back_forbidden_because == BECAUSE


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "`bundle` is missing"),
        ({"state": "restore-backup", "backup": BACKUP}, "`bundle` is missing"),
        ({"bundle": DIGEST, "state": "restore-backup"}, "`state` is restore-backup, so users need a sentence"),
        ({"state": "forbidden"}, "`state` is forbidden, so users need a sentence; add `state_because`"),
        ({"bundle": DIGEST, "backup": BACKUP}, "`backup` is only for `state: restore-backup`"),
        ({"bundle": DIGEST, "state_because": BECAUSE}, "`state_because` is only for `state: forbidden`"),
        ({**FORBIDDEN, "backup": BACKUP}, "`backup` is only for"),
        ({**FORBIDDEN, "bundle": "none-first-release"}, "`bundle` is none-first-release, so nobody can go back"),
        ({"bundle": DIGEST, "state": "unknown"}, "Input should be 'compatible', 'restore-backup' or 'forbidden'"),
    ],
)
def test_what_contradicts_itself_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        rollback(**fields)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "way", [{"bundle": DIGEST, "state": "compatible"}, {"bundle": DIGEST, "state": "restore-backup", "backup": BACKUP}]
)
def test_a_migration_from_which_users_may_go_back_is_refused(way: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match=r"`kind` is migration, so users cannot go back, but"):
        release("1.1.0", kind="migration", rollback=way)
