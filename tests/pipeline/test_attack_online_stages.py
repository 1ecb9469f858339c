"""An entry that stages, and says that it made something live: each of the two is for other keys to tell."""

from __future__ import annotations

import pytest

from publisher.channel.layout import ledger_key
from publisher.errors import StorageConflict
from publisher.model.records.ledger_entry import LedgerAction, Stamp
from publisher.pipeline.ledger_append import Draft, append, read_ledger
from publisher.pipeline.operate.recover import survey_bucket
from tests.support.approving import ROLE, refused
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.project import Project

RESULT = Stamp(version=9, sha256="a" * 64)


@pytest.mark.parametrize("key", ["timestamp-ben", "snapshot-ben"])
def test_an_online_key_stages_nothing_by_an_entry_that_has_a_result(staged: Project, key: str) -> None:
    """A build with the right signatures of a stolen minisign key would be shown, and could be approved."""
    storage, honest = staged.storage(), staged.staged().candidate
    payload = honest.with_signatures(())
    payload.signed.version += 1
    files = people_files(storage, ROLE, honest.digest)
    digest = stage_as_thief(storage, ROLE, payload, files, staged.key("channels-ana"), staged.root, staged.now)
    last = read_ledger(storage).logged[-1]
    assert last.entry is not None and last.entry.candidate == digest
    (staged.bucket / ledger_key(last.number)).unlink()
    append(Draft(last.entry.model_copy(update={"result": RESULT}), staged.now, staged.key(key)), storage)
    with pytest.raises(StorageConflict, match="the ledger has no entry"):
        staged.review("1.1.0")
    refused(staged, StorageConflict, "the ledger has no entry")


@pytest.mark.parametrize("key", ["channels-ana", "timestamp-ben"])
def test_a_staging_puts_no_state_among_those_that_can_be_put_back(staged: Project, key: str) -> None:
    storage = staged.storage()
    logged = [logged_entry.entry for logged_entry in read_ledger(storage).logged if logged_entry.entry is not None]
    honest = next(entry for entry in reversed(logged) if entry.action is LedgerAction.STAGE)
    before = [state.head for state in survey_bucket(storage, staged.root, staged.catalog.signers).states]
    append(Draft(honest.model_copy(update={"result": RESULT}), staged.now, staged.key(key)), storage)
    assert [state.head for state in survey_bucket(storage, staged.root, staged.catalog.signers).states] == before
