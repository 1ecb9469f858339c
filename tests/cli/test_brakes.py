"""`publish hold` and `publish withdraw` as people run them: what is shown, asked, and said when it is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from publisher.cli.operate.status import StatusReport
from publisher.content.load import load_catalog
from publisher.pipeline.operate.status import read_status
from tests.support.command import Publish, flat
from tests.support.project import Project, tree, with_todays_keys

REASON = "Nodes with more than 2 TB lose their index after a restart."


@pytest.fixture
def shipped(tmp_path: Path, publish: Publish) -> Project:
    """1.0.0 is live in stable."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0")
    ran = publish("release", "node@1.0.0", *arguments(project, "--artifacts", "artifacts/1.0.0"), cwd=project.base)
    assert ran.code == 0, ran.err
    return project


def arguments(project: Project, *words: str) -> tuple[str, ...]:
    return (*words, "--channel", "stable", "--to", str(project.bucket))


def hold_words(project: Project, *words: str) -> tuple[str, ...]:
    return arguments(project, "hold", *words, "--because", REASON, "--next-update", "6h")


def test_a_hold_says_what_clients_get_and_how_it_ends(shipped: Project, publish: Publish) -> None:
    ran = publish(*hold_words(shipped, "node"), "--yes", cwd=shipped.base)
    assert ran.code == 0, ran.err
    output = flat(ran.out)
    assert "node 1.0.0 in stable is on hold. Clients follow with their next check." in output
    assert "Nothing is left to offer on linux-amd64 and windows-amd64" in output
    assert "publish lift node@1.0.0 --channel stable" in output


def test_a_withdrawal_says_what_is_left(shipped: Project, publish: Publish) -> None:
    words = arguments(shipped, "withdraw", "node@1.0.0", "--action", "stop", "--because", REASON, "--yes", "--json")
    ran = publish(*words, cwd=shipped.base)
    assert ran.code == 0, ran.err
    data = json.loads(ran.out)
    assert (data["kind"], data["version"], data["left"]["linux-amd64"], len(data["id"])) == (
        "withdrawal",
        "1.0.0",
        None,
        64,
    )


def test_where_nobody_can_answer_nothing_is_signed(shipped: Project, publish: Publish) -> None:
    before = tree(shipped.bucket)
    ran = publish(*hold_words(shipped, "node"), cwd=shipped.base)
    assert (ran.code, tree(shipped.bucket)) == (2, before)
    assert "there is no terminal in which to confirm it" in flat(ran.err)
    assert "--yes" in ran.err


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        (("hold", "nod"), 1, "there is no product nod"),
        (("hold", "node@one"), 2, "node@one does not name a version"),
        (("hold", "node@9.9.9"), 1, "so a hold would stop nothing"),
        (("hold", "node", "--platform", "linux"), 1, "node has no platform linux"),
        (("hold", "node", "--next-update", "tomorrow"), 2, "--next-update is not a time"),
        (("hold", "node", "--next-update", "2020-01-01T00:00:00Z"), 1, "which is over"),
        (("hold", "node", "--because", "see https://fix.example"), 2, "looks like an address"),
        (("hold", "node", "--because", ""), 2, "--because is empty"),
        (("withdraw", "node", "--action", "stop"), 2, "node names no version to withdraw"),
        (("withdraw", "node@1.0.0", "--action", "panic"), 2, "panic"),
        (("withdraw", "node@1.0.0", "--action", "update"), 1, "offers nothing newer than 1.0.0"),
        (("withdraw", "node@1.0.0", "--action", "stop", "--replaced-by", "x"), 2, "--replaced-by"),
    ],
)
def test_what_is_mistyped_is_refused_with_what_to_do(
    shipped: Project, publish: Publish, words: tuple[str, ...], code: int, what: str
) -> None:
    before = tree(shipped.bucket)
    given = [*words, *arguments(shipped, "--yes")]
    if words[0] == "hold" and "--next-update" not in words:
        given += ["--next-update", "6h"]
    if "--because" not in words:
        given += ["--because", REASON]
    ran = publish(*given, cwd=shipped.base)
    assert (ran.code, tree(shipped.bucket)) == (code, before), ran.err
    assert what in flat(ran.err)
    assert "->" in ran.err or "Try" in ran.err


def test_every_command_says_what_is_on_hold_in_the_same_words(shipped: Project, publish: Publish) -> None:
    assert publish(*hold_words(shipped, "node"), "--yes", cwd=shipped.base).code == 0
    words = "node 1.0.0 is on hold in stable since "
    status = flat(publish("status", "--to", shipped.bucket, cwd=shipped.base).out)
    why = flat(publish("why", "node@1.0.0", "--bucket", shipped.bucket, cwd=shipped.base).out)
    explain = flat(publish("explain", "--bucket", shipped.bucket, cwd=shipped.base).out)
    assert all(words in output and f'"{REASON}"' in output for output in (status, why, explain)), (status, why, explain)
    log = flat(publish("log", "--to", shipped.bucket, cwd=shipped.base).out)
    assert "hold: node 1.0.0 in stable" in log
    assert "the id by which it is lifted" in log


def test_a_promise_that_has_passed_is_an_alarm_that_says_what_to_do(shipped: Project, publish: Publish) -> None:
    assert publish(*hold_words(shipped, "node"), "--yes", cwd=shipped.base).code == 0
    configuration = load_catalog([shipped.content], shipped.config)
    now = datetime.now(UTC)
    for hours, code in ((5, 0), (7, 4)):
        later = now + timedelta(hours=hours)
        report = StatusReport(read_status(shipped.look(), configuration, later), str(shipped.bucket), later)
        assert report.exit_code == code
    output = flat(click.unstyle("\n".join(report.lines(80))))
    assert "The next update was promised for" in output
    assert "has not come. Next: publish hold node@1.0.0 --channel stable with a new promise, or publish lift" in output


def test_r82_a_promise_that_has_passed_is_said_by_every_refresh_until_it_is_renewed_or_lifted(
    shipped: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = publish(*hold_words(shipped, "node"), "--yes", cwd=shipped.base)
    assert ran.code == 0, ran.err
    refresh = ("refresh", "--to", str(shipped.bucket))
    assert publish(*refresh, cwd=shipped.base).code == 0
    later = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=7)
    for module in ("operate.refresh", "operate.status", "release.braking", "release.hold"):
        monkeypatch.setattr(f"publisher.cli.{module}.wall_clock", lambda: later)
    late = publish(*refresh, cwd=shipped.base)
    assert late.code == 3
    assert "and has not come. Next: publish hold node@1.0.0 --channel stable with a new promise" in flat(late.out)
    data = json.loads(publish(*refresh, "--json", cwd=shipped.base).out)
    assert [(hold["product"], hold["version"]) for hold in data["overdue"]] == [("node", "1.0.0")]
    assert publish(*hold_words(shipped, "node@1.0.0"), "--yes", cwd=shipped.base).code == 0
    assert publish(*refresh, cwd=shipped.base).code == 0
    output = flat(publish("status", "--to", shipped.bucket, cwd=shipped.base).out)
    assert "An earlier hold of node 1.0.0 in stable is in force as well." in output
    assert "has not come" not in output
    data = json.loads(publish("status", "--to", shipped.bucket, "--json", cwd=shipped.base).out)
    assert (data["ok"], [hold["overdue"] for hold in data["holds"]]) == (True, [False, False])
