"""The command: exit codes, words, JSON, and never a traceback."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from publisher.client.answers import check
from publisher.client.answers.report import listed_signers
from publisher.client.cli import main
from publisher.wire.duties import Signature
from publisher.wire.version import Version
from tests.client.conftest import Run
from tests.support.tuf_repository import ALICE, Bucket, a_feed, expired


def test_an_update_is_told_in_a_few_calm_lines(run: Run, bucket: Bucket, tmp_path: Path) -> None:
    code, out, err = run("check", "--current", "4.0.2")
    command = out.split("To download it:\n")[1].splitlines()[0]
    assert (code, err) == (0, "")
    assert out.replace(command, "  (the command)") == (
        "btfs-node stable, linux-amd64\n"
        "Version 4.1.0 is available and recommended; you run 4.0.2.\n"
        "\n"
        "  What         Fixes a crash when a peer leaves in the middle of a transfer.\n"
        "  Restart      the service\n"
        "  You may see  The node stops about once a day.\n"
        "  Notes        https://updates.example/notes/4.1.0/\n"
        "  File         btfs-4.1.0-linux-amd64.tar.gz, 11 bytes\n"
        "\n"
        "To download it:\n"
        "  (the command)\n"
        "\n"
        "Signed by alice (engineering) and bob (operations): verified\n"
    )
    assert "download --url" in command
    assert command.endswith("--to .")


@pytest.mark.parametrize(
    ("persons", "words"),
    [(["ana"], "ana"), (["ana", "ben"], "ana and ben"), (["ana", "ben", "eva"], "ana, ben and eva")],
)
def test_those_who_signed_are_listed_as_people_write_it(persons: list[str], words: str) -> None:
    assert listed_signers(tuple(Signature(person, "", "0" * 64) for person in persons)) == words


@pytest.mark.parametrize(("count", "last"), [(3, "Third."), (5, "and 2 more")])
def test_up_to_three_symptoms_of_the_rollout_are_shown(run: Run, bucket: Bucket, count: int, last: str) -> None:
    symptoms = ["First.", "Second.", "Third.", "Fourth.", "Fifth."][:count]
    feed = a_feed()
    feed["release"]["symptoms"] = symptoms
    bucket.release(feed)
    out = run("check", "--current", "4.0.2")[1]
    assert "  You may see  First.\n               Second.\n               Third.\n" in out
    assert f"               {last}\n  Notes" in out
    assert json.loads(run("check", "--current", "4.0.2", "--json")[1])["release"]["symptoms"] == symptoms


def test_nothing_new_is_said_and_is_success(run: Run) -> None:
    code, out, _ = run("check", "--current", "4.1.0")
    assert code == 0
    assert "You run 4.1.0, which is the newest published version." in out
    assert out.endswith("verified\n")


def test_deprecations_that_concern_people_are_told(run: Run, bucket: Bucket) -> None:
    items = [
        {
            "id": "a",
            "subject": "The v1 API",
            "state": "warned",
            "remove_in": "5.0.0",
            "replacement": "the v2 API",
        },
        {"id": "b", "subject": "The old wallet", "state": "removed"},
        {"id": "c", "subject": "A plan", "state": "announced"},
    ]
    bucket.release(a_feed(deprecations=items))
    out = run("check", "--current", "4.1.0")[1]
    assert "To be removed in 5.0.0: The v1 API; use the v2 API\nRemoved: The old wallet\n" in out
    assert "A plan" not in out


def test_download_puts_the_file_there_and_says_so_twice(run: Run, to: Path) -> None:
    code, out, _ = run("download", "--current", "4.0.2", "--to", str(to))
    file = to / "btfs-4.1.0-linux-amd64.tar.gz"
    assert code == 0
    assert file.read_bytes() == b"the program"
    assert f"{file} downloaded." in out
    assert "was already there, with the same content" in run("download", "--to", str(to))[1]


def test_download_does_nothing_when_nothing_is_newer(run: Run, to: Path) -> None:
    code, out, _ = run("download", "--current", "4.1.0", "--to", str(to))
    assert code == 0
    assert "newest published version" in out
    assert not list(to.iterdir())


def test_r81_whoever_runs_what_the_channel_alone_took_back_keeps_it_running(run: Run, bucket: Bucket, to: Path) -> None:
    bucket.role_fields = {"x-tidegate-back": "4.2.0"}
    bucket.release(a_feed())
    code, out, _ = run("check", "--current", "4.2.0", "--exit-code")
    assert code == 11
    assert "Version 4.2.0, which you run, was taken back. Nothing is offered in its place yet; keep it running" in out
    assert "To download it:" not in out
    answer = json.loads(run("check", "--current", "4.2.0", "--json")[1])
    assert (answer["outcome"], answer["secure"], answer["withdrawn"]) == ("taken-back", False, ["4.2.0"])
    assert answer["release"] is None
    assert run("download", "--current", "4.2.0", "--to", str(to))[0] == 0
    assert list(to.iterdir()) == []


def test_r81_whoever_runs_what_was_withdrawn_and_taken_back_is_told_to_go_back_and_gets_the_file(
    run: Run, bucket: Bucket, to: Path
) -> None:
    bucket.role_fields = {"x-tidegate-back": "4.2.0"}
    bucket.release(a_feed())
    bucket.brake("withdrawal", "4.2.0", notice={"action": "go-back"})
    code, out, _ = run("check", "--current", "4.2.0", "--exit-code")
    assert code == 12
    assert "Version 4.2.0, which you run, was withdrawn. Go back to 4.1.0." in out
    assert "To download it:" in out
    answer = json.loads(run("check", "--current", "4.2.0", "--json")[1])
    assert (answer["outcome"], answer["secure"], answer["withdrawn"]) == ("withdrawn", False, ["4.2.0"])
    assert answer["release"]["version"] == "4.1.0"
    assert run("download", "--current", "4.2.0", "--to", str(to))[0] == 0
    assert (to / "btfs-4.1.0-linux-amd64.tar.gz").read_bytes() == b"the program"


def one_signature(bucket: Bucket) -> None:
    bucket.signers = (ALICE,)
    bucket.publish()


def no_timestamp(bucket: Bucket) -> None:
    bucket.path("tuf/metadata/timestamp.json").unlink()


@pytest.mark.parametrize(
    ("spoil", "failure"),
    [(expired, (4, "expired")), (one_signature, (4, "not verified")), (no_timestamp, (5, "unreachable"))],
)
def test_failures_end_in_one_verdict_and_write_nothing(
    run: Run, bucket: Bucket, to: Path, spoil: Callable[[Bucket], None], failure: tuple[int, str]
) -> None:
    exit_code, verdict = failure
    code_of = {"expired": "expired", "not verified": "not-verified", "unreachable": "missing"}
    spoil(bucket)
    code, out, err = run("download", "--to", str(to))
    assert (code, out) == (exit_code, "")
    assert err.startswith("tidegate: ")
    assert "\n    -> " in err
    assert err.endswith(f"\n{verdict}\n")
    assert "Traceback" not in err

    code, out, err = run("download", "--to", str(to), "--json")
    answer = json.loads(out)
    assert (code, err) == (exit_code, "")
    assert (answer["ok"], answer["verdict"], answer["exit_code"]) == (False, verdict, exit_code)
    assert answer["error"]["code"] == code_of[verdict]
    assert answer["error"]["what"]
    assert answer["error"]["fix"]
    assert not list(to.iterdir())


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        ([], 2, "name a command"),
        (["chek"], 2, "invalid choice"),
        (["check"], 2, "--current"),
        (["check", "--current", "1"], 2, "missing: --url, --root, --product, --channel"),
        (["check", "--current", "1", "--url", "https://updates.example"], 2, "missing: --root, --product"),
        (["check", "--cur", "1"], 2, "--cur"),
        (["download", "--current", "1"], 2, "--to"),
        (["download", "--to", ""], 2, "argument --to: is empty"),
        (["check", "--current", "1", "--state", ""], 2, "argument --state: is empty"),
    ],
)
def test_wrong_usage_says_what_is_missing(
    capsys: pytest.CaptureFixture[str], words: list[str], exit_code: int, said: str
) -> None:
    assert main(words) == exit_code
    err = capsys.readouterr().err
    assert said in err
    assert err.endswith("\nnot done\n")


@pytest.mark.parametrize(
    ("current", "changes", "said"),
    [
        ("v4", {}, "--current 'v4' is not a version"),
        ("4", {"root": "/does/not/exist"}, "no such file"),
        ("4", {"url": "http://updates.example"}, "not encrypted"),
        ("4", {"product": "../.."}, "not the id of a product"),
        ("4", {"channel": "beta"}, "btfs-node stable"),
        ("4", {"platform": "plan9-mips"}, "linux-amd64"),
    ],
)
def test_wrong_input_exits_1_and_says_what_to_write(
    run: Run, tmp_path: Path, current: str, changes: dict[str, str], said: str
) -> None:
    code, out, err = run("check", "--current", current, **changes)
    assert (code, out) == (1, "")
    assert said in err


def test_a_traceback_appears_only_with_debug(run: Run, bucket: Bucket) -> None:
    expired(bucket)
    assert "Traceback" not in run("check", "--current", "4")[2]
    code, _, err = run("check", "--current", "4", "--debug")
    assert code == 4
    assert "Traceback" in err


@pytest.mark.parametrize("words", [[], ["--debug"]])
def test_nothing_invisible_of_a_hostile_server_reaches_the_terminal(run: Run, bucket: Bucket, words: list[str]) -> None:
    bucket.files = {"feed/btfs-node/stable/\x1b[2J\u202e\u2028\u3164.json": b"{}"}
    bucket.publish()
    code, _, err = run("check", "--current", "4", *words)
    assert code == 1
    assert r"\x1b[2J\u202e\u2028\u3164" in err
    assert not any(char in err for char in "\x1b\u202e\u2028\u3164")


def test_an_unforeseen_error_is_told_without_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(check, "check", fail)
    code, _, err = run("check", "--current", "4")
    assert code == 1
    assert "RuntimeError: a bug" in err
    assert "report it with the output" in err
    assert "Traceback" not in err


def test_an_interrupt_exits_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "check", interrupt)
    code, _, err = run("check", "--current", "4")
    assert code == 130
    assert "stopped by SIGINT" in err


def test_the_version_of_the_client_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    name, version = capsys.readouterr().out.split()
    assert name == "tidegate"
    assert Version.parse(version)


def test_help_names_every_exit_code_and_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    out = " ".join(capsys.readouterr().out.split())
    assert all(word in out for word in ("check", "download", "4 not verified", "5 unreachable"))


"""Closed here, so that a key that nobody describes is noticed."""


def test_a_directory_of_this_machine_that_fails_is_not_called_unreachable(
    run: Run, bucket: Bucket, tmp_path: Path, to: Path
) -> None:
    (tmp_path / "file").write_bytes(b"in the way")
    code, out, _ = run("download", "--json", "--to", str(tmp_path / "file" / "below"))
    answer = json.loads(out)
    assert (code, answer["verdict"], answer["error"]["code"]) == (5, "failed here", "local")
    assert str(tmp_path / "file") in answer["error"]["what"]


def test_a_full_disk_says_so_and_leaves_nothing(run: Run, to: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    run("check", "--current", "4")
    monkeypatch.setattr(os, "fsync", full)
    answer = json.loads(run("download", "--json", "--to", str(to))[1])
    assert (answer["verdict"], answer["error"]["code"]) == ("failed here", "disk-full")
    assert not list(to.iterdir())


@pytest.mark.parametrize("no_color", ["1", ""])
def test_no_color_is_ever_used(run: Run, monkeypatch: pytest.MonkeyPatch, no_color: str) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("FORCE_COLOR", "" if no_color else "1")
    for said in (run("check", "--current", "4.0.2"), run("check", "--current", "v4")):
        assert "\x1b" not in said[1] + said[2]


def test_as_a_module_with_its_reader_gone_it_ends_quietly(bucket: Bucket, tmp_path: Path) -> None:
    root = tmp_path / "root.json"
    root.write_bytes(bucket.root_bytes)
    words = ["--url", bucket.url, "--root", str(root), "--product", "btfs-node", "--channel", "stable"]
    words += ["--platform", "linux-amd64", "--state", str(tmp_path / "state"), "--current", "4"]
    with subprocess.Popen(
        [sys.executable, "-m", "publisher.client", "check", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
