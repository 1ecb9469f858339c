"""`publish backtest`: the first line is the answer, what is odd is told, and what cannot be read is no traceback."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import ROOT, Publish, flat
from tests.support.history import DATA, EVENTS, RELEASES, event, release, write

OLD = "content/policies/1.yaml"
NEW = "content/policy.yaml"


def test_the_first_line_is_the_answer(publish: Publish, tmp_path: Path) -> None:
    ran = publish("backtest", *write(tmp_path))
    assert ran.code == 0
    assert ran.err == ""
    assert ran.out.splitlines()[0] == "7 releases; 5 would have waited: 5.6 days on average, 8 at most."
    assert all(len(line) <= 80 for line in ran.out.splitlines())
    assert "\x1b" not in ran.out


def test_the_text_tells_the_longest_waits_and_every_oddity(publish: Publish, tmp_path: Path) -> None:
    out = " ".join(publish("backtest", *write(tmp_path)).out.split())
    for part in (
        "Policy version 2 (content/policy.yaml), applied to the whole history:",
        "2 events from 15 June 2021 to 1 September 2021; the file has 5 rows.",
        "client 6 4 1 95 12 5",
        "node 0.5.0, a new feature of 13 June 2021",
        "Fixes that would have needed an override in a hard freeze: client 1.1.1, a security fix of",
        "Event types missing from the mapping: incident 1.",
        "Releases left out, because the row ... 1 has no `date`: client-0.1.0",
        "1 comes after a higher version; the order does not matter: client-old",
        "1 is a release, not an event: node-4-1",
        "1 has a type that the mapping does not list: theft",
        "1 did not take place, according to the file: hoped-for",
        "1 has no lead time from 1 to 5, and counts as 1: summit",
        "Not checked, since history does not record them: notes, files, scenarios, maintenance, shifts.",
    ):
        assert part in out, part


def test_json_has_one_entry_a_release(publish: Publish, tmp_path: Path) -> None:
    ran = publish("backtest", *write(tmp_path), "--json")
    assert ran.code == 0
    value = json.loads(ran.out)
    assert (value["ok"], value["releases_evaluated"], value["held"]) == (True, 7, 5)
    assert value["unmapped"] == {"incident": 1}
    assert value["policy"]["version"] == 2
    assert value["policy"]["digest"] == json.loads(publish("policy", "--json", "--at", "now").out)["digest"]
    assert [one["version"] for one in value["releases"]] == [
        "1.0.0",
        "1.1.0",
        "0.5.0",
        "1.1.1",
        "1.0.1",
        "1.2.0rc1",
        "1.2.0",
    ]
    held = {one["id"]: one for one in value["releases"] if one["held"]}
    assert sum(one["held"] for one in value["products"]) == len(held) == value["held"]
    fix = held["client-1.1.1"]
    assert fix == fix | {
        "product": "client",
        "version": "1.1.1",
        "date": "2021-06-14",
        "change_class": "security",
        "essential": True,
        "since": "2021-06-14T00:00:00Z",
        "until": "2021-06-17T00:00:00Z",
        "days_waited": 3.0,
        "rules": ["freeze.hard"],
        "events": ["upgrade-2021-06-15"],
        "override_candidate": True,
    }
    free = next(one for one in value["releases"] if one["id"] == "client-1.0.0")
    assert (free["held"], free["until"], free["days_waited"], free["reasons"]) == (False, None, 0.0, [])
    assert [(one["file"], one["row"], one["left_out"]) for one in value["reported"] if one["left_out"]] == [
        ("releases", 8, True),
        ("events", 3, True),
        ("events", 4, True),
        ("events", 5, True),
    ]


def test_a_policy_of_its_own_is_asked_instead(publish: Publish, tmp_path: Path) -> None:
    value = json.loads(publish("backtest", *write(tmp_path), "--policy", OLD, "--json").out)
    assert (value["policy"]["file"], value["policy"]["version"]) == (OLD, 1)
    assert "second" not in value


def test_two_policies_stand_side_by_side(publish: Publish, tmp_path: Path) -> None:
    mild = tmp_path / "mild.yaml"
    mild.write_text((ROOT / NEW).read_text().replace("hard_before: 7 d, hard_after: 24 h", "hard_before: 2 d"))
    both = ("backtest", *write(tmp_path), "--policy", NEW, "--policy", mild)
    value = json.loads(publish(*both, "--json").out)
    assert (value["held"], value["second"]["held"]) == (5, 4)
    assert len(value["second"]["releases"]) == value["releases_evaluated"]
    assert value["policy"]["digest"] != value["second"]["policy"]["digest"]
    first, second = ({one["id"]: one["until"] for one in part["releases"]} for part in (value, value["second"]))
    assert set(value["differ"]) == {name for name in first if first[name] != second[name]} != set()
    ran = publish(*both)
    assert " ".join(ran.out.split()).startswith(
        "7 releases: 5 would have waited under the first policy, 4 under the second; they differ on"
    )
    assert "Where they differ most:" in ran.out
    assert all(len(line) <= 80 or str(tmp_path) in line for line in ran.out.splitlines())


def test_a_policy_against_itself_differs_on_nothing(publish: Publish, tmp_path: Path) -> None:
    ran = publish("backtest", *write(tmp_path), "--policy", NEW, "--policy", NEW)
    assert "they differ on 0." in " ".join(ran.out.split())
    assert "Where they differ" not in ran.out


def test_nothing_that_waits_is_an_answer_too(publish: Publish, tmp_path: Path) -> None:
    ran = publish("backtest", *write(tmp_path, releases=[release("2010-01-01")]))
    assert ran.out.splitlines()[0] == "1 release; none would have waited."
    value = json.loads(publish("backtest", *write(tmp_path, releases=[release("2010-01-01")]), "--json").out)
    assert value["days_waited"] == {"mean": 0.0, "median": 0.0, "longest": 0.0}


def test_a_type_that_a_policy_does_not_know_names_the_line_of_the_mapping(publish: Publish, tmp_path: Path) -> None:
    narrow = tmp_path / "narrow.yaml"
    text = (ROOT / NEW).read_text().replace("events: [conference, announcement", "events: [meeting, announcement")
    narrow.write_text(text)
    ran = publish("backtest", *write(tmp_path), "--policy", NEW, "--policy", narrow)
    assert ran.code == 1
    line = next(
        n
        for n, one in enumerate((ROOT / "site_config/history.yaml").read_text().split("\n"), 1)
        if "type: conference}, type: conference" in one
    )
    assert f"site_config/history.yaml:{line}:" in flat(ran.err)
    assert f"{narrow} has no event type conference" in flat(ran.err)
    assert ran.out == ""


def test_types_that_no_row_uses_need_no_band(publish: Publish, tmp_path: Path) -> None:
    narrow = tmp_path / "narrow.yaml"
    narrow.write_text((ROOT / NEW).read_text().replace("events: [testnet-upgrade]", "events: [rehearsal]"))
    assert publish("backtest", *write(tmp_path), "--policy", narrow).code == 0


@pytest.mark.parametrize(
    ("events", "releases", "words"),
    [
        (EVENTS, [release(None)], "releases.json can be used (1 of them: has no `date`)"),
        (
            [event("2021-06-15", type="theft")],
            RELEASES,
            "events.json can be used (1 of them: has a type that the mapping",
        ),
        ([], RELEASES, "events.json has no rows"),
        ([7, None, []], RELEASES, "events.json can be used (3 of them: is not an object with fields)"),
        ({"a": [1]}, RELEASES, "events.json contains no list of rows"),
    ],
)
def test_files_with_nothing_usable_are_an_error_with_the_reasons(
    publish: Publish, tmp_path: Path, events: Any, releases: Any, words: str
) -> None:
    ran = publish("backtest", *write(tmp_path, events, releases))
    assert ran.code == 1
    assert flat(words) in flat(ran.err)
    assert "    -> " in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--events", None, "cannot be read: No such file or directory"),
        ("--events", b"[{]", "is not JSON"),
        ("--releases", b"\xff\xfe", "is not UTF-8 text"),
        ("--releases", b"[" * 100_000, "is nested too deep"),
        ("--policy", None, "there is no file"),
        ("--policy", b"version: 1\n", "is missing"),
        ("--mapping", None, "there is no file"),
        ("--mapping", b"events: {}\n", "is missing"),
        ("--mapping", b"a: [\n", "a value is missing here"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_to_do(
    publish: Publish, tmp_path: Path, option: str, text: bytes | None, words: str
) -> None:
    file = tmp_path / "odd"
    if text is not None:
        file.write_bytes(text)
    ran = publish("backtest", *write(tmp_path), option, file)
    assert ran.code == 1
    assert flat(words) in flat(ran.err)
    assert str(file) in flat(ran.err)
    asked = json.loads(publish("backtest", *write(tmp_path), option, file, "--json").out)
    assert asked["ok"] is False


def test_three_policies_are_one_too_many(publish: Publish, tmp_path: Path) -> None:
    ran = publish("backtest", *write(tmp_path), *("--policy", NEW) * 3)
    assert ran.code == 2
    assert "--policy is given 3 times" in flat(ran.err)


def test_both_files_are_needed(publish: Publish, tmp_path: Path) -> None:
    ran = publish("backtest", *write(tmp_path)[:2])
    assert ran.code == 2
    assert "--releases" in flat(ran.err)


def test_a_mapping_of_other_fields(publish: Publish, tmp_path: Path) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "events:\n"
        "  fields: {id: key, title: key, type: about.kind, starts: about.day}\n"
        "  types:\n"
        "    - {when: {about.kind: pair opens, about.big: true}, type: exchange-listing}\n"
        "releases:\n"
        "  fields: {project: app, version: v, date: out}\n"
        "  products:\n"
        "    - {when: {app: Our App}, client_type: desktop, blast_radius: 3, event_sensitivity: 3}\n"
        "  assume: {change_class: feature}\n"
    )
    events = [{"key": "pair", "about": {"kind": "pair opens", "big": True, "day": "2021-06-15"}}]
    releases = [{"app": "Our App", "v": "1.0", "out": "2021-06-14"}]
    value = json.loads(publish("backtest", *write(tmp_path, events, releases), "--mapping", mapping, "--json").out)
    assert [(one["product"], one["events"], one["until"]) for one in value["releases"]] == [
        ("our-app", ["pair"], "2021-06-20T00:00:00Z")
    ]
    assert {one["reason"] for one in value["reported"]} == {
        "does not say what it changes; it counts as a new feature",
        "has no severity from 1 to 5, and counts as 5",
        "has no lead time from 1 to 5, and counts as 1",
        "has no date of announcement, and counts as known in time",
    }


def test_files_of_yaml(publish: Publish, tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "events.yaml").write_text(
        "- {id: up, title: Up, type: mainnet-upgrade, start: 2021-06-15, status: happened, severity: 4}\n"
    )
    ran = publish("backtest", "--events", tmp_path / "events.yaml", "--releases", tmp_path / "releases.json", "--json")
    assert json.loads(ran.out)["held"] == 4


@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=pytest.mark.nightly)])
def test_many_rows_take_seconds(publish: Publish, tmp_path: Path, count: int) -> None:
    events = [event(f"20{10 + n // 12}-{n % 12 + 1:02}-07", id=f"e{n}") for n in range(150)]
    releases = [
        release(
            f"20{10 + n // (count // 10)}-{n % 12 + 1:02}-{n % 28 + 1:02}",
            f"{n // 5}.0",
            project=f"p{n % 5}",
            id=f"r{n}",
        )
        for n in range(count)
    ]
    start = time.perf_counter()
    ran = publish("backtest", *write(tmp_path, events, releases), "--json")
    assert time.perf_counter() - start < 60  # 20,000 take three on a quiet machine
    value = json.loads(ran.out)
    assert value["releases_evaluated"] == count
    assert 0 < value["held"] < count


@pytest.mark.skipif(not (DATA / "releases.json").exists(), reason="the collected history is not on this machine")
def test_the_collected_history(publish: Publish) -> None:
    files = ("--events", DATA / "events.json", "--releases", DATA / "releases.json")
    value = json.loads(publish("backtest", *files, "--json").out)
    assert value["releases_evaluated"] == 650
    assert sum(one["left_out"] for one in value["reported"] if one["file"] == "releases") == 3
    assert value["events"]["rows"] == value["events"]["used"] + sum(
        one["left_out"] for one in value["reported"] if one["file"] == "events"
    )
    held = {one["id"]: one for one in value["releases"] if one["held"]}
    assert held["go-btfs-2.0.1"]["events"][0] == "btt-redenom-deadline"
    assert held["qbittorrent-4.4.0"]["events"][0] == "btt-redenom-deadline"
    assert held["libtorrent-2.1.0"]["events"] == ["tron-pyrrho-mainnet"]
    assert "go-btfs-1.5.0" not in held  # the network upgrade of that day is this release
    assert publish("backtest", *files).code == 0


@pytest.mark.skipif(not (DATA / "releases.json").exists(), reason="the collected history is not on this machine")
@pytest.mark.parametrize(
    ("policies", "end"), [((), "\nThe longest waits"), (("--policy", OLD, "--policy", NEW), "\nNot checked")]
)
def test_the_page_on_history_shows_what_the_command_prints(
    publish: Publish, policies: tuple[str, ...], end: str
) -> None:
    ran = publish("backtest", "--events", DATA / "events.json", "--releases", DATA / "releases.json", *policies)
    assert ran.out.partition(end)[0].rstrip() in (ROOT / "content/pages/help/history.md").read_text(encoding="utf-8")
