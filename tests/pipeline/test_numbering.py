"""How far back the ledger is asked about stagings, and who may say so."""

from __future__ import annotations

from datetime import timedelta

import pytest

from publisher.channel.roles import BASIS_FIELD
from publisher.errors import StorageConflict
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.numbering import read_stagings
from publisher.pipeline.ledger_append import Draft, append
from publisher.pipeline.release.stage import Supersede
from tests.pipeline.test_rollback import take_back
from tests.support.approving import ROLE, promote, stage
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.flaky import Counting
from tests.support.planting import live, offered, point
from tests.support.project import Project


def numbers(project: Project) -> list[int]:
    """Of the entries that are read for what was staged for the channel."""
    storage = Counting(project.storage())
    read_stagings(ROLE, project.look(storage), project.catalog.signers)
    return sorted(storage.entries)


def refresh(project: Project) -> None:
    entry_body = LedgerEntryBody.routine(LedgerAction.REFRESH, project.catalog.policy)
    append(Draft(entry_body, project.now, project.key("timestamp-ben")), project.storage())


def test_no_entry_is_read_from_before_the_live_release_was_staged(project: Project) -> None:
    for version in ("1.0.0", "1.1.0", "1.2.0"):
        project.publish(version)
    assert numbers(project) == [5, 6], "1.2.0 was staged, and made live"


def test_after_a_rollback_the_ledger_is_read_from_before_what_was_taken_back(project: Project) -> None:
    for version in ("1.0.0", "1.1.0"):
        project.publish(version)
    take_back(project, "1.1.0")
    assert numbers(project) == [1, 2, 3, 4, 5]


def test_a_release_that_an_older_program_made_live_has_the_whole_ledger_read(project: Project) -> None:
    project.publish("1.0.0")
    project.publish("1.1.0")
    bucket, before = project.look(), live(project)
    del before.roles[ROLE].signed.unrecognized_fields[BASIS_FIELD]["ledger"]
    older = Bucket.as_if(bucket.storage, project.root, before, bucket.tag)
    stagings = read_stagings(ROLE, older, project.catalog.signers)
    assert len(stagings.entries) == 2


def test_what_was_staged_since_stays_known_however_much_follows(staged: Project) -> None:
    staged.approve("1.1.0")
    first = staged.staged().candidate.digest
    staged.now += timedelta(minutes=5)
    stage(staged, "1.1.0", Supersede.ANY)
    for _ in range(5):
        refresh(staged)
    point(staged, first)
    with pytest.raises(StorageConflict, match="was replaced on"):
        promote(staged)
    assert offered(staged) == "1.0.0"


@pytest.mark.parametrize("beyond", [0, 1, 1000])
def test_a_candidate_that_would_have_later_stagings_forgotten_is_not_shown(staged: Project, beyond: int) -> None:
    """Once it was live, nobody would look at entries as old as it names: not at the staging of a bad build's mend."""
    storage, honest = staged.storage(), staged.staged().candidate
    payload = honest.with_signatures(())
    payload.signed.version += 1
    payload.signed.unrecognized_fields[BASIS_FIELD]["ledger"] = 4 + beyond
    files = people_files(storage, ROLE, honest.digest)
    stage_as_thief(storage, ROLE, payload, files, staged.key("channels-ana"), staged.root, staged.now)
    with pytest.raises(StorageConflict, match="records its staging"):
        staged.review("1.1.0")
    assert offered(staged) == "1.0.0"
