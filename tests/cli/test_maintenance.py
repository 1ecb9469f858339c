"""`publish maintenance`: every window with its answer; the exit code says whether all may take place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from publisher.content.load import load_catalog
from tests.support.command import ROOT, Publish, flat

CLEAR = ("--from", "2027-02-01T00:00:00Z", "--days", "10")


def test_r60_windows_are_told_in_utc_and_by_the_clocks_of_their_slot(publish: Publish) -> None:
    summer = publish("maintenance", "--from", "2027-06-07T00:00:00Z", "--days", "7")
    assert "Tuesday 8 June 2027, 07:00 to 08:00 UTC: Statistics of the dashboard" in summer.out
    assert "Tuesday, 08:00 to 09:00, Europe/Lisbon." in " ".join(summer.out.split())
    winter = publish("maintenance", *CLEAR)
    assert "Tuesday 9 February 2027, 08:00 to 09:00 UTC: Statistics of the dashboard" in winter.out
    assert "Tuesday, 08:00 to 09:00, Europe/Lisbon." in " ".join(winter.out.split())


def test_the_exit_code_is_0_when_all_may_take_place(publish: Publish) -> None:
    ran = publish("maintenance", *CLEAR)
    assert ran.code == 0
    assert ran.out.startswith("3 windows of maintenance from Monday 1 February 2027, 00:00 UTC to")
    assert "all can go ahead." in " ".join(ran.out.split())


def test_the_exit_code_is_3_when_one_may_not_and_the_gaps_are_named(publish: Publish) -> None:
    ran = publish("maintenance", "--from", "2026-12-28T00:00:00Z", "--days", "2")
    assert ran.code == 3
    said = " ".join(ran.out.split())
    assert "1 window of maintenance" in said
    assert "1 cannot go ahead as planned." in said
    gap = "from Tuesday 29 December 2026, 18:00 UTC to Wednesday 30 December 2026, 00:00 UTC"
    assert f"maintenance.coverage Support is not staffed {gap}. On-call, comms and support must be staffed" in said
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_only_the_windows_of_one_product(publish: Publish) -> None:
    ran = publish("maintenance", *CLEAR, "--product", "btfs-node")
    assert "payment-contract-sample" in ran.out
    assert "dashboard-tuesday-sample" not in ran.out
    none = publish("maintenance", "--product", "desktop-client")
    assert none.code == 0
    assert none.out.startswith("No maintenance is planned from Friday 20 November 2026, 12:00 UTC to")


def test_json_says_the_same(publish: Publish) -> None:
    ran = publish("maintenance", "--from", "2026-12-28T00:00:00Z", "--days", "2", "--json")
    assert ran.code == 3
    value = json.loads(ran.out)
    assert value["ok"] is False
    (window,) = value["windows"]
    assert (window["maintenance"], window["outcome"]) == ("dashboard-tuesday-sample", "blocked")
    assert (window["start"], window["end"]) == ("2026-12-29T08:00:00Z", "2026-12-29T09:00:00Z")
    assert window["local"] == "Tuesday, 08:00 to 09:00, Europe/Lisbon"
    assert window["verdicts"][0]["rule"] == "maintenance.peak"
    assert json.loads(publish("maintenance", *CLEAR, "--json").out)["ok"] is True


def test_nobody_is_named(publish: Publish) -> None:
    catalog = load_catalog([ROOT / "content"], ROOT / "site_config")
    assert catalog.staffing is not None
    names = {name for shift in catalog.staffing.shifts for name in shift.people}
    for more in ((), ("--json",)):
        out = publish("maintenance", "--days", "100", *more).out
        words = set(out.replace('"', " ").replace(".", " ").replace(",", " ").split())
        assert not names & words


def test_without_staffing_nothing_takes_place(publish: Publish, tmp_path: Path) -> None:
    config = tmp_path / "site_config"
    config.mkdir()
    for file in (ROOT / "site_config").iterdir():
        if file.name != "staffing.yaml":
            (config / file.name).write_bytes(file.read_bytes())
    ran = publish("maintenance", *CLEAR, "--product", "web-dashboard", "--config", config)
    assert ran.code == 3
    assert "There is no staffing.yaml, so no duty counts as staffed." in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--product", "btfs-nod"], 1, "there is no product btfs-nod\n    -> did you mean btfs-node?"),
        (["--from", "tomorrow"], 2, "--from tomorrow is not a time with a zone"),
        (["--from", "9999-12-31T00:00:00Z"], 2, "is outside the years allowed in content"),
        (["--days", "0"], 2, "--days"),
    ],
)
def test_what_is_not_known_is_answered_with_what_is(
    publish: Publish, arguments: list[str], code: int, words: str
) -> None:
    ran = publish("maintenance", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert flat(words) in flat(ran.err)
