"""The timer and the workflow that `publish refresh --units` writes."""

from __future__ import annotations

import configparser
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from publisher.errors import InputError, StorageConflict
from publisher.model.signer import RolePolicy
from publisher.pipeline.units import (
    RUNS,
    SERVICE,
    TIMER,
    Machine,
    interval,
    systemd_units,
    workflow,
    write_units,
)
from tests.support.project import Project, tree

HERE = Machine(
    publish=Path("/opt/tidegate/bin/publish"),
    directory=Path("/srv/ours"),
    user="tidegate",
    options=("--keys", "/srv/ours/keys"),
    bucket=Path("/srv/bucket"),
)
SIX_HOURS = timedelta(hours=6)


def unit(text: str) -> configparser.ConfigParser:
    parsed = configparser.ConfigParser(interpolation=None, strict=True, delimiters=("=",), comment_prefixes=("#",))
    parsed.optionxform = str  # type: ignore[method-assign, assignment]
    parsed.read_string(text)
    return parsed


def cron_of(parsed: dict[Any, Any]) -> str:
    # YAML 1.1 reads the key `on` as true.
    return str(parsed[True]["schedule"][0]["cron"])


@pytest.mark.parametrize(
    ("hours", "calendar", "cron"),
    [
        (48, "*-*-* 00/6:00:00 UTC", "17 */6 * * *"),
        (24, "*-*-* 00/3:00:00 UTC", "17 */3 * * *"),
        (8, "*-*-* 00/1:00:00 UTC", "17 */1 * * *"),
        (2, "*-*-* *:00/15:00 UTC", "*/15 * * * *"),
        (720, "*-*-* 00/24:00:00 UTC", "17 3 * * *"),
    ],
)
def test_a_refresh_comes_several_times_between_due_and_expired(
    project: Project, hours: int, calendar: str, cron: str
) -> None:
    life = timedelta(hours=hours)
    roles = {name: RolePolicy(threshold=1, expires=life) for name in ("snapshot", "timestamp")}
    signers = project.with_roles(**roles).signers
    every = interval(signers)
    assert every <= life / RUNS
    assert unit(systemd_units(HERE, every)[TIMER])["Timer"]["OnCalendar"] == calendar
    assert cron_of(yaml.safe_load(workflow(signers, (), every))) == cron


def test_roles_that_live_too_shortly_for_a_timer_are_refused(project: Project) -> None:
    signers = project.with_roles(timestamp=RolePolicy(threshold=1, expires=timedelta(minutes=30))).signers
    with pytest.raises(InputError, match="no timer runs often enough"):
        interval(signers)


def test_the_service_runs_as_its_user_and_writes_to_the_bucket_only() -> None:
    service = unit(systemd_units(HERE, SIX_HOURS)[SERVICE])["Service"]
    assert service["ExecStart"] == "/opt/tidegate/bin/publish refresh --keys /srv/ours/keys"
    assert service["WorkingDirectory"] == "/srv/ours"
    assert (service["User"], service["Type"], service["ProtectSystem"]) == ("tidegate", "oneshot", "strict")
    assert service["ReadWritePaths"] == "/srv/bucket"
    assert "Restart" not in service


def test_a_bucket_over_the_network_needs_no_place_to_write() -> None:
    service = unit(systemd_units(replace(HERE, bucket=None), SIX_HOURS)[SERVICE])["Service"]
    assert "ReadWritePaths" not in service


def test_names_are_written_so_that_systemd_reads_them_back() -> None:
    odd = replace(HERE, directory=Path("/srv/100% ours"), options=("--keys", '/srv/a b/$KEYS "x"\\y'))
    service = unit(systemd_units(odd, SIX_HOURS)[SERVICE])["Service"]
    assert service["WorkingDirectory"] == "/srv/100%% ours"
    assert service["ExecStart"].endswith(r'--keys "/srv/a b/$$KEYS \"x\"\\y"')


@pytest.mark.parametrize("name", ["/srv/a\nUser=root", "/srv/a\x1b[2J", "/srv/a\\"])
def test_names_that_a_unit_cannot_hold_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot stand in a unit file"):
        systemd_units(replace(HERE, directory=Path(name)), SIX_HOURS)


def test_the_workflow_reads_only_and_never_runs_twice_at_once(project: Project) -> None:
    parsed = yaml.safe_load(
        workflow(project.catalog.signers, ("--to", "s3://ours/x?endpoint=https://s3.ours.test"), SIX_HOURS)
    )
    assert parsed["permissions"] == {"contents": "read"}
    assert parsed["concurrency"] == {"group": "tidegate-refresh", "cancel-in-progress": False}
    steps = parsed["jobs"]["refresh"]["steps"]
    assert steps[0]["with"] == {"persist-credentials": False}
    keys, refresh = steps[-2], steps[-1]
    assert keys["env"] == {
        "TIDEGATE_KEY_SNAPSHOT_BEN": "${{ secrets.TIDEGATE_KEY_SNAPSHOT_BEN }}",
        "TIDEGATE_KEY_TIMESTAMP_BEN": "${{ secrets.TIDEGATE_KEY_TIMESTAMP_BEN }}",
    }
    assert "umask 077" in keys["run"]
    assert "secrets" not in keys["run"]
    assert refresh["run"].strip() == "publish refresh --keys keys --to 's3://ours/x?endpoint=https://s3.ours.test'"


@pytest.mark.parametrize("word", ["s3://x/${{ secrets.ALL }}", "a\nb"])
def test_words_that_a_workflow_would_fill_in_are_refused(project: Project, word: str) -> None:
    with pytest.raises(InputError, match="cannot stand in a workflow"):
        workflow(project.catalog.signers, ("--to", word), SIX_HOURS)


def test_a_file_that_says_something_else_is_left_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / TIMER).write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(StorageConflict, match="says something else"):
        write_units(tmp_path, systemd_units(HERE, SIX_HOURS))
    assert tree(tmp_path) == before


def test_running_it_again_writes_nothing(tmp_path: Path) -> None:
    files = systemd_units(HERE, SIX_HOURS)
    assert {path.name for path in write_units(tmp_path / "units", files)} == {SERVICE, TIMER}
    assert write_units(tmp_path / "units", files) == ()


def test_a_directory_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write to"):
        write_units(tmp_path / "file" / "units", systemd_units(HERE, SIX_HOURS))
