"""The decision in plain JavaScript: it gives every published vector, and agrees with ours on thousands of others."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from publisher.client.brakes.remembered import after_check, in_force
from tests.client.test_decide import answer_to
from tests.client.test_remembered import listed_in, remembered_in
from tests.support.requirements import contract_closes
from tests.support.system import need
from tests.support.tuf_repository import a_feed

pytestmark = pytest.mark.system

VECTORS = Path(__file__).parents[1] / "vectors"
FILES = ("decisions.json", "remembered.json")
PLATFORMS = ("linux-amd64", "windows-amd64")
VERSIONS = ("4.0", "4.0.1-rc.2", "4.0.1", "4.1.0", "4.1.0-rc.10", "4.10.0")
IDS = ("a" * 64, "b" * 64, "c" * 64)
KEYS = ("k1", "k2", "k3")


def answers_of_javascript(directory: Path) -> dict[str, Any]:
    """The answers to the vectors in a directory, by file and name."""
    words = [need("node"), VECTORS / "js/run.mjs", directory]
    ran = subprocess.run(words, capture_output=True, text=True, check=True, timeout=120)
    answers: dict[str, Any] = json.loads(ran.stdout)
    return answers


def cases_in(directory: Path, file: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((directory / file).read_text(encoding="utf-8"))["cases"]
    return cases


def without_order(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer about what is remembered; the order of its items says nothing."""

    def ordered(items: list[dict[str, Any]]) -> list[str]:
        return sorted(
            json.dumps({name: sorted(value) if isinstance(value, list) else value for name, value in item.items()})
            for item in ({key: item[key] for key in sorted(item)} for item in items)
        )

    return {
        "remembered": ordered(answer["remembered"]),
        **{name: ordered(answer["in_force"][name]) for name in ("holds", "withdrawn")},
    }


def test_it_gives_every_published_vector() -> None:
    answers = answers_of_javascript(VECTORS / "client")
    for case in cases_in(VECTORS / "client", "decisions.json"):
        expected = {name: value for name, value in case["answer"].items() if name != "reason"}
        assert answers["decisions.json"][case["name"]] == expected, case["name"]
    for case in cases_in(VECTORS / "client", "remembered.json"):
        answer = answers["remembered.json"][case["name"]]
        assert without_order(answer) == without_order(case["answer"]), case["name"]
    assert [len(answers[file]) for file in FILES] == [len(cases_in(VECTORS / "client", file)) for file in FILES]


def brakes(dice: random.Random) -> list[dict[str, Any]]:
    items = []
    for _ in range(dice.randrange(4)):
        platforms = dice.sample((*PLATFORMS, "any"), dice.randrange(3))
        item = {"id": dice.choice(IDS), "version": dice.choice(VERSIONS)}
        items.append(item | ({"platforms": platforms} if platforms else {}))
    return items


def a_question(dice: random.Random, name: str) -> dict[str, Any]:
    """Some feed, brakes and machine."""
    floor = dice.choice([None, "4.0", "4.0.1"])
    published = sorted(dice.sample(VERSIONS[3:] if floor else VERSIONS[:4], dice.randrange(3)), key=VERSIONS.index)
    releases = [a_feed(version=version)["release"] for version in published if version != "4.1.0-rc.10"][::-1]
    if len(releases) > 1:
        releases[0]["action"] = dice.choice(["optional", "recommended", "required"])
    more: dict[str, Any] = {"min_secure": floor} if floor else {}
    if len(releases) > 1:
        more["previous"] = releases[1]
    requirements = [
        contract_closes(dice.choice(VERSIONS), runway_begins=f"2027-0{dice.randrange(1, 4)}-01T00:00:00Z")
        for _ in range(dice.randrange(3))
    ]
    feed = a_feed(
        release=releases[0] if releases else None,
        platform=dice.choice([PLATFORMS[0], "any"]),
        requirements=requirements,
        **more,
    )
    current = dice.choice([None, *VERSIONS])
    verdicts = ("compatible", "restore-backup", "forbidden")
    action = dice.choice([None, "stop", "go-back", "update", "keep-running"])
    return {
        "name": name,
        "state": {
            "current": current,
            "platform": dice.choice(PLATFORMS),
            "taken_back": {version: dice.choice(verdicts) for version in dice.sample(VERSIONS, dice.randrange(3))},
        },
        "now": f"2027-0{dice.randrange(1, 5)}-15T00:00:00Z",
        "feed": feed,
        "brakes": {"holds": brakes(dice), "withdrawn": brakes(dice)},
        "withdrawal": {"action": action} if action and current else None,
    }


def a_check(dice: random.Random, name: str) -> dict[str, Any]:
    """What some client remembered, and what it sees."""
    listed = {"holds": brakes(dice), "withdrawn": brakes(dice)}
    seen = [
        {"kind": kind, **item, "keys": sorted(dice.sample(KEYS, dice.randrange(1, 4)))}
        for kind in ("hold", "withdrawal")
        for item in {(item["id"], item["version"]): item for item in brakes(dice)}.values()
    ]
    signed_by = dice.sample(KEYS, dice.randrange(3))
    keys = sorted({*signed_by, *dice.sample(KEYS, dice.randrange(4))})
    lifted = dice.sample(IDS, dice.randrange(3))
    return {"name": name, "remembered": seen, "listed": listed, "signed_by": signed_by, "keys": keys, "lifted": lifted}


def test_it_agrees_on_thousands_of_others(tmp_path: Path) -> None:
    dice = random.Random("tidegate")
    questions = [a_question(dice, f"question {number}") for number in range(3000)]
    checks = [a_check(dice, f"check {number}") for number in range(2000)]
    for file, cases in zip(FILES, (questions, checks), strict=True):
        (tmp_path / file).write_text(json.dumps({"cases": cases}))
    answers = answers_of_javascript(tmp_path)
    outcomes = set()
    for case in questions:
        expected = {name: value for name, value in answer_to(case).items() if name != "reason"}
        outcomes.add((expected["outcome"], expected["offers"] is not None))
        assert answers["decisions.json"][case["name"]] == expected, case
    # Every outcome came up, "withdrawn" with an offer and without.
    assert len(outcomes) == 8
    for case in checks:
        before, listed = remembered_in(case["remembered"], tmp_path), listed_in(case["listed"])
        after = after_check(before, listed, case["signed_by"], case["keys"], case["lifted"])
        stopped = in_force(after, listed, case["lifted"])
        answer = answers["remembered.json"][case["name"]]
        assert set(remembered_in(answer["remembered"], tmp_path)) == set(after), case
        there = listed_in(answer["in_force"])
        assert set(there.holds) == set(stopped.holds), case
        assert set(there.withdrawn) == set(stopped.withdrawn), case
