"""`publish build --upload` and `publish verify --site` as people call them."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import icalendar
import pytest

from publisher.model.records.advisories import security_file
from tests.support.advising import advise
from tests.support.command import Publish, Ran, flat
from tests.support.own_site import copy_site
from tests.support.project import Project, tree

ROOT = Path(__file__).parents[2]


TODAY = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose site can be built, with one release in its channel."""
    project = Project(tmp_path / "project", now=TODAY)
    copy_site(project)
    project.publish("1.0.0")
    return project


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages say when they were made, so the clock stands still while one site is built twice."""
    now = datetime.now(UTC).replace(microsecond=0)
    for module in ("inputs", "site.build"):
        monkeypatch.setattr(f"publisher.cli.{module}.wall_clock", lambda: now)


def build(publish: Publish, project: Project, *words: str) -> Ran:
    return publish("build", *words, cwd=project.base)


SIGNED = ("--upload", "file-site", "--channel-bucket", "bucket")


@pytest.mark.system
def test_build_upload_sign_and_verify(project: Project, publish: Publish) -> None:
    (project.base / "file-site").mkdir()
    first = build(publish, project, *SIGNED)
    assert (first.code, first.err) == (0, "")
    assert " 0 deleted, 0 unchanged\nSigned: notes version 2, snapshot version 2, timestamp version 2\n" in first.out
    assert (project.base / "file-site" / "index.html").is_file()
    assert "1.0.0" in (project.base / "file-site" / "downloads" / "index.html").read_text("utf-8")
    assert sorted(path.name for path in project.base.glob("*site*")) == ["file-site", "site_config"]

    before = tree(project.base / "file-site"), tree(project.bucket)
    again = build(publish, project, *SIGNED)
    assert again.code == 0
    assert "already holds exactly this site; nothing was written." in again.out
    assert "Its manifest is signed already." in again.out
    assert (tree(project.base / "file-site"), tree(project.bucket)) == before

    verify = ("verify", "bucket", "--root", "site_config/root.json", "--site", "file-site")
    assert publish(*verify, cwd=project.base).out.endswith("Sound.\n")
    (project.base / "file-site" / "index.html").write_text("send coins here")
    defaced = publish(*verify, cwd=project.base)
    assert defaced.code == 4
    assert "index.html the page on the site does not have the bytes that were signed" in " ".join(defaced.out.split())

    assert build(publish, project, *SIGNED, "--everything").code == 0
    assert publish(*verify, cwd=project.base).code == 0


@pytest.mark.system
def test_r86_the_advisories_that_are_signed_are_those_on_the_site(project: Project, publish: Publish) -> None:
    project.add_release("1.0.1")
    advise(project, 'before: "1.0.1"', ident="open-port")
    advise(project, 'before: "1.0.1"', "visibility: internal", ident="hidden-port")
    first = build(publish, project, *SIGNED)
    assert (first.code, first.err) == (0, "")
    [signed] = (project.bucket / "tuf/targets/notes/node/security").iterdir()
    assert signed.name.endswith(".advisories.json")
    shown = (project.base / "file-site/security/security.json").read_bytes()
    assert shown == security_file([signed.read_bytes()])
    assert [advisory["id"] for advisory in json.loads(shown)["products"][0]["advisories"]] == ["open-port"]
    assert "open-port" in (project.base / "file-site/security/index.html").read_text("utf-8")
    verify = ("verify", "bucket", "--root", "site_config/root.json", "--site", "file-site")
    assert publish(*verify, cwd=project.base).out.endswith("Sound.\n")
    again = build(publish, project, *SIGNED)
    assert "Its manifest is signed already." in again.out


def test_json_tells_what_was_written_and_signed(project: Project, publish: Publish) -> None:
    ran = build(publish, project, *SIGNED, "--to", "out", "--json")
    said = json.loads(ran.out)
    upload = said["upload"]
    assert (said["directory"], upload["signed"], upload["dry_run"]) == ("out", True, False)
    assert (upload["written"][0], upload["written"][-1]) == ("pages.json", "pages.json")
    assert sorted([*upload["plan"]["write"], ".made-by-tidegate"]) == sorted(tree_of(project.base / "out"))
    assert upload["roles"] == {"notes": 2, "snapshot": 2, "timestamp": 2}


def tree_of(directory: Path) -> list[str]:
    return [path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file()]


def test_without_a_channel_the_upload_is_unsigned_and_says_so(project: Project, publish: Publish) -> None:
    before = tree(project.bucket)
    ran = build(publish, project, "--upload", "file-site")
    assert ran.code == 0
    assert "Not signed; sign it with --channel-bucket" in ran.out
    assert tree(project.bucket) == before
    verified = publish("verify", "bucket", "--root", "site_config/root.json", "--site", "file-site", cwd=project.base)
    assert verified.code == 4
    assert "no signed manifest of the site" in verified.out


def test_a_dry_run_prints_the_plan_and_writes_nothing(project: Project, publish: Publish) -> None:
    before = tree(project.bucket)
    ran = build(publish, project, *SIGNED, "--dry-run")
    assert ran.code == 0
    assert "  create   index.html\n" in ran.out
    assert "Would sign: notes version 2, snapshot version 2, timestamp version 2" in ran.out
    assert not (project.base / "file-site").exists()
    assert tree(project.bucket) == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "give --to DIR, --upload URL, or both"),
        (("--to", "out", "--channel-bucket", "bucket"), 2, "--channel-bucket works only with --upload"),
        (("--to", "out", "--everything"), 2, "--everything works only with --upload"),
        (("--to", "out", "--dry-run"), 2, "--dry-run works only with --upload"),
        (("--upload", "file-site", "--at", "2026-01-01T00:00:00Z"), 2, "--at cannot be combined with --upload"),
        (("--upload", "bucket", "--channel-bucket", "bucket"), 1, "are the same place"),
        (
            ("--upload", "bucket/site", "--channel-bucket", "bucket"),
            1,
            "are the same place, or one is inside the other",
        ),
        (("--upload", "bucket"), 5, "is a channel's bucket"),
        (("--upload", "file-site", "--channel-bucket", "nowhere"), 5, "there is no channel in nowhere"),
        ((*SIGNED, "--keys", "nowhere"), 1, "notes needs 1 signature, and has 0"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(
    project: Project, publish: Publish, words: tuple[str, ...], code: int, said: str
) -> None:
    before = tree(project.base)
    ran = build(publish, project, *words)
    assert (ran.code, ran.out) == (code, "")
    assert flat(said) in flat(ran.err)
    assert tree(project.base) == before


def test_the_bucket_of_endpoints_is_no_place_for_the_site(project: Project, publish: Publish) -> None:
    endpoints = project.config / "endpoints.yaml"
    endpoints.write_text(f"{endpoints.read_text()}storage: file://{project.base}/channel\n")
    ran = build(publish, project, "--upload", "channel")
    assert ran.code == 1
    assert "are the same place" in flat(ran.err)
    assert not (project.base / "channel").exists()


def test_a_page_that_is_left_from_the_example_is_not_uploaded(project: Project, publish: Publish) -> None:
    shutil.copyfile(ROOT / "content/pages/safety.md", project.content / "pages/safety.md")
    (project.base / "file-site").mkdir()
    ran = build(publish, project, *SIGNED)
    assert ran.code == 1
    assert "content/pages/safety.md:44:1: is left from the example" in flat(ran.err)
    assert tree(project.base / "file-site") == {}


def test_sample_content_is_not_uploaded(publish: Publish, tmp_path: Path) -> None:
    ran = publish("build", "--upload", tmp_path / "site", cwd=ROOT)
    assert ran.code == 1
    assert "this is sample content" in flat(ran.err)
    assert not (tmp_path / "site").exists()


EVENT = """\
id: summit
title: Storage summit
type: exchange-listing
ecosystem: btfs
starts: {day}T10:00:00Z
ends: {day}T20:00:00Z
severity: {{score: 3, because: Many people.}}
lead_time: {{score: 3, because: Five weeks.}}
impact: {{client_load: 1, node_churn: 1, support_traffic: 1, compatibility_risk: 1}}
comms_lead: Faye
summary: A summit.
"""


@pytest.mark.system
@pytest.mark.parametrize("words", [("--upload", "file-site"), ("--to", "site")])
def test_r91_the_published_calendar_counts_every_change_up(
    project: Project, publish: Publish, words: tuple[str, str]
) -> None:
    """By what was published before, since the clock stands still here; a calendar that stays keeps its bytes."""
    file = project.content / "events/summit.yaml"
    file.parent.mkdir(exist_ok=True)
    day = datetime.now(UTC) + timedelta(days=30)
    if words[0] == "--upload":
        (project.base / "file-site").mkdir()

    def calendar(text: str) -> bytes:
        file.write_text(text, encoding="utf-8")
        ran = build(publish, project, *words)
        assert ran.code == 0, ran.err
        return (project.base / words[1] / "calendar.ics").read_bytes()

    def sequence(data: bytes) -> int:
        entries = icalendar.Calendar.from_ical(data).walk("VEVENT")
        [number] = [entry.decoded("sequence") for entry in entries if str(entry["uid"]).startswith("event-summit@")]
        return int(number)

    first = calendar(EVENT.format(day=f"{day:%Y-%m-%d}"))
    moved = calendar(EVENT.format(day=f"{day + timedelta(days=2):%Y-%m-%d}"))
    cancelled = calendar(file.read_text(encoding="utf-8") + "status: cancelled\n")
    assert sequence(first) < sequence(moved) < sequence(cancelled)
    assert calendar(file.read_text(encoding="utf-8")) == cancelled
