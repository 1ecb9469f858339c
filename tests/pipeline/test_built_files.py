"""Which files belong to a release, and which must never be published."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from publisher.errors import InputError
from publisher.model.content.release import Release
from publisher.pipeline.artifacts.built_files import collect, hash_files
from publisher.wire.version import Version
from tests.support.project import Project

LINUX, WINDOWS = "node-1.0.0-linux-amd64.tar.gz", "node-1.0.0-windows-amd64.zip"


@pytest.fixture
def release(project: Project) -> Release:
    project.add_release("1.0.0")
    return project.release("1.0.0")


@pytest.fixture
def built(project: Project) -> Path:
    return project.build("1.0.0")


def test_each_pattern_finds_its_file(release: Release, built: Path) -> None:
    found = collect(release, built)
    assert [(one.path.name, one.platform) for one in found.files] == [
        (LINUX, "linux-amd64"),
        (WINDOWS, "windows-amd64"),
    ]


def test_other_files_are_left_alone_and_named(release: Release, built: Path) -> None:
    (built / "README").write_text("hello")
    assert collect(release, built).ignored == ("README",)


def test_a_bill_of_materials_goes_with_its_binary_and_is_no_second_match(project: Project, built: Path) -> None:
    project.add_release("1.0.0")
    file = project.content / "releases/node/1.0.0.yaml"
    file.write_text(file.read_text().replace("node-{version}-linux-amd64.tar.gz", "node-*-linux*"))
    (built / f"{LINUX}.spdx.json").write_text("{}")
    [linux, _] = collect(project.release("1.0.0"), built).files
    assert [(path.name, kind) for path, kind in linux.companions] == [(f"{LINUX}.spdx.json", "spdx")]


def test_a_link_inside_of_the_directory_is_followed(release: Release, built: Path) -> None:
    (built / "real").write_bytes((built / LINUX).read_bytes())
    (built / LINUX).unlink()
    (built / LINUX).symlink_to("real")
    assert collect(release, built).files[0].path.name == LINUX


def refuse(release: Release, built: Path, words: str) -> None:
    with pytest.raises(InputError, match=words):
        collect(release, built)


def test_a_missing_directory_is_refused(release: Release, tmp_path: Path) -> None:
    refuse(release, tmp_path / "nowhere", "there is no directory")


def test_a_missing_file_is_refused(release: Release, built: Path) -> None:
    (built / WINDOWS).unlink()
    refuse(release, built, r"1 file is missing in .*:\n  node-1.0.0-windows-amd64.zip \(windows-amd64\)")


def test_an_empty_file_is_refused(release: Release, built: Path) -> None:
    (built / LINUX).write_bytes(b"")
    refuse(release, built, "is empty")


def with_patterns(project: Project, linux: str, windows: str = "node-*-windows-amd64.zip") -> Release:
    """The release with other patterns."""
    project.add_release("1.0.0")
    file = project.content / "releases/node/1.0.0.yaml"
    text = file.read_text().replace("node-{version}-linux-amd64.tar.gz", linux)
    file.write_text(text.replace("node-{version}-windows-amd64.zip", windows))
    return project.release("1.0.0")


def test_two_files_for_one_pattern_are_refused(project: Project, built: Path) -> None:
    (built / "node-1.0.1-linux-amd64.tar.gz").write_bytes(b"x")
    refuse(with_patterns(project, "node-*-linux-amd64.tar.gz"), built, "matches 2 files")


def test_the_version_in_a_pattern_leaves_files_of_other_versions_alone(release: Release, built: Path) -> None:
    (built / "node-1.0.1-linux-amd64.tar.gz").write_bytes(b"x")
    assert collect(release, built).ignored == ("node-1.0.1-linux-amd64.tar.gz",)


OTHERS = tuple(map(Version.parse, ("0.9", "1.0", "1.0.0", "1.0.0-rc.1", "1.0.1", "2", "11.0.0")))


@pytest.mark.parametrize(
    ("name", "looks_like"),
    [
        ("node-1.0.1-linux", "1.0.1"),
        ("node_v1.0.1_linux", "1.0.1"),
        ("node-1.0.0-rc.1-linux", "1.0.0-rc.1"),
        ("node-11.0.0-linux", "11.0.0"),
        ("node-0.9.linux", "0.9"),
    ],
)
def test_a_file_of_another_version_is_refused(project: Project, built: Path, name: str, looks_like: str) -> None:
    (built / LINUX).rename(built / name)
    with pytest.raises(InputError, match=rf"{name} looks like {looks_like}, not like 1\.0\.0"):
        collect(with_patterns(project, "node*linux"), built, OTHERS)


@pytest.mark.parametrize("name", ["node-1.0.0-linux", "node-linux", "node-2-linux", "node-1.0.0-for-1.0.1-linux",
    "node-1.0.10-linux", "node-11.0.1-linux"])  # fmt: skip
def test_a_file_of_no_other_version_is_fine(project: Project, built: Path, name: str) -> None:
    (built / LINUX).rename(built / name)
    assert collect(with_patterns(project, "node*linux"), built, OTHERS).files[0].path.name == name


@pytest.mark.parametrize("name", ["con", "NUL.tar.gz", "aux.exe", "prn.txt", "com1", "LPT9.zip", "node."])
def test_r47_a_name_that_windows_cannot_keep_is_refused(project: Project, built: Path, name: str) -> None:
    (built / LINUX).rename(built / name)
    # `check` refuses such a name itself; a pattern brings it in all the same.
    refuse(with_patterns(project, f"{name[0]}?{name[2:]}"), built, "is not a name to publish")


def test_a_name_that_only_begins_like_a_device_is_fine(project: Project, built: Path) -> None:
    (built / LINUX).rename(built / "console.tar.gz")
    assert collect(with_patterns(project, "console.tar.gz"), built).files[0].path.name == "console.tar.gz"


def test_a_file_that_matches_two_platforms_is_refused(project: Project, built: Path) -> None:
    project.add_release("1.0.0")
    file = project.content / "releases/node/1.0.0.yaml"
    file.write_text(file.read_text().replace("node-{version}-windows-amd64.zip", "node-*-linux*"))
    refuse(project.release("1.0.0"), built, "matches two platforms, linux-amd64 and windows-amd64")


def test_a_link_out_of_the_directory_is_refused(release: Release, built: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (built / LINUX).unlink()
    (built / LINUX).symlink_to(tmp_path / "secret")
    refuse(release, built, "outside of")


def test_a_dangling_link_is_refused(release: Release, built: Path) -> None:
    (built / LINUX).unlink()
    (built / LINUX).symlink_to("gone")
    refuse(release, built, "not a regular file")


@pytest.mark.parametrize(
    "name", ["node-1..0-linux-amd64.tar.gz", "node-\n-linux-amd64.tar.gz", "node-1 0-linux-amd64.tar.gz"]
)
def test_a_name_that_means_something_to_a_shell_or_a_path_is_refused(project: Project, built: Path, name: str) -> None:
    (built / LINUX).rename(built / name)
    refuse(with_patterns(project, "node-*-linux-amd64.tar.gz"), built, "is not a name to publish")


def test_a_pipe_is_refused(release: Release, built: Path) -> None:
    (built / LINUX).unlink()
    os.mkfifo(built / LINUX)
    refuse(release, built, "not a regular file")


def test_a_file_that_changes_while_it_is_hashed_is_refused(release: Release, built: Path) -> None:
    def meddle(_count: int) -> None:
        (built / LINUX).write_bytes(b"other bytes")

    with pytest.raises(InputError, match="changed"):
        hash_files(collect(release, built), meddle)


@pytest.mark.parametrize("name", ["release.json", "SHA256SUMS", "node.minisig"])
def test_a_name_that_publishing_uses_itself_is_refused(project: Project, built: Path, name: str) -> None:
    (built / LINUX).rename(built / name)
    refuse(with_patterns(project, name), built, "that publishing itself uses")


@pytest.mark.parametrize("name", [LINUX, f"{LINUX}.spdx.json"])
def test_a_private_key_is_never_taken_for_a_built_file(release: Release, built: Path, name: str) -> None:
    key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBA\n"
    (built / name).write_text(key)
    refuse(release, built, rf"{name} contains a private key \(PEM\); nothing was published")


def test_files_that_differ_only_in_case_are_refused(project: Project, built: Path) -> None:
    project.add_release("1.0.0")
    file = project.content / "releases/node/1.0.0.yaml"
    file.write_text(file.read_text().replace("node-{version}-windows-amd64.zip", "Node-{version}-linux*.gz"))
    (built / LINUX.capitalize()).write_bytes((built / LINUX).read_bytes())
    refuse(project.release("1.0.0"), built, "differ only in case; Windows and macOS treat them as the same file")


@pytest.mark.parametrize("name", ["Release.json", "sha256sums", "node.MINISIG"])
def test_names_that_publishing_uses_are_refused_in_every_case(project: Project, built: Path, name: str) -> None:
    project.add_release("1.0.0")
    file = project.content / "releases/node/1.0.0.yaml"
    file.write_text(file.read_text().replace("node-{version}-linux-amd64.tar.gz", name))
    (built / LINUX).rename(built / name)
    refuse(project.release("1.0.0"), built, "is a name that publishing itself uses")
