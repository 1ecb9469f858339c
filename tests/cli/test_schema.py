"""`publish schema`: writes what is not current, and says so when everything is."""

from __future__ import annotations

import json
from pathlib import Path

from publisher.content.schemas import schema_files
from tests.support.command import Publish, flat


def test_it_writes_once_and_then_there_is_nothing_to_do(publish: Publish, tmp_path: Path) -> None:
    to = tmp_path / "deep" / "schemas"
    assert publish("schema", "--to", str(to)).out.startswith("Wrote advisories-1.json, advisory.json, answer-1.json,")
    times = {file: file.stat().st_mtime_ns for file in to.iterdir()}
    assert {file.name for file in times} == set(schema_files())
    assert publish("schema", "--to", str(to)).out == f"All {len(times)} schemas in {to} are current.\n"
    assert {file: file.stat().st_mtime_ns for file in to.iterdir()} == times


def test_check_writes_nothing(publish: Publish, tmp_path: Path) -> None:
    to = tmp_path / "schemas"
    ran = publish("schema", "--check", "--to", str(to))
    assert ran.code == 1
    assert "outdated in" in flat(ran.err)
    assert not to.exists()
    publish("schema", "--to", str(to))
    assert publish("schema", "--check", "--to", str(to)).code == 0
    (to / "old.json").write_text("{}")
    (to / "event.json").write_text("{}")
    ran = publish("schema", "--check", "--to", str(to))
    assert ran.code == 1
    assert "event.json, old.json" in flat(ran.err)
    assert (to / "event.json").read_text() == "{}"


def test_json(publish: Publish) -> None:
    value = json.loads(publish("schema", "--check", "--json").out)
    assert (value["ok"], value["written"]) == (True, [])
    assert "feed-1.json" in value["files"]


def test_a_directory_that_cannot_be_written(publish: Publish, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert publish("schema", "--to", str(tmp_path / "file")).code == 2
    ran = publish("schema", "--to", str(tmp_path / "file" / "schemas"))
    assert ran.code == 1
    assert "cannot be written" in flat(ran.err)
