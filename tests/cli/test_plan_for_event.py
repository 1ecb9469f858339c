"""A release that a network upgrade needs is never advised for a day after it, whatever else freezes (R93)."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.command import ROOT, Publish, flat
from tests.support.history import DATA

CASES = DATA.parent / "cases/readiness"

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the collected cases are not part of the repository")

MOMENT = datetime(2026, 12, 14, 6, tzinfo=UTC)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The sample with an upgrade on 14 December, and the version that it needs."""
    for folder in ("content", "site_config"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    event = (CASES / "exp-fork.yaml").read_text()
    line = 'requires:\n  - {product: btfs-node, channel: stable, at_least: "6.0.0"}\n'
    (tmp_path / "content/events/exp-fork.yaml").write_text(event.rstrip() + "\n" + line)
    release = (CASES / "6.0.0.yaml").read_text()
    (tmp_path / "content/releases/btfs-node/6.0.0.yaml").write_text(release + "for_event: exp-fork\n")
    return tmp_path


@pytest.mark.parametrize("now", ["2026-11-20T12:00:00Z", "2026-11-29T12:00:00Z", "2026-12-10T09:00:00Z"])
def test_r93_plan_names_a_date_in_time_the_override_and_who_signs_it(publish: Publish, project: Path, now: str) -> None:
    ran = publish("plan", "btfs-node@6.0.0", "--at", now, cwd=project)
    assert ran.out.startswith("btfs-node@6.0.0: override. Ship ")
    advice = ran.out[ran.out.index("Advised: ") : ran.out.index("Its rollback")]
    dates = re.findall(r"\d+ \w+ \d{4}, \d\d:\d\d", flat(advice))
    assert dates
    assert all(datetime.strptime(date, "%d %B %Y, %H:%M").replace(tzinfo=UTC) <= MOMENT for date in dates)
    assert "executive sign" in flat(advice)
    assert "move right" not in ran.out


def test_r93_once_the_moment_is_over_plan_says_that_nothing_is_left_and_whom_to_call(
    publish: Publish, project: Path
) -> None:
    ran = publish("plan", "btfs-node@6.0.0", "--at", "2026-12-14T06:00:00Z", cwd=project)
    assert flat(ran.out).startswith("btfs-node@6.0.0: no date is left. Users had to run it by Monday 14 December 2026")
    assert "Call Ana, who owns the calendar, to agree on an override or on what users do instead." in flat(ran.out)


def test_r55_its_deadline_is_that_of_the_event(publish: Publish, project: Path) -> None:
    release = project / "content/releases/btfs-node/6.0.0.yaml"
    release.write_text(
        release.read_text().replace("required_by: 2026-12-14T06:00:00Z", "required_by: 2026-12-15T06:00:00Z")
    )
    ran = publish("check", cwd=project)
    assert ran.code == 1
    assert "event exp-fork requires this version by 2026-12-14T06:00:00Z" in flat(ran.err)
    release.write_text(release.read_text().replace("  required_by: 2026-12-15T06:00:00Z\n", ""))
    value = json.loads(publish("plan", "btfs-node@6.0.0", "--at", "2026-12-10T09:00:00Z", "--json", cwd=project).out)
    assert value["last_safe"] == "2026-11-23T06:00:00Z"
