"""The executable as the suite starts it, and what it says of wrong use."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.conformance_client import EXECUTABLE, ConformanceClient, RefusedError
from tests.support.memory_repository import MemoryRepository

pytestmark = pytest.mark.loopback


@pytest.mark.system
def test_the_executable_starts_by_a_link_from_anywhere_without_an_environment(
    repository: MemoryRepository, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(EXECUTABLE)
    repository.add_file("file", b"content")
    repository.publish_all()
    (tmp_path / "root").write_bytes(repository.served["metadata/1.root.json"])
    with repository.running() as url:
        commands: list[list[str]] = [
            ["init", "root"],
            ["--metadata-url", f"{url}/metadata/", "refresh"],
            [
                *("--metadata-url", f"{url}/metadata/", "--target-base-url", f"{url}/targets/"),
                *("--target-dir", "files", "--target-name", "file", "download"),
            ],
        ]
        for words in commands:
            subprocess.run(
                ["./link", "--metadata-dir", "metadata", *words], cwd=tmp_path, env={"PATH": os.defpath}, check=True
            )
    assert (tmp_path / "files" / "file").read_bytes() == b"content"
    assert not [path for path in repository.requests if "//" in path]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "required: --metadata-dir, command"),
        (("--metadata-dir", "m"), "required: command"),
        (("--metadata-dir", "m", "verify"), "invalid choice: 'verify'"),
        (("--metadata-dir", "m", "init"), "required: trusted_root"),
        (("--metadata-dir", "m", "refresh"), "refresh needs --metadata-url"),
        (
            ("--metadata-dir", "m", "--metadata-url", "https://example.org", "download"),
            "download needs --target-name, --target-base-url, --target-dir",
        ),
    ],
)
def test_wrong_use_is_refused_before_anything_is_written(
    client: ConformanceClient,
    words: tuple[str, ...],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefusedError, match=reason):
        client.run(*words)
    assert not Path("m").exists()


def test_a_missing_root_is_named(client: ConformanceClient, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"cannot init: .*nothing: no such file"):
        client.run("--metadata-dir", str(tmp_path / "m"), "init", str(tmp_path / "nothing"))


def test_a_refresh_before_init_says_what_to_run(client: ConformanceClient, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match=r"no trusted root\n.*run the command init first"):
        client.run("--metadata-dir", str(tmp_path / "m"), "--metadata-url", client.url, "refresh")


@pytest.mark.parametrize("url", ["http://updates.example/", "ftp://127.0.0.1/", "nonsense"])
def test_an_address_that_cannot_be_used_is_refused(client: ConformanceClient, url: str) -> None:
    with pytest.raises(RefusedError, match="the address"):
        client.run("--metadata-dir", str(client.metadata_dir), "--metadata-url", url, "refresh")


def test_a_link_in_place_of_metadata_is_not_followed(
    client: ConformanceClient, repository: MemoryRepository, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    (client.metadata_dir / "timestamp.json").symlink_to(outside)
    with pytest.raises(RefusedError, match="not metadata that this client saved"):
        client.refresh()
    assert repository.requests == []
    assert outside.read_bytes() == b"mine"
