"""After somebody else has published: what is shown, what can be put back, and which clients follow when."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Targets
from tuf.ngclient import Updater

from publisher.channel.audit.channel import audit
from publisher.channel.layout import TIMESTAMP_KEY, ledger_key, metadata_key
from publisher.channel.ledger.entries import Head
from publisher.errors import InputError, SigningError, StorageConflict, TidegateError, VerificationError
from publisher.model.records.ledger_entry import LedgerAction
from publisher.pipeline.bucket_reader import SMALL
from publisher.pipeline.ledger_append import verify_ledger
from publisher.pipeline.operate.recover import RecoverPlan, Recovery, apply_recover, still_trusted, survey_bucket
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.verify import StoreSource
from publisher.pipeline.publication.self_check import StoreFetcher
from publisher.pipeline.release.promote import PromoteRequest
from publisher.pipeline.release.rollback import plan_rollback
from publisher.pipeline.roles.change import verify_for_all
from publisher.storage.protocol import Storage
from publisher.wire.errors import ClientError
from publisher.wire.version import Version
from tests.support.asking import offered
from tests.support.flaky import FlakyStorage, Killed
from tests.support.project import Project, tree
from tests.support.rotating import promote_keys, replace_key, sign_role_as, stage_keys
from tests.support.thief import FAR, Thief

ONLINE = ("snapshot-ben", "timestamp-ben")
ROOTS = ("root-ana", "root-ben")


@pytest.fixture
def live(project: Project) -> Project:
    """A project with two releases."""
    project.publish("1.0.0")
    project.publish("1.1.0")
    return project


def stock_offers(project: Project, state: str) -> list[str]:
    """Targets of the channel as python-tuf's own client sees them, with nothing of ours in between."""
    folder = project.base / state
    folder.mkdir(exist_ok=True)
    updater = Updater(
        str(folder),
        "https://bucket.invalid/tuf/metadata/",
        fetcher=StoreFetcher(project.storage()),
        bootstrap=project.root,
    )
    updater._trusted_set.reference_time = project.now
    updater.refresh()
    info = updater.get_targetinfo("feed/node/stable/linux-amd64.json")
    assert info is not None
    return sorted(info.hashes.values())


def newest(project: Project, storage: Storage | None = None) -> Head:
    """The newest state that the ledger tells of."""
    return survey_bucket(storage or project.storage(), project.root, project.catalog.signers).states[0].head


def plan(
    project: Project, chosen: Head | None = None, *, disown: bool = False, storage: Storage | None = None
) -> RecoverPlan:
    where = storage or project.storage()
    survey = survey_bucket(where, project.root, project.catalog.signers)
    head = chosen or survey.states[0].head
    work = Recovery(survey, where, project.root, project.catalog, project.key_ring(), project.now)
    return work.put_back(head, disown=disown)


def recover(project: Project, chosen: Head | None = None, *, disown: bool = False) -> RecoverPlan:
    made = plan(project, chosen, disown=disown)
    apply_recover(made, project.storage())
    verify_for_all(project.storage(), project.root, project.now)
    return made


def refused(project: Project, error: type[TidegateError], words: str, chosen: Head | None = None) -> None:
    before = tree(project.bucket)
    with pytest.raises(error, match=words):
        recover(project, chosen)
    assert tree(project.bucket) == before


def change_online_keys(project: Project) -> None:
    for name in ONLINE:
        replace_key(project, name, lost=True)
    stage_keys(project)
    sign_role_as(project, "root", ROOTS)
    promote_keys(project)


def test_while_what_is_live_is_ours_there_is_nothing_to_recover(live: Project) -> None:
    survey = survey_bucket(live.storage(), live.root, live.catalog.signers)
    assert (survey.ours, survey.refuted) == (True, None)
    refused(live, InputError, "there is nothing to recover from")


@pytest.mark.parametrize("far", [FAR, 2**40], ids=["far", "beyond every number"])
def test_a_fast_forward_is_undone_and_after_new_keys_all_clients_follow(live: Project, far: int) -> None:
    thief = Thief.of(live, *ONLINE)
    assert offered(live, "saw nothing") == "1.1.0"
    assert offered(live, "saw it") == stock_sees(live, "stock saw it") == "1.1.0"
    thief.flip(far, FAR, announced={"node.stable": FAR})
    with pytest.raises(ClientError):
        offered(live, "saw it")
    with pytest.raises((RepositoryError, DownloadError)):
        stock_offers(live, "stock saw it")

    survey = survey_bucket(live.storage(), live.root, live.catalog.signers)
    assert (survey.ours, survey.announced) == (False, None)
    made = recover(live)
    assert sorted(made.distrusted) == ["snapshot", "timestamp"]
    assert offered(live, "saw nothing") == offered(live, "new") == "1.1.0"
    with pytest.raises(ClientError):
        offered(live, "saw it")
    with pytest.raises(RepositoryError):
        stock_offers(live, "stock saw it")

    change_online_keys(live)
    live.publish("1.2.0")
    for state in ("saw nothing", "new", "saw it", "newer"):
        assert offered(live, state) == "1.2.0"
    assert stock_sees(live, "stock saw it") == "1.2.0"
    assert verify_ledger(live.storage(), live.root, live.catalog.signers)[1].sound


def stock_sees(project: Project, state: str) -> str:
    """The version that a stock client is led to."""
    [digest] = stock_offers(project, state)
    feed = project.bucket / f"tuf/targets/feed/node/stable/{digest}.linux-amd64.json"
    return str(json.loads(feed.read_bytes())["release"]["version"])


def test_one_changed_key_alone_leaves_those_waiting_who_saw_both_numbers(live: Project) -> None:
    thief = Thief.of(live, *ONLINE)
    thief.flip(FAR, FAR, announced={"node.stable": FAR})
    with pytest.raises(ClientError):
        offered(live, "saw it")
    recover(live)
    replace_key(live, "timestamp-ben", lost=True)
    stage_keys(live)
    sign_role_as(live, "root", ROOTS)
    promote_keys(live)
    with pytest.raises(ClientError):
        offered(live, "saw it")
    root = thief.live()
    warned = still_trusted(live.storage(), live.root, live.catalog.signers, root.root.signed, root.targets.signed)
    assert list(warned) == ["snapshot"]
    replace_key(live, "snapshot-ben", lost=True)
    stage_keys(live)
    sign_role_as(live, "root", ROOTS)
    promote_keys(live)
    assert offered(live, "saw it") == "1.1.0"
    root = thief.live()
    assert still_trusted(live.storage(), live.root, live.catalog.signers, root.root.signed, root.targets.signed) == {}


def test_numbers_that_are_a_little_ahead_are_passed_so_that_clients_follow_at_once(live: Project) -> None:
    Thief.of(live, *ONLINE).flip(40, 50)
    assert offered(live, "saw it") == "1.1.0"
    recover(live)
    state = Thief.of(live).live()
    assert (state.timestamp.signed.version, state.snapshot.signed.version) == (41, 51)
    live.publish("1.2.0")
    assert offered(live, "saw it") == "1.2.0"


def test_a_thief_of_the_timestamp_alone_names_a_snapshot_that_nobody_has(live: Project) -> None:
    Thief.of(live, "timestamp-ben").stamp(FAR, MetaFile(FAR))
    with pytest.raises(ClientError):
        offered(live, "saw it")
    assert recover(live).distrusted.keys() == {"timestamp"}
    assert offered(live, "new") == "1.1.0"
    replace_key(live, "timestamp-ben", lost=True)
    stage_keys(live)
    sign_role_as(live, "root", ROOTS)
    promote_keys(live)
    assert offered(live, "saw it") == "1.1.0"


@pytest.mark.parametrize(
    "left", [None, b"", b"garbage", b"[1]", b'{"signed": {}}', b"\xff\xfe", b"[" * 100_000, b" " * (SMALL + 1)]
)
def test_what_is_destroyed_is_put_back(live: Project, left: bytes | None) -> None:
    if left is None:
        (live.bucket / TIMESTAMP_KEY).unlink()
    else:
        Thief.of(live).write(TIMESTAMP_KEY, left)
    recover(live)
    assert offered(live, "new") == "1.1.0"
    assert offered(live, "old") == "1.1.0"


@pytest.mark.parametrize("version", ["1.5", "true", "1" + "0" * 60, "-1", '"2"'])
def test_a_number_that_is_none_is_as_good_as_destroyed(live: Project, version: str) -> None:
    data = json.loads((live.bucket / TIMESTAMP_KEY).read_bytes())
    data["signed"]["version"] = "HERE"
    Thief.of(live).write(TIMESTAMP_KEY, json.dumps(data).replace('"HERE"', version).encode())
    recover(live)
    assert offered(live, "new") == "1.1.0"


def test_a_replayed_older_state_is_replaced_by_the_newest(live: Project) -> None:
    """Properly signed metadata of 1.0.0, which new clients would believe."""
    old: Metadata[Targets] = Metadata.from_file(str(live.bucket / metadata_key("node.stable", 1)))
    Thief.of(live, *ONLINE).flip(40, 50, replaced={"node.stable": old})
    assert offered(live, "new") == "1.0.0"
    recover(live)
    assert offered(live, "newer") == "1.1.0"


def test_a_channel_role_of_thieves_is_left_behind_and_their_keys_are_named(live: Project) -> None:
    thief = Thief.of(live, *ONLINE, "channels-ana", "channels-ben")
    thief.flip(40, 50, replaced={"node.stable": thief.malware("node.stable", FAR, "channels-ana", "channels-ben")})
    assert offered(live, "fooled") == "6.6.6"
    made = recover(live)
    assert made.distrusted["node.stable"] == tuple(
        sorted(thief.keys[name].public_key.keyid for name in ("channels-ana", "channels-ben"))
    )
    assert ("node.stable", FAR, 2) in made.changed
    assert offered(live, "new") == "1.1.0"


def test_a_huge_file_that_the_thief_names_does_not_stop_a_recovery(live: Project) -> None:
    thief = Thief.of(live, *ONLINE)
    thief.flip(40, 50, announced={"node.stable": 7})
    thief.write(metadata_key("node.stable", 7), b" " * (SMALL + 1))
    assert "node.stable" not in recover(live).distrusted
    assert offered(live, "new") == "1.1.0"


def test_nobody_builds_on_what_no_entry_tells_of(live: Project) -> None:
    Thief.of(live, *ONLINE).flip(40, 50)
    storage = live.storage()
    before = live.bucket / TIMESTAMP_KEY
    found = before.read_bytes()
    with pytest.raises(VerificationError, match="the ledger has no entry for it"):
        plan_refresh(live.look(storage), live.catalog, live.key_ring(), live.now)
    with pytest.raises(VerificationError, match="the ledger has no entry for it"):
        live.publish("1.2.0")
    assert before.read_bytes() == found


def test_a_thief_who_wrote_an_entry_too_is_disowned(live: Project) -> None:
    """With a stolen online key a flip can have its entry, and then only people know that it was not theirs."""
    good = newest(live)
    live.now += timedelta(hours=30)
    plan_refresh(live.look(), live.catalog, live.key_ring(), live.now).apply(live.storage())
    refused(live, InputError, "add --disown", good)
    made = recover(live, good, disown=True)
    assert [entry.action for entry in made.discarded] == [LedgerAction.REFRESH]
    assert offered(live, "new") == "1.1.0"
    assert verify_ledger(live.storage(), live.root, live.catalog.signers)[1].sound


def test_a_recovery_can_be_recovered_from(live: Project) -> None:
    for number in (40, 400):
        Thief.of(live, *ONLINE).flip(number, number)
        recover(live)
    assert offered(live, "new") == "1.1.0"
    assert verify_ledger(live.storage(), live.root, live.catalog.signers)[1].sound


def test_a_way_back_still_works_after_a_recovery(live: Project) -> None:
    Thief.of(live, *ONLINE).flip(40, 50)
    recover(live)
    request = PromoteRequest("node", "stable", action=LedgerAction.ROLLBACK)
    back = plan_rollback(
        request, Version.parse("1.1.0"), live.catalog, live.look(), live.key_ring(), live.now, "It stops."
    )
    assert back.back_to == "1.0.0"


@pytest.mark.parametrize(("number", "words"), [(4, "is not the one that was named"), (2, "no earlier entry announces")])
def test_an_edited_entry_of_the_state_refutes_it(live: Project, number: int, words: str) -> None:
    Thief.of(live, *ONLINE).flip(40, 50)
    head = newest(live)
    data = (live.bucket / ledger_key(number)).read_bytes()
    Thief.of(live).write(
        ledger_key(number), data.replace(b'"payload": "', b'"payload": "A').replace(b'"sig"', b'"sog"')
    )
    refused(live, VerificationError, words, head)


def test_junk_in_the_ledger_does_not_stand_in_the_way(live: Project) -> None:
    """Whoever can write there and has no key could else keep everybody from recovering for good."""
    Thief.of(live).write(ledger_key(5), b"junk")
    live.publish("1.2.0")
    Thief.of(live, *ONLINE).flip(40, 50)
    recover(live)
    assert offered(live, "new") == "1.2.0"


def test_an_entry_that_is_not_the_one_that_was_noted_is_refused(live: Project) -> None:
    Thief.of(live, *ONLINE).flip(40, 50)
    head = newest(live)
    refused(live, VerificationError, "is not the one that was named", Head(head.number, "0" * 64))
    refused(live, VerificationError, "is missing", Head(99, "0" * 64))


def test_an_entry_that_made_nothing_live_cannot_be_chosen(live: Project) -> None:
    Thief.of(live, *ONLINE).flip(40, 50)
    first = survey_bucket(live.storage(), live.root, live.catalog.signers).ledger.logged[0]
    refused(live, InputError, "entry 1 made nothing live", first.head)


def test_a_destroyed_part_of_the_state_is_named(live: Project) -> None:
    Thief.of(live, *ONLINE).flip(40, 50)
    part = metadata_key("node.stable", 2)
    data = (live.bucket / part).read_bytes()
    (live.bucket / part).unlink()
    refused(live, VerificationError, "2.node.stable.json is missing")
    Thief.of(live).write(part, (live.bucket / metadata_key("node.stable", 1)).read_bytes())
    refused(live, VerificationError, "2.node.stable.json says that it is version 1")
    Thief.of(live).write(part, data.replace(b'"sig":"', b'"sig":"00', 1))
    refused(live, VerificationError, "needs the signature of a person with the duty engineering")


def test_without_the_online_keys_nothing_is_written(live: Project) -> None:
    Thief.of(live, *ONLINE).flip(40, 50)
    (live.keys / "timestamp-ben.pem").rename(live.base / "elsewhere.pem")
    (live.keys / "snapshot-ben.pem").rename(live.base / "elsewhere too.pem")
    refused(live, SigningError, "snapshot needs 1 signature")


def test_whoever_publishes_in_between_is_not_overwritten(live: Project) -> None:
    thief = Thief.of(live, *ONLINE)
    thief.flip(40, 50)
    made = plan(live)
    thief.flip(41, 70)
    found = (live.bucket / TIMESTAMP_KEY).read_bytes()
    with pytest.raises(StorageConflict, match="somebody else has just published"):
        apply_recover(made, live.storage())
    assert (live.bucket / TIMESTAMP_KEY).read_bytes() == found


def test_killed_at_any_change_a_recovery_is_finished_by_running_it_again(live: Project) -> None:
    Thief.of(live, *ONLINE).flip(FAR, FAR)
    changes, head, before = FlakyStorage(live.storage()), newest(live), tree(live.bucket)
    apply_recover(plan(live, head), changes)
    total = len(changes.changes)
    assert total >= 3
    for number in range(1, total + 1):
        for after in (False, True):
            restore(live, before)
            with pytest.raises(Killed):
                apply_recover(plan(live, head), FlakyStorage(live.storage(), number, after=after))
            if survey_bucket(live.storage(), live.root, live.catalog.signers).ours:
                assert (number, after) == (total, True)
            else:
                recover(live, head)
            assert offered(live, f"new {number} {after}") == "1.1.0"
            assert verify_ledger(live.storage(), live.root, live.catalog.signers)[1].sound


def restore(project: Project, files: dict[str, bytes]) -> None:
    for key in tree(project.bucket):
        if key not in files:
            (project.bucket / key).unlink()
    for key, data in files.items():
        if (project.bucket / key).read_bytes() != data:
            Thief.of(project).write(key, data)


def test_the_audit_names_what_the_thief_left(live: Project) -> None:
    Thief.of(live, *ONLINE).flip(FAR, FAR)
    recover(live)
    found = audit(StoreSource(live.storage()), live.root, live.now)
    assert any(metadata_key("snapshot", FAR) in str(one) for one in found.findings)
