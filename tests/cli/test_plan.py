"""`publish plan`: the advice first, every option after it, and exit code 3 while the release may not ship."""

from __future__ import annotations

import json

import pytest

from publisher.cli.plan.plan import PlanReport
from publisher.rules.calendar.advice import plan
from tests.support import build
from tests.support.command import Publish, flat


def test_r11_the_first_line_is_the_advice_and_the_exit_code_says_whether_it_may_ship_now(publish: Publish) -> None:
    ran = publish("plan", "desktop-client@7.5.0")
    assert ran.code == 3
    assert ran.out.startswith("desktop-client@7.5.0: move right. Ship from Monday 1 February 2027, 18:00 UTC to\n")
    assert [line for line in ran.out.splitlines() if line.startswith(("Advised", "Or"))] == [
        "Advised: move right",
        "Or: move left",
        "Or: split",
        "Or: re-scope",
    ]
    assert "Its rollback must be verified and rehearsed by Saturday 2 January 2027, 06:00" in ran.out
    assert all(len(line) <= 80 for line in ran.out.splitlines())


def test_json(publish: Publish) -> None:
    value = json.loads(publish("plan", "desktop-client@7.5.0", "--json").out)
    assert (value["ok"], value["advice"], value["outcome_as_planned"]) == (False, "move right", "waiting")
    assert {one["kind"] for one in value["options"]} == {"move right", "move left", "split", "re-scope"}
    assert value["options"][0]["from"] == "2027-02-01T18:00:00Z"
    assert value["way_back"] == {"by": "2027-01-02T06:00:00Z", "done": False, "overdue": False}


def test_what_may_ship_now_has_exit_code_0(publish: Publish) -> None:
    ran = publish("plan", "btfs-node@5.0.0", "--at", "2027-02-09T09:30:00Z")
    assert (ran.code, ran.out.splitlines()[0]) == (
        0,
        "btfs-node@5.0.0: ship now. It may ship now until Tuesday 9 February 2027, 10:00",
    )


def test_what_has_shipped_is_said_and_nothing_advised(publish: Publish) -> None:
    ran = publish("plan", "btfs-node@4.1.1")
    assert ran.code == 0
    assert "there is nothing to plan" in " ".join(ran.out.split())
    assert "Advised" not in ran.out
    value = json.loads(publish("plan", "btfs-node@4.1.1", "--json").out)
    assert (value["ok"], value["advice"], value["options"]) == (True, None, [])
    assert value["shipped_at"] is not None


def test_no_heading_stands_above_nothing(publish: Publish) -> None:
    out = publish("plan", "web-dashboard@3.0.0").out
    assert "What blocks it" not in out
    assert "What must be fixed whatever the date:" in out
    assert "Nothing blocks this date" not in out


def test_where_no_date_is_left_in_time_the_first_line_says_so_and_whom_to_call() -> None:
    notes = build.release("4.2.0").notes.model_dump(mode="json", exclude_none=True)
    required = notes | {"action": "required", "required_by": "2026-03-12T00:00:00Z"}
    release = build.release("4.2.0", notes=required, planned_for="2026-03-09T09:00:00Z")
    catalog = build.catalog([build.event("2026-03-10 10:00", "2026-03-10 22:00")], [release])
    out = " ".join(PlanReport(release, plan(catalog, release, "stable", build.at("2026-03-12"))).lines(80))
    assert out.startswith("daemon@4.2.0: no date is left. Users had to run it by Thursday 12 March 2026,")
    assert "Call Ana, who owns the calendar," in out.partition(" Channel stable")[0]
    assert "Advised" not in out


@pytest.mark.parametrize("name", ["btfs-node", "btfs-node@9.9.9", "nothing@1.0.0"])
def test_what_does_not_exist_is_told(publish: Publish, name: str) -> None:
    ran = publish("plan", name)
    assert ran.code in (1, 2)
    assert "Traceback" not in flat(ran.err)
    assert ran.out == ""
