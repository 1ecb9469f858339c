"""The timer and the workflow that `publish refresh --units` writes."""

from __future__ import annotations

import configparser
import re
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from publisher.errors import InputError, StorageConflict
from publisher.model.config.role import RolePolicy
from publisher.model.config.signer import Signers
from publisher.pipeline.timer.timer import (
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
        (720, "*-*-* 00:00:00 UTC", "17 3 * * *"),
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
    odd = replace(
        HERE,
        publish=Path("/opt/$ver 1%/publish"),
        directory=Path("/srv/100% ours"),
        options=("--keys", '/srv/a b/$KEYS "x"\\y'),
        bucket=Path('/srv/a b/$BUCKET "x"\\y'),
    )
    service = unit(systemd_units(odd, SIX_HOURS)[SERVICE])["Service"]
    assert service["WorkingDirectory"] == "/srv/100%% ours"
    # Variables are filled in behind the program's name only; `$$` elsewhere would be two of them.
    assert service["ExecStart"] == r'"/opt/$ver 1%%/publish" refresh --keys "/srv/a b/$$KEYS \"x\"\\y"'
    assert service["ReadWritePaths"] == r'"/srv/a b/$BUCKET \"x\"\\y"'


@pytest.mark.parametrize("name", ['/opt/"x"/publish', "/opt/x's/publish", "/opt/a\\b/publish"])
def test_programs_that_systemd_never_starts_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="systemd starts no program"):
        systemd_units(replace(HERE, publish=Path(name)), SIX_HOURS)


@pytest.mark.parametrize("user", ["", "a:b", "a/b", "a\nUMask=0"])
def test_users_that_systemd_refuses_are_refused(user: str) -> None:
    with pytest.raises(InputError, match="cannot be used in a unit file"):
        systemd_units(replace(HERE, user=user), SIX_HOURS)


@pytest.mark.parametrize("name", ["/srv/a\nUser=root", "/srv/a\x1b[2J", "/srv/a\\"])
def test_names_that_a_unit_cannot_hold_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be used in a unit file"):
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


def with_uri(signers: Signers, name: str, uri: str) -> Signers:
    changed = [one.model_copy(update={"uri": uri}) if one.name == name else one for one in signers.signers]
    return signers.model_copy(update={"signers": tuple(changed)})


def test_the_workflow_writes_the_keys_that_it_has_and_no_others(project: Project, tmp_path: Path) -> None:
    """An empty file would be a bad key, which ends the run; an absent one may be another machine's."""
    signers = with_uri(project.catalog.signers, "timestamp-ben", "file:it's $(touch evil).pem")
    script = yaml.safe_load(workflow(signers, (), SIX_HOURS))["jobs"]["refresh"]["steps"][-2]["run"]
    runner = tmp_path / "runner"
    runner.mkdir()
    env = {"PATH": "/usr/bin:/bin", "TIDEGATE_KEY_SNAPSHOT_BEN": "", "TIDEGATE_KEY_TIMESTAMP_BEN": "a\nkey"}
    subprocess.run(["bash", "-e", "-c", script], cwd=runner, env=env, check=True)
    assert tree(runner) == {"keys/it's $(touch evil).pem": b"a\nkey\n"}
    assert next((runner / "keys").iterdir()).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("uri", ["hsm:2?label=ben", "file:///etc/keys/timestamp.pem"])
def test_the_workflow_names_keys_that_no_secret_can_bring(project: Project, uri: str) -> None:
    text = workflow(with_uri(project.catalog.signers, "timestamp-ben", uri), (), SIX_HOURS)
    assert "TIDEGATE_KEY_TIMESTAMP_BEN" not in text
    assert "not files of the key directory: timestamp-ben." in text
    assert "not files of the key directory" not in workflow(project.catalog.signers, (), SIX_HOURS)


def test_the_workflow_runs_nothing_of_others_that_can_change(project: Project) -> None:
    steps = yaml.safe_load(workflow(project.catalog.signers, (), SIX_HOURS))["jobs"]["refresh"]["steps"]
    used = [step["uses"] for step in steps if "uses" in step]
    assert len(used) == 2
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40}", one) for one in used)


@pytest.mark.parametrize("word", ["s3://x/${{ secrets.ALL }}", "a\nb"])
def test_words_that_a_workflow_would_fill_in_are_refused(project: Project, word: str) -> None:
    with pytest.raises(InputError, match="cannot be used in a workflow"):
        workflow(project.catalog.signers, ("--to", word), SIX_HOURS)


def test_a_file_that_says_something_else_is_left_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / TIMER).write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(StorageConflict, match="exists with other content"):
        write_units(tmp_path, systemd_units(HERE, SIX_HOURS))
    assert tree(tmp_path) == before


def test_a_link_is_neither_followed_nor_replaced(tmp_path: Path) -> None:
    units = tmp_path / "units"
    units.mkdir()
    (units / TIMER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageConflict, match="exists with other content"):
        write_units(units, systemd_units(HERE, SIX_HOURS))
    assert [path.name for path in units.iterdir()] == [TIMER]
    assert not (tmp_path / "elsewhere").exists()


def test_running_it_again_writes_nothing(tmp_path: Path) -> None:
    files = systemd_units(HERE, SIX_HOURS)
    assert {path.name for path in write_units(tmp_path / "units", files)} == {SERVICE, TIMER}
    assert write_units(tmp_path / "units", files) == ()


def test_a_directory_that_cannot_be_made_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write to"):
        write_units(tmp_path / "file" / "units", systemd_units(HERE, SIX_HOURS))
