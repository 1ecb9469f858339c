"""Content at a revision of git: read as it was committed, whatever the revision says about itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from publisher.content.git_revision import at_revision
from publisher.errors import InputError


@pytest.fixture
def repository(project: Path) -> Path:
    git(project, "init", "-q")
    commit(project)
    return project


def git(directory: Path, *words: str) -> str:
    identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, *words], cwd=directory, check=True, capture_output=True, text=True).stdout


def commit(directory: Path) -> None:
    git(directory, "add", "-A")
    git(directory, "commit", "-qm", "Content")


def laid_out(repository: Path, to: Path) -> dict[str, bytes]:
    (content,) = at_revision([repository / "content"], "HEAD", to)
    return {str(file.relative_to(content)): file.read_bytes() for file in content.rglob("*") if file.is_file()}


def as_it_is(repository: Path) -> dict[str, bytes]:
    content = repository / "content"
    return {str(file.relative_to(content)): file.read_bytes() for file in content.rglob("*") if file.is_file()}


def test_every_file_is_there_byte_for_byte(repository: Path, tmp_path: Path) -> None:
    (repository / "content/events/odd name \u00e9.txt").write_bytes(b"\r\n\0\xff" * 1000)
    (repository / "content/empty.txt").write_bytes(b"")
    commit(repository)
    assert laid_out(repository, tmp_path / "then") == as_it_is(repository)


@pytest.mark.parametrize("attributes", ["* export-ignore", "* export-subst", "*.yaml eol=crlf", "* ident"])
def test_git_attributes_hide_and_change_nothing(repository: Path, tmp_path: Path, attributes: str) -> None:
    before = as_it_is(repository)
    (repository / "content/events/.gitattributes").write_text(f"{attributes}\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "x")
    found = laid_out(repository, tmp_path / "then")
    assert found.pop("events/.gitattributes") == f"{attributes}\n".encode()
    assert found == before


def test_a_replaced_object_is_read_as_it_was_committed(repository: Path, tmp_path: Path) -> None:
    before = as_it_is(repository)
    policy = git(repository, "rev-parse", "HEAD:content/policy.yaml").strip()
    event = git(repository, "rev-parse", "HEAD:content/events/listing.yaml").strip()
    git(repository, "replace", policy, event)
    assert laid_out(repository, tmp_path / "then") == before


def test_a_link_in_a_revision_is_refused_by_name(repository: Path, tmp_path: Path) -> None:
    (repository / "content/events/k.yaml").symlink_to("/proc/self/environ")
    commit(repository)
    with pytest.raises(InputError, match=r"'events/k\.yaml' in .*content at HEAD is a link"):
        laid_out(repository, tmp_path / "then")
    assert not (tmp_path / "then").exists()


def test_a_submodule_in_a_revision_is_refused_by_name(repository: Path, tmp_path: Path) -> None:
    head = git(repository, "rev-parse", "HEAD").strip()
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},content/events/more")
    git(repository, "commit", "-qm", "x")
    with pytest.raises(InputError, match=r"'events/more' in .*content at HEAD is a submodule"):
        laid_out(repository, tmp_path / "then")


def test_a_repository_of_another_user_gets_a_sentence_of_its_own(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    with pytest.raises(InputError) as caught:
        laid_out(repository, tmp_path / "then")
    assert "its repository belongs to another user" in caught.value.what
    assert "git config --global --add safe.directory" in caught.value.fix


def test_a_repository_without_its_objects_says_so(repository: Path, tmp_path: Path) -> None:
    name = git(repository, "rev-parse", "HEAD:content/policy.yaml").strip()
    (repository / f".git/objects/{name[:2]}/{name[2:]}").unlink()
    with pytest.raises(InputError, match=r"git lacks 'policy\.yaml' in .*content at HEAD"):
        laid_out(repository, tmp_path / "then")
