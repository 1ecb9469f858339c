"""What is on hold or withdrawn, in the words of the commands, the site and the client: they agree (R81, R82)."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from publisher.client.cli import main as tidegate
from tests.support.command import ROOT, Publish, flat, publish_here
from tests.support.project import Project, with_todays_keys

REASON = "Nodes with more than 2 TB lose their index after a restart."


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """1.0.0 and then 1.1.0 are live in stable."""
    project = with_todays_keys(tmp_path_factory.mktemp("agree") / "project", publish_here, "1.0.0", "1.1.0")
    for version in ("1.0.0", "1.1.0"):
        ran = publish_here(
            "release", f"node@{version}", "--artifacts", f"artifacts/{version}", *where(project), cwd=project.base
        )
        assert ran.code == 0, ran.err
    return project


def where(project: Project) -> tuple[str, ...]:
    return ("--channel", "stable", "--to", str(project.bucket))


def pages(project: Project, publish: Publish, target: Path) -> dict[str, str]:
    """The text of every page, as its reader sees it."""
    ran = publish(
        "render", "--to", target, "--templates", ROOT / "templates", "--bucket", project.bucket, cwd=project.base
    )
    assert ran.code == 0, ran.err
    return {
        path.relative_to(target).as_posix(): " ".join(
            html.unescape(re.sub(r"<(?!https?:)[^>]+>", "", path.read_text())).split()
        )
        for path in target.rglob("*.md")
    }


def asked(project: Project, state: Path, capsys: pytest.CaptureFixture[str], current: str) -> dict[str, object]:
    options = {
        "url": project.bucket.as_uri(),
        "root": project.config / "root.json",
        "product": "node",
        "channel": "stable",
        "platform": "linux-amd64",
        "state": state,
        "current": current,
    }
    words = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    capsys.readouterr()
    tidegate(["check", *words, "--json"])
    answer: dict[str, object] = json.loads(capsys.readouterr().out)
    return answer


def test_r82_a_hold_is_told_the_same_by_site_status_why_and_client(
    published: Project, publish: Publish, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = published.copied(tmp_path / "project")
    ran = publish(
        "hold", "node@1.1.0", "--because", REASON, "--next-update", "6h", "--yes", *where(project), cwd=project.base
    )
    assert ran.code == 0, ran.err
    assert "Next: build the site again, with publish build" in flat(ran.out)
    site = pages(project, publish, tmp_path / "site")
    status = flat(publish("status", "--to", project.bucket, cwd=project.base).out)
    why = flat(publish("why", "node@1.1.0", "--bucket", project.bucket, "--channel", "stable", cwd=project.base).out)
    (promise,) = re.findall(r"The next update is promised for [^.]+ UTC\.", status)
    assert promise in why
    for text in (status, why):
        assert "node 1.1.0 is on hold in stable since" in text
        assert f'"{REASON}"' in text
    answer = asked(project, tmp_path / "state", capsys, "1.0.0")
    assert answer["reason"] == "Version 1.1.0 is on hold. Keep running 1.0.0."
    for path in ("index.md", "downloads.md", "ready.md", "incidents.md", "releases/index.md", "releases/node/1.1.0.md"):
        assert promise in site[path]
        assert f"“{REASON}”" in site[path]
        assert "Keep running what you run. New installs get 1.0.0." in site[path]
    fresh = asked(project, tmp_path / "fresh", capsys, "0.9.0")
    assert isinstance(fresh["release"], dict)
    assert fresh["release"]["version"] == "1.0.0", "the site names what the client offers"
    data = json.loads((tmp_path / "site/data/holds.json").read_text())
    shown = json.loads(publish("status", "--to", project.bucket, "--json", cwd=project.base).out)
    assert [entry["id"] for entry in data["now"]] == [entry["id"] for entry in shown["holds"]]
    assert [entry["id"] for entry in data["history"]] == [entry["id"] for entry in shown["holds"]]


@pytest.mark.parametrize("action", ["stop", "keep-running"])
def test_r81_a_withdrawal_is_told_the_same_by_site_status_why_and_client(
    published: Project, publish: Publish, tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    project = published.copied(tmp_path / "project")
    ran = publish(
        "withdraw", "node@1.1.0", "--because", REASON, "--action", action, "--yes", *where(project), cwd=project.base
    )
    assert ran.code == 0, ran.err
    reason = str(asked(project, tmp_path / "state", capsys, "1.1.0")["reason"])
    advice = reason.removeprefix("Version 1.1.0, which you run, was withdrawn. ")
    assert advice != reason
    site = pages(project, publish, tmp_path / "site")
    status = flat(publish("status", "--to", project.bucket, cwd=project.base).out)
    why = flat(publish("why", "node@1.1.0", "--bucket", project.bucket, "--channel", "stable", cwd=project.base).out)
    for text in (status, why, site["index.md"], site["downloads.md"], site["incidents.md"]):
        assert advice in text
    assert site["releases/node/1.1.0.md"].partition("Node 1.1.0 ")[2].startswith(advice)
    assert "New installs" not in site["index.md"]
    assert "node-1.0.0-linux-amd64.tar.gz" in site["downloads.md"]


def test_the_commands_say_when_the_pages_were_signed(published: Project, publish: Publish, tmp_path: Path) -> None:
    project = published.copied(tmp_path / "project")
    built = publish(
        "build", "--upload", tmp_path / "web", "--channel-bucket", project.bucket, "--mkdocs", ROOT / "mkdocs.yml",
        "--templates", ROOT / "templates", cwd=project.base,
    )  # fmt: skip
    assert built.code == 0, built.err
    ran = publish(
        "hold", "node@1.1.0", "--because", REASON, "--next-update", "6h", "--yes", *where(project), cwd=project.base
    )
    assert "The site says the same once its timer builds it again; it was last signed " in flat(ran.out)
