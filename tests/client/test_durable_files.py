"""Unfinished files of runs that were killed are cleared away, and nothing else is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from publisher.client.durable_files import remove_leftovers
from publisher.client.updater import UpdateClient
from tests.client.conftest import ASK

LEFT = [".tidegate-0123456789abcdef", "tmp0a_z9xyz"]


@pytest.mark.parametrize("folder", ["", "metadata", "feeds"])
def test_what_a_killed_run_left_in_the_state_is_removed_by_the_next(
    client: UpdateClient, tmp_path: Path, folder: str
) -> None:
    client.fetch_feed(*ASK)
    place = tmp_path / "state" / folder
    before = set(place.iterdir())
    for name in LEFT:
        (place / name).write_bytes(b"unfinished")
    for feed in (tmp_path / "state/feeds").glob("*.json"):
        feed.unlink()
    client.fetch_feed(*ASK)
    assert set(place.iterdir()) == before


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_other_files_links_and_parts_of_downloads_stay(tmp_path: Path) -> None:
    names = ["tmp", "tmp-my-notes", ".tidegate-file.tar.gz.0123456789abcdef.part", "timestamp.json"]
    for name in names:
        (tmp_path / name).write_bytes(b"kept")
    (tmp_path / LEFT[0]).symlink_to(tmp_path / "timestamp.json")
    (tmp_path / LEFT[1]).mkdir()
    remove_leftovers(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*names, *LEFT}
