"""`publish refresh --units`: what is printed, and what is refused before anything is written."""

from __future__ import annotations

import json
import os

import pytest

from tests.support.command import Publish
from tests.support.project import Project, tree


def test_the_words_to_install_it_can_be_pasted(project: Project, publish: Publish) -> None:
    ran = publish("refresh", "--units", "my units", "--to", "bucket", cwd=project.base)
    assert ran.code == 0, ran.err
    assert "install -m 644 'my units'/tidegate-refresh.* /etc/systemd/system/" in ran.out
    assert "/etc/tidegate/refresh.env" in ran.out
    assert "systemctl enable --now tidegate-refresh.timer" in ran.out


def test_json_names_what_was_written_and_a_second_run_nothing(project: Project, publish: Publish) -> None:
    words = ("refresh", "--units", "units", "--to", "s3://ours/x", "--json")
    first, second = (json.loads(publish(*words, cwd=project.base).out) for _ in range(2))
    names = ["tidegate-refresh.service", "tidegate-refresh.timer", "refresh.yml", "refresh.txt"]
    assert first == {"ok": True, "every_seconds": 6 * 3600, "written": [f"units/{name}" for name in names]}
    assert second == {**first, "written": []}


@pytest.mark.parametrize("address", ["s3://AKIDEXAMPLE:word@ours/x", "ftp://ours/x", "s3://ours/x?endpoitn=https://y"])
def test_an_address_that_no_refresh_could_use_is_not_written_down(
    project: Project, publish: Publish, address: str
) -> None:
    before = tree(project.base)
    ran = publish("refresh", "--units", "units", "--to", address, cwd=project.base)
    assert ran.code == 1
    assert "word" not in ran.out + ran.err.replace("password", "")
    assert tree(project.base) == before


def test_a_user_without_a_name_is_written_as_a_number(
    project: Project, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that is run under any number."""

    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 54321")

    monkeypatch.setattr("getpass.getuser", nameless)
    assert publish("refresh", "--units", "units", "--to", "bucket", cwd=project.base).code == 0
    assert f"User={os.getuid()}" in (project.base / "units/tidegate-refresh.service").read_text().splitlines()
