"""`tidegate ready`: words, exit codes, JSON, without a network, and what `check` says of requirements."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from publisher.client.cli import main
from publisher.client.ready.assess import EXIT_CODES
from publisher.content.schemas import schema_of
from publisher.model.records.client_answer import Answer
from publisher.model.records.client_readiness import ReadinessReport
from tests.client.conftest import Run, SetClock
from tests.support.requirements import NOW, contract_closes, mainnet_upgrade
from tests.support.tuf_repository import PAST, Bucket, expired

READINESS = Draft202012Validator(schema_of(ReadinessReport, closed=True, nulls=True), format_checker=FormatChecker())
ANSWER = Draft202012Validator(schema_of(Answer, closed=True, nulls=True), format_checker=FormatChecker())


@pytest.fixture(autouse=True)
def now(set_clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's clock is NOW, and its terminal 80 columns wide."""
    set_clock(NOW)
    monkeypatch.setenv("COLUMNS", "80")


def test_r55_an_update_that_is_out_is_told_with_its_date_event_link_and_command(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes(audiences=["hosts", "exchanges"]), version="5.0.1")
    code, out, err = run("ready", "--current", "4.1.0")
    command = out.split("To download it:\n")[1].splitlines()[0]
    assert (code, err) == (10, "")
    assert out.replace(command, "  (the command)") == (
        "btfs-node stable, linux-amd64\n"
        "Not ready: 5.0.0 or later must run by 2027-03-31 12:00 UTC (75 days left).\n"
        "You run 4.1.0; update to 5.0.1.\n"
        "\n"
        "  Because      The old payment contract closes\n"
        "  For          hosts and exchanges\n"
        "  More         https://updates.example/events/contract-closes/\n"
        "\n"
        "To download it:\n"
        "  (the command)\n"
        "\n"
        "Signed by alice (engineering) and bob (operations): verified\n"
    )
    assert "download --url" in command


def test_a_version_that_is_not_out_is_announced_and_nothing_is_installed(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes(), mainnet_upgrade("4.2.0"))
    code, out, _ = run("ready", "--current", "4.1.0")
    assert code == 10
    assert out == (
        "btfs-node stable, linux-amd64\n"
        "Not ready: 4.2.0 or later must run by 2027-02-14 10:00 UTC (30 days left).\n"
        "You run 4.1.0. 4.2.0 is announced, not out yet; nothing to install today.\n"
        "\n"
        "  Because      The mainnet upgrade\n"
        "  Estimate     block 41,000,000 of bttc, expected from 2027-02-15 to 2027-02-18,\n"
        "               as estimated on 2027-01-01, to be relied on until 2027-01-31\n"
        "  More         https://updates.example/events/mainnet-upgrade/\n"
        "\n"
        "5.0.0 or later must run by 2027-03-31 12:00 UTC (75 days left); not out yet:\n"
        "  The old payment contract closes\n"
        "\n"
        "Signed by alice (engineering) and bob (operations): verified\n"
    )


def test_whoever_is_ready_reads_what_for(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes(), mainnet_upgrade("4.2.0"), version="5.0.0")
    code, out, _ = run("ready", "--current", "5.0.0")
    assert code == 0
    assert out == (
        "btfs-node stable, linux-amd64\n"
        "Ready: 5.0.0 meets everything that is required here.\n"
        "\n"
        "  Ready for    The mainnet upgrade (4.2.0 by 2027-02-14 10:00 UTC)\n"
        "               The old payment contract closes (5.0.0 by 2027-03-31 12:00 UTC)\n"
        "\n"
        "Signed by alice (engineering) and bob (operations): verified\n"
    )


@pytest.mark.parametrize(
    ("current", "moment", "words"),
    [
        ("4.1.0", "2027-04-03T12:00:00Z", "Too late: 5.0.0 or later was needed by 2027-03-31 12:00 UTC (3 days ago)."),
        ("4.1.0", "2027-03-31T07:00:00Z", "must run by 2027-03-31 12:00 UTC (5 hours left)."),
        ("4.1.0", "2027-03-31T11:30:00Z", "must run by 2027-03-31 12:00 UTC (less than an hour\nleft)."),
        ("4.1.0", "2027-03-30T11:30:00Z", "must run by 2027-03-31 12:00 UTC (1 day left)."),
        ("5.0.0", "2027-04-03T12:00:00Z", "Ready: 5.0.0 meets everything that is required here."),
    ],
)
def test_the_time_that_is_left(
    run: Run, bucket: Bucket, set_clock: SetClock, current: str, moment: str, words: str
) -> None:
    bucket.require(contract_closes(), version="5.0.0")
    set_clock(moment)
    assert words in run("ready", "--current", current)[1]


def test_an_estimate_that_is_too_old_is_unknown_and_then_too_late(
    run: Run, bucket: Bucket, set_clock: SetClock
) -> None:
    bucket.require(mainnet_upgrade(), version="4.1.0")
    set_clock("2027-02-01T00:00:00Z")
    code, out, _ = run("ready", "--current", "4.1.0")
    assert code == 12
    assert "Unknown: 5.0.0 or later must run by an uncertain date, perhaps 2027-02-13 17:00" in out
    assert "nothing to install today; check again soon." in " ".join(out.split())
    set_clock("2027-02-14T00:00:00Z")
    code, out, _ = run("ready", "--current", "4.1.0")
    assert code == 11
    assert "5.0.0 or later may have been needed since 2027-02-13 04:00 UTC (20 hours ago)" in " ".join(out.split())


def test_a_version_that_was_taken_back_is_not_ready_and_what_replaces_it_is_named(run: Run, bucket: Bucket) -> None:
    bucket.role_fields = {"x-tidegate-back": "5.0.0"}
    bucket.require(contract_closes())
    code, out, _ = run("ready", "--current", "5.0.0")
    assert code == 13
    assert "Version 5.0.0, which you run, was taken back. Nothing is offered in its place yet;" in " ".join(out.split())
    assert "To download it:" not in out
    code, out, _ = run("ready", "--current", "4.1.0")
    assert code == 10
    assert "5.0.0 was taken back, and no later version is out yet; nothing to install" in " ".join(out.split())


def test_of_a_version_that_was_taken_back_no_event_is_the_reason(run: Run, bucket: Bucket) -> None:
    bucket.role_fields = {"x-tidegate-back": "4.1.0"}
    bucket.require(contract_closes(), version="4.1.1")
    code, out, _ = run("ready", "--current", "4.1.0")
    assert code == 13
    assert "Because" not in out
    assert (
        "\n5.0.0 or later must run by 2027-03-31 12:00 UTC (75 days left); not out yet:\n"
        "  The old payment contract closes\n"
    ) in out


def test_what_is_out_is_installed_although_the_next_date_asks_for_more(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes("4.5.0"), mainnet_upgrade("5.0.0"), version="4.5.0")
    out = run("ready", "--current", "4.1.0")[1]
    assert "You run 4.1.0. 5.0.0 is announced, not out yet; update to 4.5.0 meanwhile.\n" in out
    assert "To download it:" in out


def test_of_many_requirements_the_next_ones_are_shown(run: Run, bucket: Bucket) -> None:
    bucket.require(*(contract_closes(f"5.{number}.0", event=f"event-{number}") for number in range(9)))
    out = run("ready", "--current", "4.1.0")[1]
    assert out.count(" or later must run by ") == 6
    assert "\nand 3 more\n" in out
    assert len(json.loads(run("ready", "--current", "4.1.0", "--json")[1])["requirements"]) == 9


def test_a_version_below_the_security_floor_is_named_although_it_is_ready(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes("4.0.0"), min_secure="4.1.0")
    code, out, _ = run("ready", "--current", "4.0.5")
    assert code == 0
    assert "Versions before 4.1.0 are no longer secure." in out
    assert json.loads(run("ready", "--current", "4.0.5", "--json")[1])["secure"] is False


def test_an_audience_leaves_out_what_is_required_of_others(run: Run, bucket: Bucket) -> None:
    bucket.require(contract_closes(audiences=["hosts"]))
    assert run("ready", "--current", "4.1.0", "--audience", "hosts")[0] == 10
    code, out, _ = run("ready", "--current", "4.1.0", "--audience", "desktop-users")
    assert code == 0
    assert out.startswith("btfs-node stable, linux-amd64, for desktop users\nReady: no event requires a version newer")


def test_brakes_that_have_expired_hold_everybody_and_check_still_refuses(run: Run, bucket: Bucket, to: Path) -> None:
    bucket.brakes = True
    bucket.expires["brakes"] = PAST
    bucket.require(contract_closes(), version="5.0.0")
    code, out, _ = run("ready", "--current", "4.1.0")
    assert code == 14
    assert "Held: 5.0.0 or later must run by 2027-03-31 12:00 UTC (75 days left).\n" in out
    assert "Nothing is offered now, since the channel's brakes have expired;" in " ".join(out.split())
    assert "To download it:" not in out
    code, out, _ = run("ready", "--current", "5.0.0")
    assert code == 14
    assert "Held: it is unclear whether a version is on hold." in out
    assert json.loads(run("ready", "--current", "4.1.0", "--json")[1])["release"] is None
    assert run("check", "--current", "4.1.0")[0] == 4
    assert run("download", "--to", str(to))[0] == 4
    assert not list(to.iterdir())


def test_another_moment_is_asked_about_and_never_remembered(run: Run, bucket: Bucket, tmp_path: Path) -> None:
    bucket.require(contract_closes(), version="5.0.0")
    code, out, _ = run("ready", "--current", "4.1.0", "--at", "2027-04-01T14:00:00+02:00")
    assert code == 11
    assert out.startswith("btfs-node stable, linux-amd64, at 2027-04-01 12:00 UTC\n")
    assert run("ready", "--current", "4.1.0", "--at", "2026-12-31T12:00Z")[0] == 10
    [seen] = (tmp_path / "state").rglob("seen.json")
    assert json.loads(seen.read_text())["last_seen"] == NOW
    assert run("ready", "--current", "4.1.0")[0] == 10


@pytest.mark.parametrize(
    ("words", "code", "text"),
    [
        (["--current", "v4"], 1, "--current 'v4' is not a version"),
        (["--current", ""], 1, "--current is empty"),
        (["--current", "4", "--at", "2027-01-01"], 1, "--at '2027-01-01' has no time zone"),
        (["--current", "4", "--at", "2027-01-01T00:00:00"], 1, "has no time zone"),
        (["--current", "4", "--at", "soon"], 1, "--at 'soon' is not a time"),
        (["--current", "4", "--at", ""], 1, "--at '' is not a time"),
        (["--current", "4", "--at", "9999-12-31T23:59:59-23:00"], 1, "is not a time"),
        (["--current", "4", "--audience", "everybody"], 2, "'hosts', 'desktop-users', 'exchanges', 'api-users'"),
        (["--current", "4", "--prometheus", "/does/not/exist/a.prom"], 1, "cannot be written: no such file"),
        (["--current", "4", "--prometheus", "/dev/null"], 1, "/dev/null is not a plain file"),
        (["--current", "4", "--prometheus", ""], 2, "argument --prometheus: is empty"),
        (["--current", "4", "--at", "2027-01-01T00:00Z", "--prometheus", "a.prom"], 2, "leave out one of the two"),
        ([], 2, "--current"),
    ],
)
def test_wrong_words_say_what_to_write_and_leave_nothing(
    run: Run, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, text: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    exit_code, out, err = run("ready", *words)
    assert (exit_code, out) == (code, "")
    assert text in err
    assert "\n    -> " in err
    assert "Traceback" not in err
    assert not (tmp_path / "state").exists()
    assert not list(elsewhere.iterdir())
    assert json.loads(run("ready", *words, "--json")[1])["format"] == "tidegate-readiness/1"


def test_every_answer_and_every_error_has_the_published_shape(
    run: Run, bucket: Bucket, set_clock: SetClock, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.role_fields = {"x-tidegate-withdrawn": ["4.9.0"]}
    bucket.require(contract_closes(audiences=["hosts"]), mainnet_upgrade("4.2.0"), version="5.0.0")
    asked = ["--current", "4.1.0", "--json"]
    printed = [
        run("ready", *asked)[1],
        run("ready", "--current", "5.0.0", "--json")[1],
        run("ready", *asked, "--at", "2028-01-01T00:00:00Z", "--audience", "hosts")[1],
        run("ready", *asked, "--at", "2027-02-01T00:00:00Z")[1],
        run("ready", "--current", "4.9.0", "--json")[1],
        run("ready", *asked, channel="beta")[1],
        run("ready", "--current", "v4", "--json")[1],
    ]
    main(["ready", "--json"])
    printed.append(capsys.readouterr().out)
    bucket.brakes = True
    bucket.expires["brakes"] = PAST
    bucket.publish()
    printed.append(run("ready", *asked)[1])
    expired(bucket)
    printed.append(run("ready", *asked)[1])
    answers = [json.loads(text) for text in printed]
    for answer in answers:
        READINESS.validate(answer)
        assert list(answer) == list(answers[0])
    assert {answer["readiness"]: answer["exit_code"] for answer in answers if answer["ok"]} == EXIT_CODES
    assert [answer["exit_code"] for answer in answers if not answer["ok"]] == [1, 1, 2, 4]
    assert {key: answers[0][key] for key in ("event", "at_least", "due", "days_left", "at")} == {
        "event": "mainnet-upgrade",
        "at_least": "4.2.0",
        "due": "2027-02-14T10:00:00Z",
        "days_left": 30,
        "at": NOW,
    }
    assert answers[0]["requirements"][0]["estimate"] == mainnet_upgrade()["estimate"]
    assert [each["readiness"] for each in answers[1]["requirements"]] == ["ready", "ready"]


def test_check_names_what_the_running_version_does_not_meet(run: Run, bucket: Bucket, to: Path) -> None:
    bucket.require(contract_closes(audiences=["hosts"]), mainnet_upgrade("4.2.0"), version="4.2.0")
    code, out, _ = run("check", "--current", "4.2.0")
    assert code == 0
    assert out == (
        "btfs-node stable, linux-amd64\n"
        "You run 4.2.0, which is the newest published version.\n"
        "\n"
        "5.0.0 or later must run by 2027-03-31 12:00 UTC (75 days left); not out yet:\n"
        "  The old payment contract closes, for hosts\n"
        "\n"
        "Signed by alice (engineering) and bob (operations): verified\n"
    )
    answer = json.loads(run("check", "--current", "4.2.0", "--json")[1])
    ANSWER.validate(answer)
    [requirement] = answer["requirements"]
    assert (requirement["event"], requirement["due"], requirement["days_left"], requirement["available"]) == (
        "contract-closes", "2027-03-31T12:00:00Z", 75, False,
    )  # fmt: skip
    assert json.loads(run("check", "--current", "5.0.0", "--json")[1])["requirements"] == []
    # Before an install nothing runs that could be too old.
    assert json.loads(run("download", "--to", str(to), "--json")[1])["requirements"] == []
