"""Directories are replaced only when they were made here, and stay whole when something fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from publisher.errors import InputError, StorageError
from publisher.site.directory_writer import MARKER, replace_directory, write_directory


def tree(directory: Path) -> dict[str, bytes]:
    return {str(f.relative_to(directory)): f.read_bytes() for f in directory.rglob("*") if f.is_file()}


def test_it_writes_exactly_the_files_and_replaces_its_own_directory(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b"
    write_directory(target, {"x/y.md": b"1", "z.md": b"2"})
    write_directory(target, {"z.md": b"3"})
    assert {name: body for name, body in tree(target).items() if name != MARKER} == {"z.md": b"3"}
    assert [entry.name for entry in target.parent.iterdir()] == ["b"]


def test_an_empty_directory_is_taken(tmp_path: Path) -> None:
    write_directory(tmp_path, {"z.md": b"3"})
    assert (tmp_path / "z.md").read_bytes() == b"3"


def test_a_directory_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="not made by this command; nothing was written"):
        write_directory(tmp_path, {"z.md": b"3"})
    assert tree(tmp_path) == {"thesis.txt": b"mine"}


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_directory_is_refused(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "target"
    if kind == "file":
        target.write_text("mine")
    else:
        (tmp_path / "real").mkdir()
        target.symlink_to(tmp_path / "real")
    with pytest.raises(InputError, match="is not a directory"):
        write_directory(target, {"z.md": b"3"})


def test_a_failure_leaves_what_was_there_and_nothing_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "site"
    write_directory(target, {"z.md": b"old"})
    before = tree(target)

    def fail(directory: Path) -> None:
        (directory / "half.md").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left on device"):
        replace_directory(target, fail)
    assert tree(target) == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["site"]


def test_a_private_key_is_never_written_into_a_site(tmp_path: Path) -> None:
    key = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBA\n"
    with pytest.raises(
        InputError, match=r"k\.txt of the built site contains a private key \(PEM\); nothing was written"
    ):
        write_directory(tmp_path / "site", {"index.html": b"<p>x</p>", "k.txt": key})
    assert list(tmp_path.iterdir()) == []
