"""publish recover, and how the other commands say that somebody else has published."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Targets

from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree, with_todays_keys
from tests.support.thief import FAR, Thief


@pytest.fixture
def live(tmp_path: Path, publish: Publish) -> Project:
    """A project with a release that is live, at the real time."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0")
    where = ("--channel", "stable", "--artifacts", "artifacts/1.0.0", "--to", project.bucket)
    ran = project.step("1.0.0 is released", lambda: publish("release", "node@1.0.0", *where, cwd=project.base))
    assert ran.code == 0, ran.err
    project.now = datetime.now(UTC).replace(microsecond=0)
    project.forget()
    return project


@pytest.fixture
def robbed(live: Project) -> Project:
    """The same, after somebody with both online keys has numbered ahead."""
    Thief.of(live, "snapshot-ben", "timestamp-ben").flip(FAR, FAR)
    return live


def run(publish: Publish, project: Project, *words: str) -> Ran:
    ran = publish(*words, "--to", project.bucket, cwd=project.base)
    return Ran(ran.code, " ".join(ran.out.split()), " ".join(ran.err.split()))


def test_it_says_that_what_is_live_is_ours(live: Project, publish: Publish) -> None:
    before = tree(live.bucket)
    ran = run(publish, live, "recover")
    assert ran.code == 0
    assert "It verifies. Entry 2 of the ledger records it. No sign that somebody else has published." in ran.out
    assert json.loads(run(publish, live, "recover", "--json").out)["ok"] is True
    assert tree(live.bucket) == before


def test_what_a_stranger_published_is_told_by_every_command_that_looks(robbed: Project, publish: Publish) -> None:
    before = tree(robbed.bucket)
    looked = run(publish, robbed, "recover")
    assert looked.code == 4
    assert f"Live is timestamp {FAR}. It verifies. The ledger has no entry for it" in looked.out
    status = run(publish, robbed, "status")
    assert (status.code, "Next: publish recover" in status.out) == (4, True)
    assert json.loads(run(publish, robbed, "status", "--json").out)["announced"] is False
    refresh = run(publish, robbed, "refresh")
    assert (refresh.code, "publish recover" in flat(refresh.err)) == (4, True)
    log = run(publish, robbed, "log", "--verify")
    assert (log.code, "which no entry announces" in log.out) == (4, True)
    assert tree(robbed.bucket) == before


def put_back(publish: Publish, project: Project, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """What --disown says of the state of an entry for people and programs: before, and when it is put back."""
    listed = json.loads(run(publish, project, "log", "--json").out)["entries"]
    [digest] = [entry["sha256"] for entry in listed if entry["number"] == number]
    words = ("recover", "--disown", "--entry", f"{number}:{digest}")
    before = tree(project.bucket)
    planned = run(publish, project, *words, "--dry-run")
    assert planned.code == 0, planned.err
    yield planned.out, json.loads(run(publish, project, *words, "--dry-run", "--json").out)
    assert tree(project.bucket) == before
    done = run(publish, project, *words)
    assert done.code == 0, done.err
    yield done.out, {}


def hide_keys_of_notes(project: Project) -> None:
    """Whoever has one is elsewhere."""
    for key in project.keys.glob("notes-*.pem"):
        key.unlink()


def test_a_state_before_a_rollback_comes_with_a_warning_that_the_version_is_live_again(
    live: Project, publish: Publish
) -> None:
    live.add_release("1.1.0")
    live.build("1.1.0")
    where = ("--channel", "stable", "--artifacts", "artifacts/1.1.0")
    assert run(publish, live, "release", "node@1.1.0", *where).code == 0
    assert run(publish, live, "rollback", "node@1.1.0", "--because", "It stops.", "--channel", "stable").code == 0
    (planned, data), (done, _) = put_back(publish, live, 4)
    what = "Warning: node 1.1.0, which entry 5 took back from stable, "
    assert f"{what}would be live again." in planned
    assert data["rollbacks_undone"] == [5]
    again = "If that rollback was yours, take it back once more: publish rollback node@1.1.0 --channel stable"
    assert f"{what}is live again. {again}" in done
    assert run(publish, live, "rollback", "node@1.1.0", "--because", "It stops.", "--channel", "stable").code == 0

    (planned, data), (done, _) = put_back(publish, live, 2)
    assert "would no longer count as taken back. Clients that run it are told that it is withdrawn." in planned
    assert "Stays: the withdrawal of node.stable 1.1.0, signed with brakes-" in planned
    assert "publish lift node@1.1.0 --channel stable" in planned
    assert {brake["kind"] for brake in data["brakes_kept"]} == {"withdrawal"}
    assert data["rollbacks_undone"] == [7]  # the recovery, entry 6, has undone entry 5 already
    assert "no longer counts as taken back" in done


def test_a_state_is_put_back_by_the_words_that_were_printed(robbed: Project, publish: Publish) -> None:
    entry = run(publish, robbed, "recover").out.partition("--entry ")[2].split()[0]
    before = tree(robbed.bucket)
    planned = run(publish, robbed, "recover", "--entry", entry, "--dry-run")
    assert (planned.code, "would be put back" in planned.out) == (0, True)
    assert tree(robbed.bucket) == before
    done = run(publish, robbed, "recover", "--entry", entry)
    assert done.code == 0, done.err
    assert "The others stay: brakes, node.stable, notes, rollout and targets." in done.out
    assert "The timestamp that is replaced was signed with timestamp-ben of ben. If not by you" in done.out
    assert run(publish, robbed, "status").code == 0
    assert "Put back the state of entry 2." in run(publish, robbed, "log", "--verify").out

    again = run(publish, robbed, "recover", "--entry", entry)
    assert (again.code, "there is nothing to recover from" in flat(again.err)) == (1, True)
    staged = json.loads(run(publish, robbed, "keys", "stage", "--dry-run", "--json").out)
    assert sorted(staged["still_trusted"]) == ["snapshot", "timestamp"]
    assert "Warning: snapshot still uses snapshot-ben of ben" in run(publish, robbed, "keys", "stage").out


def test_what_is_live_and_only_lost_its_entry_is_adopted(live: Project, publish: Publish) -> None:
    (live.bucket / "ledger/00000002.json").unlink()
    looked = run(publish, live, "recover")
    assert (looked.code, "only its entry is gone: publish recover --adopt" in looked.out) == (4, True)
    assert run(publish, live, "recover", "--adopt", "--entry", "2:aa").code == 2
    done = run(publish, live, "recover", "--adopt")
    assert (done.code, "What is live has its entry:" in done.out) == (0, True)
    assert run(publish, live, "status").code == 0
    assert run(publish, live, "log", "--verify").code == 0


def test_as_json_it_names_what_it_changed(robbed: Project, publish: Publish) -> None:
    entry = json.loads(run(publish, robbed, "recover", "--json").out)["states"][0]["entry"]
    done = json.loads(run(publish, robbed, "recover", "--entry", entry, "--json").out)
    assert done["roles"]["timestamp"] == {"found": FAR, "now": 2}
    assert sorted(done["distrusted"]) == ["snapshot", "timestamp"]


def test_an_entry_that_is_mistyped_is_a_mistake_of_words(robbed: Project, publish: Publish) -> None:
    ran = run(publish, robbed, "recover", "--entry", "2")
    assert (ran.code, "write it as `publish log` prints it: NUMBER:SHA256" in flat(ran.err)) == (2, True)


def test_without_a_ledger_there_is_nothing_to_put_back(robbed: Project, publish: Publish) -> None:
    for entry in (robbed.bucket / "ledger").iterdir():
        entry.unlink()
    ran = run(publish, robbed, "recover")
    assert (ran.code, "The ledger has no state" in ran.out) == (4, True)


def test_status_fails_once_something_has_expired(
    live: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(publish, live, "status").code == 0
    monkeypatch.setattr("publisher.cli.operate.status.wall_clock", lambda: live.now + timedelta(days=3))
    late = run(publish, live, "status")
    assert late.code == 4
    assert "Expired: timestamp. Clients offer nothing until that is renewed. Next: publish refresh" in late.out
    said = json.loads(run(publish, live, "status", "--json").out)
    assert (said["ok"], said["announced"]) == (False, True)


def test_status_says_that_clients_go_on_where_only_notes_have_expired(
    live: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_keys_of_notes(live)
    for command in ("status", "refresh"):
        monkeypatch.setattr(f"publisher.cli.operate.{command}.wall_clock", lambda: live.now + timedelta(days=95))
    assert run(publish, live, "refresh").code == 3
    ran = run(publish, live, "status")
    output = " ".join(ran.out.split())
    alarm = "Expired: notes. Clients still offer updates. Next: publish approve notes --key KEY Live"
    assert (ran.code, alarm in output) == (0, True), ran.out
    status = json.loads(run(publish, live, "status", "--json").out)
    assert (status["ok"], status["expired"], status["silent"]) == (True, ["notes"], [])


def test_status_sends_to_those_who_sign_what_has_expired_and_is_not_staged(
    live: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("publisher.cli.operate.status.wall_clock", lambda: live.now + timedelta(days=400))
    ran = run(publish, live, "status")
    output = " ".join(ran.out.split())
    assert (ran.code, "Clients offer nothing until that is renewed. Next: publish refresh, then" in output) == (4, True)
    assert "publish approve node.stable --key KEY" in output
    assert "publish approve timestamp" not in output


def test_refresh_fails_as_for_missing_approvals_while_people_have_to_sign(
    live: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_keys_of_notes(live)
    monkeypatch.setattr("publisher.cli.operate.refresh.wall_clock", lambda: live.now + timedelta(days=88))
    waits = run(publish, live, "refresh")
    assert (waits.code, "publish approve notes --key KEY" in waits.out) == (3, True), waits.err


def test_a_hold_that_the_newest_brakes_lack_is_told_when_a_state_is_put_back(live: Project, publish: Publish) -> None:
    words = ("--channel", "stable", "--because", "It stops.", "--next-update", "6h", "--yes")
    assert run(publish, live, "hold", "node@1.0.0", *words).code == 0
    thief = Thief.of(live, "snapshot-ben", "timestamp-ben", "brakes-ben")
    state = thief.live()
    brakes = Metadata(Targets(version=3, expires=state.snapshot.signed.expires))
    brakes.sign(thief.keys["brakes-ben"])
    thief.flip(state.timestamp.signed.version + 1, state.snapshot.signed.version + 1, replaced={"brakes": brakes})
    entry = run(publish, live, "recover").out.partition("--entry ")[2].split()[0]
    done = run(publish, live, "recover", "--entry", entry)
    assert done.code == 0, done.err
    assert "The ledger has no entry for the brakes, which were signed with brakes-ben of ben." in done.out
    assert "Warning: the hold on node.stable 1.0.0, which" in done.out
    assert "Next: run `publish hold node@1.0.0 --channel stable` again" in done.out
    assert (run(publish, live, "refresh").code, run(publish, live, "status").code) == (4, 4)
    assert run(publish, live, "hold", "node@1.0.0", *words).code == 0
    assert (run(publish, live, "refresh").code, run(publish, live, "status").code) == (0, 0)
