"""`publish check`: what was read, or every problem with its place."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

from tests.support.command import ROOT, Publish


def broken(tmp_path: Path) -> list[str]:
    """Options that name a copy of the content with two mistakes in it."""
    shutil.copytree(ROOT / "content", tmp_path / "content")
    event = tmp_path / "content/events/btt-listing-sample.yaml"
    event.write_text(event.read_text().replace("score: 3", "score: 7", 1))
    release = tmp_path / "content/releases/btfs-node/4.2.0.yaml"
    release.write_text(release.read_text().replace("[stable]", "[stabel]", 1))
    return ["--content", str(tmp_path / "content")]


def test_it_says_what_was_read(publish: Publish) -> None:
    ran = publish("check")
    assert (ran.code, ran.err) == (0, "")
    assert re.fullmatch(
        r"4 products, 2 channels, \d+ releases, \d+ events, \d+ deprecations, \d+ signers: all fine\.\n", ran.out
    )


def test_json_is_stable(publish: Publish) -> None:
    ran = publish("check", "--json")
    value = json.loads(ran.out)
    assert list(value) == ["ok", "counts", "problems"]
    assert list(value["counts"]) == ["products", "channels", "releases", "events", "deprecations", "signers"]
    assert value["ok"] is True
    assert value["problems"] == []


def test_every_problem_comes_with_its_place(publish: Publish, tmp_path: Path) -> None:
    ran = publish("check", *broken(tmp_path))
    assert ran.code == 1
    assert ran.out == ""
    assert ran.err.splitlines() == [
        f"{tmp_path}/content/events/btt-listing-sample.yaml:9:12: `severity.score` must be 5 or less",
        f"{tmp_path}/content/releases/btfs-node/4.2.0.yaml:4:12: there is no channel of btfs-node named stabel",
        "    -> did you mean stable?",
        "2 problems in the content.",
    ]


def test_problems_as_json(publish: Publish, tmp_path: Path) -> None:
    ran = publish("check", "--json", *broken(tmp_path))
    assert ran.code == 1
    value = json.loads(ran.out)
    assert list(value) == ["ok", "error", "what", "fix", "problems"]
    assert (value["ok"], value["error"], value["what"]) == (False, "ContentError", "2 problems in the content")
    assert [(one["line"], one["column"], one["fix"]) for one in value["problems"]] == [
        (9, 12, ""),
        (4, 12, "did you mean stable?"),
    ]


def test_a_missing_directory(publish: Publish) -> None:
    ran = publish("check", "--content", "nowhere")
    assert ran.code == 1
    assert "there is no directory nowhere" in ran.err
    assert publish("check", "--colour").code == 2
