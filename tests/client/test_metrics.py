"""The file for node_exporter: whole or not there, readable, escaped, and never in favour of what is not known."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from publisher.client.ready import ask as ready
from publisher.client.ready.metrics import CheckedVersion, failure_metrics
from publisher.wire.version import Version
from tests.client.conftest import Run, SetClock, empty
from tests.support.requirements import NOW, contract_closes, mainnet_upgrade
from tests.support.tuf_repository import Bucket, expired

SAMPLE = re.compile(r'([a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\}) (-?\d+)')


@pytest.fixture(autouse=True)
def now(set_clock: SetClock) -> None:
    """The client's clock is NOW."""
    set_clock(NOW)


@pytest.fixture
def prom(tmp_path: Path) -> Path:
    """A place for the file, in a directory of its own."""
    directory = tmp_path / "textfile"
    directory.mkdir()
    return directory / "tidegate.prom"


def samples(file: Path) -> dict[str, int]:
    """Metric and labels -> value; every other line is a comment."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    matches = [SAMPLE.fullmatch(line) for line in lines]
    assert all(matches), lines
    return {match[1] + match[2]: int(match[3]) for match in matches if match}


def seconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())


def test_every_metric_of_an_answer(run: Run, bucket: Bucket, prom: Path) -> None:
    bucket.require(contract_closes(), mainnet_upgrade("4.1.0"))
    assert run("ready", "--current", "4.1.0", "--prometheus", str(prom))[0] == 10
    channel = 'product="btfs-node",channel="stable"'
    assert samples(prom) == {
        f"tidegate_check_success{{{channel}}}": 1,
        f"tidegate_last_check_timestamp_seconds{{{channel}}}": seconds(NOW),
        f"tidegate_channel_reached_timestamp_seconds{{{channel}}}": seconds(NOW),
        f"tidegate_channel_valid_until_timestamp_seconds{{{channel}}}": seconds("2999-01-01T00:00:00Z"),
        f'tidegate_ready{{{channel},version="4.1.0"}}': 0,
        f'tidegate_ready_code{{{channel},version="4.1.0"}}': 10,
        f'tidegate_requirement_due_timestamp_seconds{{{channel},event="contract-closes",at_least="5.0.0"}}': seconds(
            "2027-03-31T12:00:00Z"
        ),
        f'tidegate_requirement_met{{{channel},event="contract-closes",at_least="5.0.0"}}': 0,
        f'tidegate_requirement_due_timestamp_seconds{{{channel},event="mainnet-upgrade",at_least="4.1.0"}}': seconds(
            "2027-02-14T10:00:00Z"
        ),
        f'tidegate_requirement_met{{{channel},event="mainnet-upgrade",at_least="4.1.0"}}': 1,
    }
    assert [path.name for path in prom.parent.iterdir()] == ["tidegate.prom"]


def test_a_ready_version_is_1(run: Run, bucket: Bucket, prom: Path) -> None:
    bucket.require(contract_closes("4.0.0"))
    assert run("ready", "--current", "4.1.0", "--prometheus", str(prom))[0] == 0
    assert samples(prom)['tidegate_ready{product="btfs-node",channel="stable",version="4.1.0"}'] == 1


def test_one_event_that_asks_two_audiences_is_one_series_with_the_nearest_date(
    run: Run, bucket: Bucket, prom: Path
) -> None:
    soon = "2027-02-28T12:00:00Z"
    asked: list[dict[str, Any]] = [
        contract_closes(audiences=["hosts"]),
        contract_closes(audiences=["exchanges"], by=soon),
    ]
    bucket.require(*asked)
    run("ready", "--current", "4.1.0", "--prometheus", str(prom))
    lines = [line for line in prom.read_text().splitlines() if line.startswith("tidegate_requirement_due")]
    assert [int(line.split()[-1]) for line in lines] == [seconds(soon)]


@pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
def test_others_can_read_it_whatever_the_umask_is(run: Run, prom: Path) -> None:
    before = os.umask(0o077)
    try:
        run("ready", "--current", "4.1.0", "--prometheus", str(prom))
    finally:
        os.umask(before)
    assert prom.stat().st_mode & 0o777 == 0o644


def test_a_failed_check_replaces_the_answer_of_the_last_one(run: Run, bucket: Bucket, prom: Path) -> None:
    assert run("ready", "--current", "4.1.0", "--prometheus", str(prom))[0] == 0
    expired(bucket)
    assert run("ready", "--current", "4.1.0", "--prometheus", str(prom))[0] == 4
    assert samples(prom) == {
        'tidegate_check_success{product="btfs-node",channel="stable"}': 0,
        'tidegate_last_check_timestamp_seconds{product="btfs-node",channel="stable"}': seconds(NOW),
        'tidegate_ready{product="btfs-node",channel="stable",version="4.1.0"}': 0,
        'tidegate_ready_code{product="btfs-node",channel="stable",version="4.1.0"}': 4,
    }


def test_a_defect_is_a_failed_check_too(run: Run, prom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(ready, "assess", fail)
    assert run("ready", "--current", "4.1.0", "--prometheus", str(prom))[0] == 1
    assert samples(prom)['tidegate_check_success{product="btfs-node",channel="stable"}'] == 0


def test_a_directory_in_its_place_is_refused_before_anything_is_asked(run: Run, tmp_path: Path, prom: Path) -> None:
    prom.mkdir()
    code, out, err = run("ready", "--current", "4.1.0", "--prometheus", str(prom))
    assert (code, out) == (1, "")
    assert "is not a plain file" in err
    assert empty(prom)
    assert not (tmp_path / "state").exists()


def test_a_disk_that_fills_up_later_fails_the_command(run: Run, prom: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ready, "write_metrics", full)
    code, out, err = run("ready", "--current", "4.1.0", "--prometheus", str(prom))
    assert (code, out) == (5, "")
    assert "the disk is full" in err
    assert not prom.exists()


def test_labels_are_escaped() -> None:
    odd = CheckedVersion('a"b\\c\nd', "stable", Version.parse("1"))
    text = failure_metrics(odd, datetime.fromisoformat(NOW), 5).decode()
    assert text.count('product="a\\"b\\\\c\\nd"') == 4
