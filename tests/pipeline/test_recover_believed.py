"""Which entries are believed when a state is put back or a candidate ships, and what may not be put back."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tuf.api.metadata import Metadata, MetaFile, Timestamp

from publisher.channel.advance import to_bytes
from publisher.channel.layout import TIMESTAMP_KEY, ledger_key
from publisher.channel.ledger.entries import Head, seal_entry
from publisher.errors import InputError, RefusedByPolicy, StorageConflict, TidegateError, VerificationError
from publisher.model.records.ledger_entry import LedgerAction, LedgerEntryBody, Stamp
from publisher.pipeline.ledger_append import read_ledger, verify_ledger
from publisher.pipeline.operate.recover import (
    RecoverPlan,
    Recovery,
    Survey,
    apply_recover,
    still_trusted,
    survey_bucket,
)
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.release.stage import Supersede
from publisher.signing.key_files import OpenSigner
from tests.support.approving import edit, refused, stage
from tests.support.flaky import FlakyStorage, Killed
from tests.support.planting import point
from tests.support.project import Project, tree
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys
from tests.support.thief import Thief

ONLINE = ("snapshot-ben", "timestamp-ben")


@pytest.fixture
def live(project: Project) -> Project:
    """A project with two releases."""
    project.publish("1.0.0")
    project.publish("1.1.0")
    return project


def survey(project: Project) -> Survey:
    return survey_bucket(project.storage(), project.root, project.catalog.signers)


def work(project: Project) -> Recovery:
    where, ring = project.storage(), project.key_ring()
    return Recovery(survey(project), where, project.root, project.catalog, ring, project.now)


def plan(project: Project, chosen: Head, *, disown: bool = False) -> RecoverPlan:
    return work(project).put_back(chosen, disown=disown)


def adopt(project: Project) -> RecoverPlan:
    return work(project).adopt()


def is_refused(project: Project, error: type[TidegateError], words: str, chosen: Head, *, disown: bool = False) -> None:
    before = tree(project.bucket)
    with pytest.raises(error, match=words):
        plan(project, chosen, disown=disown)
    assert tree(project.bucket) == before


def forge(project: Project, entry_body: LedgerEntryBody, key: OpenSigner) -> Head:
    """An entry at the end, linked and signed."""
    name, data = seal_entry(entry_body, read_ledger(project.storage()).head, project.now, key)
    Thief.of(project).write(name, data)
    return read_ledger(project.storage()).head


def a_state_of_their_own(project: Project) -> LedgerEntryBody:
    """As a recovery would tell it: node.stable 1, which shipped 1.0.0."""
    roles = {
        **dict.fromkeys(("targets", "node.stable", "brakes", "notes", "rollout"), 1),
        "snapshot": 9,
        "timestamp": 9,
    }
    entry_body = LedgerEntryBody.routine(LedgerAction.RECOVER, project.catalog.policy)
    return entry_body.model_copy(update={"roles": roles, "result": Stamp(version=9, sha256="a" * 64)})


def replace_snapshot_key(project: Project) -> None:
    replace_key(project, "snapshot-ben", lost=True)
    stage_keys(project)
    sign_role_as(project, "root", ("root-ana", "root-ben"))
    promote_keys(project)


def test_a_key_that_was_replaced_puts_no_state_into_the_ledger(live: Project) -> None:
    stolen = live.key("snapshot-ben")
    replace_snapshot_key(live)
    (live.bucket / TIMESTAMP_KEY).unlink()
    head = forge(live, a_state_of_their_own(live), stolen)
    assert head not in {state.head for state in survey(live).states}
    is_refused(live, VerificationError, "entry 7 is not signed by a key that may sign it today", head)
    apply_recover(plan(live, survey(live).states[0].head), live.storage())
    assert Thief.of(live).live().roles["node.stable"].signed.version == 2


def test_a_key_of_another_role_puts_no_state_into_the_ledger(live: Project) -> None:
    (live.bucket / TIMESTAMP_KEY).unlink()
    head = forge(live, a_state_of_their_own(live), live.key("notes-coco"))
    assert head not in {state.head for state in survey(live).states}
    is_refused(live, VerificationError, "entry 5 is not signed by a key that may sign it today", head)


def test_after_a_change_of_keys_its_entry_tells_the_whole_state(live: Project) -> None:
    """Entries by the keys of before are not needed, and not believed."""
    replace_snapshot_key(live)
    Thief(live, {"snapshot-ben": live.key("snapshot-ben-2"), "timestamp-ben": live.key("timestamp-ben")}).flip(40, 50)
    apply_recover(plan(live, survey(live).states[0].head), live.storage())
    assert Thief.of(live).live().roles["node.stable"].signed.version == 2
    assert verify_ledger(live.storage(), live.root, live.catalog.signers)[1].sound


def test_a_key_that_was_replaced_brings_no_replaced_candidate_back(live: Project) -> None:
    stage(live, "1.2.0")
    live.approve("1.2.0")
    first = live.staged().candidate.digest
    live.now += timedelta(minutes=5)
    stage(live, "1.2.0", Supersede.ANY)
    stolen = live.key("snapshot-ben")
    replace_snapshot_key(live)
    point(live, first)
    entries = [logged.entry for logged in read_ledger(live.storage()).logged]
    honest = next(entry for entry in entries if entry is not None and entry.candidate == first)
    forge(live, honest.model_copy(update={"staged_over": "b" * 64}), stolen)
    refused(live, StorageConflict, "was replaced on")


def test_entries_that_nobody_signed_fill_no_list(live: Project) -> None:
    for number in range(5, 12):
        Thief.of(live).write(ledger_key(number), (live.bucket / ledger_key(4)).read_bytes())
    Thief.of(live, *ONLINE).flip(40, 50)
    assert [state.entry.number for state in survey(live).states] == [4, 2]


def test_only_an_entry_that_somebody_signed_speaks_against_a_key(live: Project) -> None:
    """Else whoever can write there could have honest keys removed."""
    told = a_state_of_their_own(live)
    honest = live.key("snapshot-ben").public_key.keyid
    head = forge(live, told.model_copy(update={"distrusted": {"snapshot": (honest,)}}), live.key("timestamp-ben"))
    state = Thief.of(live).live()

    def warned() -> dict[str, tuple[str, ...]]:
        where, signers = live.storage(), live.catalog.signers
        return still_trusted(where, live.root, signers, state.root.signed, state.targets.signed)

    assert warned() == {"snapshot": (honest,)}
    name = ledger_key(head.number)
    envelope = json.loads((live.bucket / name).read_bytes())
    envelope["signatures"][0]["sig"] = "AAAA"
    Thief.of(live).write(name, json.dumps(envelope).encode())
    assert warned() == {}


def test_what_is_live_is_adopted_when_only_its_entry_is_gone(live: Project) -> None:
    (live.bucket / ledger_key(4)).unlink()
    assert not survey(live).ours
    before = Thief.of(live).live()
    apply_recover(adopt(live), live.storage())
    after = Thief.of(live).live()
    assert after.roles["node.stable"].signed == before.roles["node.stable"].signed
    assert after.timestamp.signed.version == before.timestamp.signed.version + 1
    assert survey(live).ours
    assert verify_ledger(live.storage(), live.root, live.catalog.signers)[1].sound
    live.publish("1.2.0")


def test_only_what_verifies_and_is_not_told_of_is_adopted(live: Project) -> None:
    with pytest.raises(InputError, match="the ledger has an entry for it"):
        adopt(live)
    Thief.of(live).write(TIMESTAMP_KEY, b"{}")
    with pytest.raises(InputError, match="it does not verify"):
        adopt(live)


def test_a_release_that_was_never_live_is_not_brought_in_by_disowning_what_is(live: Project) -> None:
    """Its publisher died between entry and flip, and now the rules would have to be asked again."""
    live.now += timedelta(hours=30)
    where, ring = live.storage(), live.key_ring()
    dying = FlakyStorage(where)
    made = plan_refresh(live.look(where), live.catalog, ring, live.now)
    made.apply(dying)
    dying = FlakyStorage(where, len(dying.changes))
    live.now += timedelta(hours=30)
    made = plan_refresh(live.look(where), live.catalog, ring, live.now)
    with pytest.raises(Killed):
        made.apply(dying)
    newest = survey(live).states[0]
    assert not newest.certain
    is_refused(live, InputError, "may never have been live", newest.head, disown=True)


def test_disowning_what_is_live_leads_to_nothing_insecure(live: Project) -> None:
    edit(live.config / "products.yaml", "    blast_radius: 4\n", '    blast_radius: 4\n    min_secure: "1.1.0"\n')
    live.forget()
    first = survey(live).states[-1].head
    is_refused(live, RefusedByPolicy, "below the security floor", first, disown=True)


def test_a_timestamp_that_nobody_signed_moves_no_numbers(live: Project) -> None:
    made = Metadata(Timestamp(version=40, expires=live.now, snapshot_meta=MetaFile(50)))
    Thief.of(live).write(TIMESTAMP_KEY, to_bytes(made))
    apply_recover(plan(live, survey(live).states[0].head), live.storage())
    state = Thief.of(live).live()
    assert (state.timestamp.signed.version, state.snapshot.signed.version) == (3, 3)
