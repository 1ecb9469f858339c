"""Where `tidegate` keeps what it remembers: in the system's place for it, and never in the current directory."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from publisher.client import cli
from publisher.client.cli import main
from tests.client.conftest import Run
from tests.support.tuf_repository import Bucket


def test_two_addresses_and_two_roots_never_share_their_state(run: Run, bucket: Bucket, tmp_path: Path) -> None:
    run("check", "--current", "4")
    run("check", "--current", "4", url=f"{bucket.url}/")
    assert len(list((tmp_path / "state/btfs-node/stable").iterdir())) == 2


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home directory, with no variable that names another place."""
    if sys.platform in ("win32", "darwin"):
        pytest.skip("XDG_STATE_HOME is for other systems")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    return tmp_path / "home"


def test_the_state_goes_where_the_system_keeps_such_things(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli._system_state() == home / ".local/state/tidegate"
    monkeypatch.setenv("XDG_STATE_HOME", str(home / "xdg"))
    assert cli._system_state() == home / "xdg" / "tidegate"


@pytest.mark.parametrize("relative", ["state", "./state", "", "~/state"])
def test_a_relative_xdg_directory_is_ignored(home: Path, monkeypatch: pytest.MonkeyPatch, relative: str) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", relative)
    assert cli._system_state() == home / ".local/state/tidegate"


@pytest.mark.parametrize("value", ["", "relative"])
def test_an_empty_home_is_looked_up_and_never_the_current_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    import pwd  # noqa: PLC0415 - there is none on Windows

    monkeypatch.setenv("HOME", value)
    own = Path(pwd.getpwuid(os.getuid()).pw_dir)
    assert cli._system_state() == own / ".local/state/tidegate"


def test_without_any_home_the_option_is_named_and_help_still_works(
    home: Path, bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import pwd  # noqa: PLC0415 - there is none on Windows

    def nobody(_: int) -> NoReturn:
        raise KeyError("no such user")

    monkeypatch.setenv("HOME", "")
    monkeypatch.setattr(pwd, "getpwuid", nobody)
    (tmp_path / "root.json").write_bytes(bucket.root_bytes)
    words = f"check --url {bucket.url} --root {tmp_path / 'root.json'} --product btfs-node --channel stable --current 4"
    assert main(words.split()) == 1
    assert "give your own directory with --state" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    assert "default: none" in " ".join(capsys.readouterr().out.split())
