"""A release that was taken back, in the words of every command, of the site and of the client (R81)."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from publisher.client.cli import main as tidegate
from tests.support.command import ROOT, Publish, Ran, flat, publish_here
from tests.support.project import Project, tree, with_todays_keys


@pytest.fixture(scope="module", params=["recorded", "not recorded"])
def rolled_back(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Project:
    """1.1.0 was taken back with the command; its YAML records that it shipped, or does not."""
    project = with_todays_keys(tmp_path_factory.mktemp("rolled back") / "project", publish_here, "1.0.0", "1.1.0")
    more = [] if request.param == "recorded" else ["--no-record"]
    for version in ("1.0.0", "1.1.0"):
        assert release(publish_here, project, version, *more).code == 0
    back = publish_here(
        "rollback",
        "node@1.1.0",
        "--because",
        "It stops.",
        "--channel",
        "stable",
        "--to",
        project.bucket,
        cwd=project.base,
    )
    assert back.code == 0, back.err
    assert "Clients that run 1.1.0 show: Go back to 1.0.0." in said(back)
    assert "It never ships to stable again: publish a fixed version under a higher number" in said(back)
    assert "build the site again, with publish build" in said(back)
    return project


@pytest.fixture
def taken_back(rolled_back: Project, tmp_path: Path) -> Project:
    """The same in a place of the test's own."""
    return rolled_back.copied(tmp_path / "project")


def release(publish: Publish, project: Project, version: str, *more: str, command: str = "release") -> Ran:
    where = ("--channel", "stable", "--artifacts", f"artifacts/{version}", "--to", project.bucket)
    return publish(command, f"node@{version}", *where, *more, cwd=project.base)


def said(ran: Ran) -> str:
    return " ".join(ran.out.split())


def entries(project: Project) -> list[dict[str, object]]:
    """What the ledger tells, oldest first."""
    ledger = sorted((project.bucket / "ledger").iterdir())
    return [json.loads(base64.b64decode(json.loads(path.read_bytes())["payload"])) for path in ledger]


@pytest.mark.parametrize("command", ["release", "stage"])
def test_r81_a_job_that_ships_it_again_is_refused_with_3_and_only_the_refusal_is_written(
    taken_back: Project, publish: Publish, command: str
) -> None:
    before = tree(taken_back.bucket)
    ran = release(publish, taken_back, "1.1.0", command=command)
    assert ran.code == 3
    assert "1.1.0 was taken back from stable on" in flat(ran.err)
    assert "Publish a fixed version under a higher number." in flat(ran.err)
    after = tree(taken_back.bucket)
    [refusal] = set(after) - set(before)
    assert {name: after[name] for name in before} == before
    assert refusal.startswith("ledger/")
    assert (entries(taken_back)[-1]["action"], entries(taken_back)[-1]["refused"]) == (command, True)


def test_r81_a_dry_run_says_so_and_writes_nothing(taken_back: Project, publish: Publish) -> None:
    before = tree(taken_back.bucket)
    ran = release(publish, taken_back, "1.1.0", "--dry-run", "--replace")
    assert ran.code == 3
    assert "was taken back from stable on" in flat(ran.err)
    assert tree(taken_back.bucket) == before


def test_every_command_says_the_same_sentence(taken_back: Project, publish: Publish) -> None:
    project = taken_back
    bucket = ("--bucket", project.bucket)
    why = publish("why", "node@1.1.0", *bucket, cwd=project.base)
    assert why.code == 0
    words = said(why).partition(" Channel stable,")[0]
    assert words.startswith("node 1.1.0 was taken back from stable on ")
    assert words.endswith(" UTC. Go back to 1.0.0.")
    assert "offers now" not in said(why)
    assert "If it were published again: node 1.1.0 is blocked." in said(why)

    status = publish("status", "--to", project.bucket, cwd=project.base)
    assert "node stable: 1.0.0 for linux-amd64, windows-amd64" in said(status)
    assert f"Withdrawn {words} id " in said(status)
    explain = publish("explain", *bucket, cwd=project.base)
    assert said(explain).endswith(words)
    assert "node 1.1.0 may ship" not in said(explain)
    calendar = publish("calendar", *bucket, cwd=project.base)
    assert words in said(calendar)
    plan = publish("plan", "node@1.1.0", *bucket, cwd=project.base)
    assert plan.code == 3
    assert said(plan).startswith(words)
    assert said(plan).endswith("It cannot ship again; publish a fixed version under a higher number.")


def test_the_same_for_machines(taken_back: Project, publish: Publish) -> None:
    project = taken_back
    bucket = ("--bucket", project.bucket, "--json")
    status = json.loads(publish("status", "--to", project.bucket, "--json", cwd=project.base).out)
    [withdrawn] = status["withdrawn"]
    assert (withdrawn["product"], withdrawn["channel"], withdrawn["version"]) == ("node", "stable", "1.1.0")
    assert [one["version"] for one in status["live"]] == ["1.0.0"]
    for command in ("explain", "calendar"):
        assert json.loads(publish(command, *bucket, cwd=project.base).out)["withdrawn"] == [withdrawn]
    why = json.loads(publish("why", "node@1.1.0", *bucket, cwd=project.base).out)
    assert {one["rule"]: one["outcome"] for one in why["verdicts"]}["integrity.withdrawn"] == "blocked"
    assert "Go back to 1.0.0." in json.loads(publish("plan", "node@1.1.0", *bucket, cwd=project.base).out)["withdrawn"]


def test_without_a_bucket_nobody_says_what_the_channel_offers(taken_back: Project, publish: Publish) -> None:
    why = publish("why", "node@1.1.0", cwd=taken_back.base)
    assert "offers now" not in said(why)
    if "shipped_at" in (taken_back.content / "releases/node/1.1.0.yaml").read_text():
        assert "is recorded as shipped on" in said(why)
        assert "To see whether stable still offers it, add --bucket." in said(why)


def test_the_log_says_of_the_release_that_it_was_taken_back_and_by_which_entry(
    taken_back: Project, publish: Publish
) -> None:
    log = said(publish("log", "--to", taken_back.bucket, "--verify", cwd=taken_back.base))
    assert "1.1.0 was taken back by entry 5, and never ships to stable again." in log
    assert "1.1.0 was taken back here, and never ships to stable again." in log
    told = json.loads(publish("log", "--to", taken_back.bucket, "--json", cwd=taken_back.base).out)["entries"]
    assert [one["taken_back_by"] for one in told] == [None, None, None, 5, 5]


def test_the_site_says_the_same_as_the_command(taken_back: Project, publish: Publish, tmp_path: Path) -> None:
    """storj#3865: the dashboard told of an update, and the updater said not yet."""
    built = publish(
        "build", "--to", tmp_path / "site", "--mkdocs", ROOT / "mkdocs.yml", "--templates", ROOT / "templates",
        "--bucket", taken_back.bucket, cwd=taken_back.base,
    )  # fmt: skip
    assert built.code == 0, built.err
    page = (tmp_path / "site/releases/node/1.1.0/index.html").read_text()
    assert "Taken back from Stable on " in page
    assert "Go back to " in page
    assert "Update when it suits you" not in page
    assert "not from us" not in page
    home = (tmp_path / "site/index.html").read_text()
    assert "If you run 1.1.0:" in home
    data = json.loads((tmp_path / "site/data/decisions.json").read_text())
    status = json.loads(publish("status", "--to", taken_back.bucket, "--json", cwd=taken_back.base).out)
    assert data["withdrawn"] == status["withdrawn"]


def test_r86_the_client_tells_whoever_runs_it(
    taken_back: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {
        "url": taken_back.bucket.as_uri(),
        "root": taken_back.config / "root.json",
        "product": "node",
        "channel": "stable",
        "platform": "linux-amd64",
        "state": tmp_path / "state",
        "current": "1.1.0",
    }
    words = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    assert tidegate(["check", *words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["outcome"], answer["secure"], answer["release"]["version"]) == ("withdrawn", False, "1.0.0")
    assert answer["reason"] == "Version 1.1.0, which you run, was withdrawn. Go back to 1.0.0."
    assert answer["withdrawal"]["because"]
