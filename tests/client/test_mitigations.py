"""Mitigations on a machine: what it is told, what it asks for, and that notes never stop an answer (R86)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Snapshot

from publisher.client.updater import UpdateClient
from publisher.model.records.client_answer import Answer
from publisher.wire.advice.mitigation import NOT_SIGNED, Advice
from publisher.wire.version import Version
from tests.client.conftest import ASK, CountingFetcher, Run, SetClock
from tests.support.mitigations import REASON, SETTINGS, listed, notes_field, notice, written
from tests.support.tuf_repository import ALICE, BOB, CAROL, PAST, Bucket, a_feed

NOW = "2027-03-02T12:00:00+00:00"
RUNNING = Version.parse("4.1.0")
MISSING = "advice for the version that you run may be missing"


@pytest.fixture(autouse=True)
def in_march(set_clock: SetClock) -> None:
    set_clock(NOW)


def publish(bucket: Bucket, *notices: dict[str, Any], settings: Any = SETTINGS, **changes: Any) -> list[str]:
    """A state with these mitigations and their notices; the ids."""
    for fields in notices:
        data = written(fields)
        bucket.write(f"tuf/targets/notes/btfs-node/mitigation/{hashlib.sha256(data).hexdigest()}.notice.json", data)
    bucket.notes = notes_field(*(listed(fields) for fields in notices))
    for name, value in changes.items():
        setattr(bucket, name, value)
    bucket.release(a_feed(settings=settings))
    return [listed(fields)["id"] for fields in notices]


def advice_of(client: UpdateClient, version: Version | None = RUNNING) -> Advice:
    return client.fetch_advice(client.fetch_channel(*ASK), version)


def test_r86_check_says_what_to_set_why_and_until_when(run: Run, bucket: Bucket) -> None:
    publish(bucket, notice())
    code, out, err = run("check", "--current", "4.1.0")
    assert (code, err) == (0, "")
    assert (
        "Until fixed in 4.1.2: set storage.auto_sync to off (In config.toml).\n"
        f'  The reason given: "{REASON}"\n'
        "  This advice ends on 2027-03-20 12:00 UTC.\n"
    ) in out
    assert out.endswith("verified\n")


def test_without_a_known_fix_it_says_so(run: Run, bucket: Bucket) -> None:
    publish(bucket, notice(fixed_in=None))
    assert "Until this is fixed: set storage.auto_sync to off" in run("check", "--current", "4.1.0")[1]


def test_programs_get_setting_value_and_reason(run: Run, bucket: Bucket) -> None:
    [id_] = publish(bucket, notice())
    answer = Answer.model_validate_json(run("check", "--current", "4.1.0", "--json")[1])
    assert answer.mitigations is not None
    [mitigation] = answer.mitigations
    assert mitigation.model_dump(mode="json") == {
        "id": id_,
        "setting": {"id": "auto-sync", "name": "storage.auto_sync", "how": "In config.toml."},
        "value": "off",
        "because": REASON,
        "at": "2027-03-01T12:00:00Z",
        "until": "2027-03-20T12:00:00Z",
        "fixed_in": "4.1.2",
    }
    assert answer.left_out == ()


@pytest.mark.parametrize("version", ["4.0.9", "4.1.2"])
def test_others_are_told_nothing_and_fetch_nothing(
    bucket: Bucket, client: UpdateClient, fetcher: CountingFetcher, version: str
) -> None:
    publish(bucket, notice())
    assert advice_of(client, Version.parse(version)) == advice_of(client, None) == Advice()
    assert not [path for path in fetcher.asked if "notice" in path]


def test_notes_cost_one_request_when_they_change_and_a_notice_one(
    bucket: Bucket, client: UpdateClient, fetcher: CountingFetcher
) -> None:
    [id_] = publish(bucket, notice(until="2999-01-01T00:00:00Z"))
    assert len(advice_of(client).mitigations) == 1
    assert [path for path in fetcher.asked if "not" in path] == [
        "metadata/2.notes.json",
        f"targets/notes/btfs-node/mitigation/{id_}.notice.json",
    ]
    fetcher.asked.clear()
    assert len(advice_of(client).mitigations) == 1
    assert fetcher.asked == ["metadata/2.root.json", "metadata/timestamp.json"]


def test_notices_that_are_listed_no_more_are_removed(bucket: Bucket, client: UpdateClient, tmp_path: Path) -> None:
    for value in ("on", "off"):
        [id_] = publish(bucket, notice(value=value, until="2999-01-01T00:00:00Z"))
        assert [item.notice.value for item in advice_of(client).mitigations] == [value]
        assert [path.name for path in (tmp_path / "state" / "mitigations").iterdir()] == [f"{id_}.notice.json"]


def test_what_is_kept_is_believed_only_if_it_is_the_very_notice(
    bucket: Bucket, client: UpdateClient, tmp_path: Path
) -> None:
    [id_] = publish(bucket, notice(until="2999-01-01T00:00:00Z"))
    kept = tmp_path / "state" / "mitigations" / f"{id_}.notice.json"
    before = advice_of(client)
    kept.write_bytes(written(notice(value="on")))
    assert advice_of(client) == before
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == id_
    kept.unlink()
    kept.symlink_to("/dev/zero")
    assert advice_of(client) == before


def answered(run: Run, *sentences: str) -> None:
    """The update is offered all the same, with these sentences and no mitigation."""
    code, out, err = run("check", "--current", "4.0.2")
    assert (code, err) == (0, "")
    assert "Version 4.1.0 is available and recommended" in out
    assert out.endswith("verified\n")
    code, out, _ = run("check", "--current", "4.1.0", "--json")
    answer = json.loads(out)
    assert (code, answer["mitigations"], answer["left_out"]) == (0, [], list(sentences))


EXPIRED = f"The channel's notes have expired: {MISSING}."
UNVERIFIED = f"The channel's notes could not be verified: {MISSING}."


def test_expired_notes_say_less_and_stop_nothing(run: Run, bucket: Bucket) -> None:
    publish(bucket, notice())
    bucket.expires["notes"] = PAST
    bucket.publish()
    answered(run, EXPIRED)


@pytest.mark.parametrize(
    ("keys", "signers"),
    [((CAROL,), (ALICE,)), ((CAROL,), ()), ((CAROL, BOB), (CAROL,)), ((CAROL, BOB), (CAROL, ALICE))],
    ids=["a-stranger", "nobody", "one-of-two", "one-and-a-stranger"],
)
def test_notes_without_the_threshold_of_their_role_say_less_and_stop_nothing(
    run: Run, bucket: Bucket, keys: Any, signers: Any
) -> None:
    publish(bucket, notice(), notes_keys=keys, notes_signers=signers)
    answered(run, UNVERIFIED)


def test_notes_that_are_listed_and_not_delegated_or_missing_say_less(run: Run, bucket: Bucket) -> None:
    publish(bucket, notice())
    bucket.path("tuf/metadata/2.notes.json").unlink()
    answered(run, UNVERIFIED)
    bucket.notes, bucket.extra_metas = None, ("notes",)
    bucket.publish()
    answered(run, UNVERIFIED)


def test_notes_of_an_older_number_than_was_seen_say_less(run: Run, bucket: Bucket, tmp_path: Path) -> None:
    publish(bucket, notice(until="2027-03-03T00:00:00Z"))
    publish(bucket)
    assert json.loads(run("check", "--current", "4.1.0", "--json")[1])["left_out"] == []
    # A thief of snapshot and timestamp lists the notes that were replaced; the machine has lost what it kept of TUF.
    for path in (tmp_path / "state").glob("**/metadata/*.json"):
        path.unlink()
    bucket.version += 1
    listed_now = Metadata[Snapshot].from_bytes(bucket.path("tuf/metadata/3.snapshot.json").read_bytes()).signed.meta
    listed_now["notes.json"].version = 2
    bucket._publish_online(listed_now)
    answered(run, UNVERIFIED)


@pytest.mark.parametrize("field", [[], {"btfs-node": {"mitigations": {}}}, {"btfs-node": {"mitigations": [{}]}}])
def test_a_malformed_field_says_less_and_stops_nothing(run: Run, bucket: Bucket, field: object) -> None:
    publish(bucket, notice())
    bucket.notes = {"x-tidegate-notes": field}
    bucket.publish()
    answered(run, f"The channel's notes cannot be read: {MISSING}.")


@pytest.mark.parametrize("data", [None, b"", b"<html>", b"{}" + b" " * 5000, written(notice(value="on"))])
def test_a_notice_that_is_missing_or_another_one_says_less(run: Run, bucket: Bucket, data: bytes | None) -> None:
    [id_] = publish(bucket, notice())
    object_ = bucket.path(f"tuf/targets/notes/btfs-node/mitigation/{id_}.notice.json")
    object_.unlink() if data is None else object_.write_bytes(data)
    answered(run, "A notice about this version could not be fetched or read: try again later.")


@pytest.mark.parametrize(
    "changes",
    [{"setting": "allow-remote-login", "value": "on"}, {"value": "sudo"}, {"setting": "max-peers", "value": "999999"}],
)
def test_a_thief_of_the_notes_key_cannot_name_a_setting_or_a_value_of_his_own(
    run: Run, bucket: Bucket, changes: dict[str, Any]
) -> None:
    publish(bucket, notice(**changes))
    answered(run, NOT_SIGNED)
    out = run("check", "--current", "4.1.0")[1]
    assert NOT_SIGNED in out
    assert "allow-remote-login" not in out + run("check", "--current", "4.1.0", "--json")[1]


def test_a_thief_of_the_notes_key_cannot_send_users_anywhere(run: Run, bucket: Bucket) -> None:
    publish(bucket, notice(because="Get the fix from https://bad.example/fix at once"))
    answered(run, "A notice about this version could not be fetched or read: try again later.")
    assert "bad.example" not in run("check", "--current", "4.1.0")[1]


def test_settings_that_the_channel_no_longer_signs_end_the_advice(run: Run, bucket: Bucket) -> None:
    publish(bucket, notice(), settings=[])
    answered(run, NOT_SIGNED)


def test_a_machine_whose_files_run_anywhere_is_told_by_its_own_platform_too(run: Run, bucket: Bucket) -> None:
    for platforms, count in ((["macos-arm64"], 1), (["any"], 1), (["windows-amd64"], 0)):
        publish(bucket, notice(platforms=platforms))
        feed = a_feed(settings=SETTINGS, platform="any")
        bucket.release(feed)
        answer = json.loads(run("check", "--current", "4.1.0", "--json", platform="macos-arm64")[1])
        assert (len(answer["mitigations"]), answer["left_out"]) == (count, []), platforms
