"""What programs read of `tidegate`: JSON of the published shape, and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from publisher.client.cli import main
from publisher.content.schemas import schema_of
from publisher.model.records.client_answer import Answer
from tests.client.conftest import Run
from tests.support.tuf_repository import Bucket, a_feed, expired


def test_json_of_a_check_has_stable_keys(run: Run) -> None:
    code, out, _ = run("check", "--current", "4.0.2", "--json")
    answer = json.loads(out)
    assert code == 0
    assert list(answer) == [
        "format", "ok", "verdict", "exit_code", "error", "checked_at", "valid_until", "product", "channel",
        "platform", "current", "outcome", "reason", "action", "secure", "release", "required_by", "hold",
        "withdrawal", "min_secure", "withdrawn", "deprecations", "requirements", "mitigations",
        "left_out", "signed_by", "download",
    ]  # fmt: skip
    assert (answer["verdict"], answer["outcome"], answer["current"]) == (
        "verified",
        "update-available",
        "4.0.2",
    )
    assert answer["release"]["version"] == "4.1.0"
    assert answer["release"]["artifact"]["size"] == 11
    assert [item["person"] for item in answer["signed_by"]] == ["alice", "bob"]
    assert answer["download"] is None
    assert answer["valid_until"] == "2999-01-01T00:00:00Z"


def test_json_of_a_download_names_the_file(run: Run, to: Path) -> None:
    answer = json.loads(run("download", "--to", str(to), "--json")[1])
    assert answer["download"] == {"path": str(to / "btfs-4.1.0-linux-amd64.tar.gz"), "already_there": False}
    assert answer["current"] is None


ANSWER = Draft202012Validator(schema_of(Answer, closed=True, nulls=True), format_checker=FormatChecker())


def test_every_answer_and_every_error_has_the_published_shape(
    run: Run, bucket: Bucket, to: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.release(a_feed(min_secure="4.0.0", deprecations=[{"id": "a", "subject": "The v1 API", "state": "warned"}]))
    printed = [
        run("check", "--current", "4.0.2", "--json")[1],
        run("check", "--current", "4.1.0", "--json")[1],
        run("check", "--current", "3", "--json", "--exit-code")[1],
        run("download", "--to", str(to), "--json")[1],
        run("check", "--current", "4", "--json", channel="beta")[1],
        run("check", "--current", "v4", "--json")[1],
    ]
    main(["check", "--json"])
    printed.append(capsys.readouterr().out)
    expired(bucket)
    printed.append(run("check", "--current", "4", "--json")[1])
    keys = [list(json.loads(text)) for text in printed]
    assert all(each == keys[0] for each in keys)
    for text in printed:
        ANSWER.validate(json.loads(text))


@pytest.mark.parametrize(
    ("current", "min_secure", "release", "exit_code"),
    [
        ("4.0.2", None, True, 10),
        ("4.0.2", "4.1.0", True, 10),
        ("4.1.0", None, True, 0),
        ("4.2.0", None, True, 0),
        ("4.0.2", "4.1.0", False, 11),
        ("4.1.0", "4.1.0", False, 0),
    ],
)
def test_exit_code_tells_a_shell_what_was_found(
    run: Run, bucket: Bucket, current: str, min_secure: str | None, release: bool, exit_code: int
) -> None:
    feed = a_feed(min_secure=min_secure)
    bucket.release(feed if release else feed | {"release": None})
    assert run("check", "--current", current, "--exit-code")[0] == exit_code
    assert json.loads(run("check", "--current", current, "--exit-code", "--json")[1])["exit_code"] == exit_code
    assert run("check", "--current", current)[0] == 0


def test_exit_code_leaves_errors_as_they_are(run: Run, bucket: Bucket) -> None:
    expired(bucket)
    assert run("check", "--current", "4.0.2", "--exit-code")[0] == 4
