"""An entry that stages, and says that it made something live: each of the two is for other keys to tell."""

from __future__ import annotations

import pytest

from publisher.channel.layout import ledger_key
from publisher.channel.ledger.entries import seal_entry
from publisher.errors import StorageConflict
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.ledger_append import read_ledger
from publisher.pipeline.operate.recover import survey_bucket
from tests.support.approving import ROLE, refused
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.planting import put
from tests.support.project import Project
from tests.support.thief import forged

RESULT = {"version": 9, "sha256": "a" * 64}


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
    put(staged, ledger_key(last.number), forged(last.data, staged.key(key), result=RESULT))
    with pytest.raises(StorageConflict, match="the ledger has no entry"):
        staged.review("1.1.0")
    refused(staged, StorageConflict, "the ledger has no entry")


@pytest.mark.parametrize("key", ["channels-ana", "timestamp-ben"])
def test_a_staging_puts_no_state_among_those_that_can_be_put_back(staged: Project, key: str) -> None:
    storage = staged.storage()
    ledger = read_ledger(storage)
    honest = next(
        logged.entry
        for logged in reversed(ledger.logged)
        if logged.entry is not None and logged.entry.action is LedgerAction.STAGE
    )
    before = [state.head for state in survey_bucket(storage, staged.root, staged.catalog.signers).states]
    name, data = seal_entry(honest, ledger.head, staged.now, staged.key(key))
    put(staged, name, forged(data, staged.key(key), result=RESULT))
    assert [state.head for state in survey_bucket(storage, staged.root, staged.catalog.signers).states] == before
