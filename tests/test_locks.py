"""The locks: complete, within the ranges of pyproject.toml, and free of whatever leads elsewhere."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from publisher.locks import Locked, lock_file, locked

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEVICES = ("hsm", "gcpkms", "azurekms", "hv", "tkey")
LOCKS = {
    "dev": ("dependencies", "build", "dev"),
    "run": ("dependencies", "build"),
    "refresh": ("refresh",),
    "client": ("client",),
    **{device: (device,) for device in DEVICES},
}
"""Each lock, and the lists of pyproject.toml that it is made from."""

names = pytest.mark.parametrize("name", LOCKS)


def entries(name: str) -> tuple[Locked, ...]:
    return locked(lock_file(name).read_text())


def requirements(group: str) -> list[Requirement]:
    """The ranges of a list; where a group gives a bare name, those of the program's own dependencies."""
    if group == "dependencies":
        return [Requirement(line) for line in PROJECT["project"]["dependencies"]]
    own = {one.name: one for one in requirements("dependencies")}
    found: list[Requirement] = []
    for line in PROJECT["dependency-groups"][group]:
        if isinstance(line, dict):
            found += requirements(line["include-group"])
        else:
            requirement = Requirement(line)
            found.append(requirement if requirement.specifier else own.get(requirement.name, requirement))
    return found


@names
def test_a_lock_holds_exact_versions_with_digests_and_nothing_else(name: str) -> None:
    assert entries(name)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://mirror.test/simple",
        "--extra-index-url https://mirror.test/simple",
        "--find-links /opt/wheels",
        "-r other.txt",
        "-e .",
        "./click-8.5.1-py3-none-any.whl",
        "click @ file:///opt/wheels/click-8.5.1-py3-none-any.whl --hash=sha256:" + "0" * 64,
        "click @ https://mirror.test/click-8.5.1-py3-none-any.whl --hash=sha256:" + "0" * 64,
        "click==8.5.1",
        "click>=8 --hash=sha256:" + "0" * 64,
        "click==8.5.1 --hash=md5:" + "0" * 32,
        "# from /home/somebody",
    ],
)
def test_an_index_a_path_or_a_version_without_digest_is_no_line_of_a_lock(line: str) -> None:
    with pytest.raises(ValueError, match="not an exact version"):
        locked(line)


@names
def test_every_package_that_pyproject_names_is_locked_within_its_range(name: str) -> None:
    versions: dict[str, list[str]] = {}
    for entry in entries(name):
        versions.setdefault(entry.name, []).append(entry.version)
    for group in LOCKS[name]:
        for requirement in requirements(group):
            chosen = versions.get(canonicalize_name(requirement.name))
            assert chosen, f"{name}.txt lacks {requirement}: run `make lock`"
            assert all(requirement.specifier.contains(version) for version in chosen), f"{requirement}: {chosen}"


@names
def test_the_locks_agree(name: str) -> None:
    """Else a lock that is installed on top of another would change what was tested."""
    tested = {(entry.name, entry.version): entry.digests for entry in entries("dev")}
    named = {package for package, _version in tested}
    for entry in entries(name):
        if entry.name in named:
            assert tested[entry.name, entry.version] == entry.digests, entry.name


def test_no_site_generator_in_a_job_that_holds_keys() -> None:
    assert not {entry.name for entry in entries("refresh")} & {
        "mkdocs",
        "mkdocs-material",
        "jinja2",
        "watchdog",
        "setuptools",
    }


def test_everything_is_installed_from_the_locks() -> None:
    """No `pip install` of a bare name, in whatever runs by itself."""
    for file in ("Makefile", ".ci/run"):
        for line in (ROOT / file).read_text().splitlines():
            if re.search(r"(pip install|\$\(PIP\))", line) and not line.startswith("PIP "):
                assert "--require-hashes" in line or "--no-deps --no-build-isolation" in line, line


def test_the_lock_of_npm_holds_digests_and_no_address() -> None:
    packages = json.loads((ROOT / "tests/system/js/package-lock.json").read_text())["packages"]
    packages.pop("")
    assert packages
    for name, package in packages.items():
        assert name.startswith("node_modules/")
        assert package["integrity"].startswith("sha512-"), name
        assert not {"resolved", "link"} & package.keys(), name
