"""A replaced candidate, numbers of another channel, and what is planted in the way of a version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from securesystemslib.signer import Signature

from publisher.channel.advance import to_bytes
from publisher.channel.layout import TIMESTAMP_KEY, ledger_key, metadata_key, release_key, staging_pointer_key
from publisher.channel.ledger.entries import Head, seal_entry
from publisher.errors import StorageConflict, TidegateError, VerificationError
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody, Stamp
from publisher.pipeline.ledger_append import Draft, append, read_ledger
from publisher.pipeline.operate.recover import Recovery, survey_bucket
from publisher.pipeline.operate.status import read_status
from publisher.pipeline.progress import Advance
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.stage import Supersede
from tests.support.approving import ROLE, promote, stage
from tests.support.planting import live, offered, point, put, start_over
from tests.support.project import Project
from tests.support.thief import forged


@pytest.mark.parametrize("key", ["notes-coco", "brakes-ben"])
def test_a_thief_of_the_key_of_another_role_does_not_use_up_numbers_of_a_channel(staged: Project, key: str) -> None:
    staged.approve("1.1.0")
    entry_body = LedgerEntryBody.routine(
        LedgerAction.STAGE,
        staged.catalog.policy,
        candidate="a" * 64,
        roles={key.partition("-")[0]: 50, "node.stable": 50},
    )
    append(Draft(entry_body, staged.now, staged.key(key)), staged.storage())
    promote(staged)
    assert offered(staged) == "1.1.0"


@pytest.mark.parametrize("key", ["timestamp-ben", "snapshot-ben"])
def test_who_exchanges_the_entry_of_the_replacement_with_an_online_key_does_not_bring_the_replaced_candidate_back(
    staged: Project, key: str
) -> None:
    staged.approve("1.1.0")
    first = staged.staged().candidate.digest
    staged.now += timedelta(minutes=5)
    stage(staged, "1.1.0", Supersede.ANY)
    assert staged.staged().candidate.digest != first
    storage = staged.storage()
    last, before = read_ledger(storage).logged[-1], read_ledger(storage).logged[-2]
    # Something honest follows.
    append(
        Draft(
            LedgerEntryBody.routine(LedgerAction.REFRESH, staged.catalog.policy),
            staged.now,
            staged.key("timestamp-ben"),
        ),
        storage,
    )
    entry_body = LedgerEntryBody.routine(LedgerAction.REFRESH, staged.catalog.policy)
    _, data = seal_entry(entry_body, Head(before.number, before.head.sha256), staged.now, staged.key(key), last.number)
    put(staged, ledger_key(last.number), data)
    point(staged, first)
    with pytest.raises(TidegateError):
        promote(staged)
    assert offered(staged) == "1.0.0"


def test_a_candidate_that_is_replaced_while_its_files_are_stored_does_not_ship(staged: Project) -> None:
    staged.approve("1.1.0")
    storage = staged.storage()
    request = PromoteRequest("node", "stable")
    plan = plan_promote(request, staged.staged(), staged.catalog, staged.look(storage), staged.key_ring(), staged.now)

    @contextmanager
    def replaced_meanwhile(_name: str, _total: int) -> Iterator[Advance]:
        staged.now += timedelta(minutes=5)
        stage(staged, "1.1.0", Supersede.ANY)
        yield lambda _done: None

    with pytest.raises(StorageConflict, match="was replaced on"):
        apply_promote(plan, staged.catalog, storage, lambda: staged.now, replaced_meanwhile)
    assert offered(staged) == "1.0.0"


@pytest.mark.parametrize("many", [1, 15_000])
def test_junk_among_the_signatures_of_metadata_that_somebody_left_does_not_ship(staged: Project, many: int) -> None:
    """Without a key: what people have signed lies in staging. Clients do not read metadata of any size."""
    staged.approve("1.1.0")
    signed = staged.staged().metadata
    for number in range(many):
        keyid = f"{number:064x}"
        signed.signatures[keyid] = Signature(keyid, "ab" * 64)
    put(staged, metadata_key(ROLE, signed.signed.version), to_bytes(signed))
    with pytest.raises(StorageConflict, match="stage it again with --replace"):
        promote(staged)
    assert offered(staged) == "1.0.0"
    start_over(staged)


@pytest.mark.parametrize("data", [b"{}", b"", b"x" * (8 * 1024 * 1024 + 1)])
def test_a_manifest_that_somebody_planted_is_told_with_the_way_to_get_rid_of_it(project: Project, data: bytes) -> None:
    project.publish("1.0.0")
    put(project, release_key("node", "1.1.0", "release.json"), data)
    with pytest.raises(TidegateError) as refusal:
        stage(project, "1.1.0")
    assert "release.json" in refusal.value.what
    assert "break-glass" in str(refusal.value.fix)


def test_a_state_with_more_junk_than_clients_read_is_not_put_back(staged: Project) -> None:
    """Whoever can write there overwrites what people signed, with all of their signatures still in it."""
    metadata = live(staged).roles[ROLE]
    for number in range(15_000):
        keyid = f"{number:064x}"
        metadata.signatures[keyid] = Signature(keyid, "ab" * 64)
    put(staged, metadata_key(ROLE, metadata.signed.version), to_bytes(metadata))
    storage, signers = staged.storage(), staged.catalog.signers
    survey = survey_bucket(storage, staged.root, signers)
    assert not survey.ours
    recovery = Recovery(survey, storage, staged.root, staged.catalog, staged.key_ring(), staged.now)
    with pytest.raises(VerificationError, match="clients read at most"):
        recovery.put_back(survey.states[0].head, disown=False)


@pytest.mark.parametrize(
    "action",
    [LedgerAction.RECOVER, LedgerAction.KEYS, LedgerAction.PROMOTE],
)
def test_a_thief_of_one_channel_key_puts_no_older_state_before_those_that_can_be_put_back(
    project: Project, action: LedgerAction
) -> None:
    """It takes two to ship; with one, and timestamp.json destroyed, `publish recover` would list it first."""
    project.publish("1.0.0")
    project.publish("1.1.0")
    logged = read_ledger(project.storage()).logged
    first = next(
        logged_entry.entry
        for logged_entry in logged
        if logged_entry.entry is not None and logged_entry.entry.result is not None
    )
    made_up = Stamp(version=9, sha256="a" * 64)
    entry_body = (
        first.model_copy(update={"action": action, "result": made_up})
        if action is LedgerAction.PROMOTE
        else LedgerEntryBody.routine(action, project.catalog.policy, roles=first.roles, result=made_up)
    )
    put(project, TIMESTAMP_KEY, b"{}")
    key = project.key("channels-ana")
    for about in ({}, {"product": "node", "version": "1.0.0", "channel": "stable"}):
        name, data = seal_entry(entry_body, read_ledger(project.storage()).head, project.now, key)
        put(project, name, forged(data, key, **about))
        survey = survey_bucket(project.storage(), project.root, project.catalog.signers)
        assert survey.states[0].head == logged[-1].head


def test_a_damaged_staging_pointer_does_not_hide_what_is_live_from_publish_status(staged: Project) -> None:
    put(staged, staging_pointer_key(ROLE), b"{}x")
    status = read_status(staged.look(), staged.catalog, staged.now)
    assert [str(channel.version) for channel in status.state.live] == ["1.0.0"]
    assert status.damaged == ("staging/node.stable/current.json cannot be read",)
