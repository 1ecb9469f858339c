"""The single-file client: the same bytes every time, and it works on a Python that has nothing installed."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from publisher.client.embedded import Trusted
from publisher.errors import InputError
from publisher.pipeline.client_build import build_zipapp
from publisher.wire.version import Version
from tests.support.tuf_repository import BOB, Bucket, Person, a_feed
from tests.support.wheels import a_wheel, installed_wheels

WHEELS = installed_wheels()
VERSION = Version.parse("9.8.7")
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    bucket = Bucket(tmp_path / "bucket")
    bucket.release(a_feed())
    return bucket


def trusted(bucket: Bucket) -> Trusted:
    return Trusted(url=bucket.url, product="btfs-node", channel="stable", root=bucket.root_bytes)


@pytest.fixture
def pyz(bucket: Bucket, tmp_path: Path) -> Path:
    file = tmp_path / "tidegate.pyz"
    file.write_bytes(build_zipapp(trusted=trusted(bucket), version=VERSION, wheels=WHEELS))
    return file


@pytest.fixture
def run(pyz: Path, tmp_path: Path) -> Run:
    """Runs the zipapp on this Python without its site packages, environment and current directory."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", "-S", str(pyz), *words], capture_output=True, text=True, check=False
        )

    return run


def names(data: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.namelist()


def test_two_builds_are_byte_identical(bucket: Bucket) -> None:
    one, other = (build_zipapp(trusted=trusted(bucket), version=VERSION, wheels=WHEELS) for _ in range(2))
    assert one == other


def test_entries_are_sorted_with_fixed_times_and_modes(pyz: Path) -> None:
    assert pyz.read_bytes().startswith(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(pyz) as archive:
        infos = archive.infolist()
    assert [info.filename for info in infos] == sorted(info.filename for info in infos)
    assert {info.date_time for info in infos} == {(1980, 1, 1, 0, 0, 0)}
    assert {info.external_attr >> 16 for info in infos} == {0o100644, 0o040755}


def test_only_what_is_needed_goes_in(pyz: Path) -> None:
    inside = [name for name in names(pyz.read_bytes()) if not name.endswith("/")]
    assert {PurePosixPath(name).parts[0].split("-")[0] for name in inside} == {
        "LICENSE", "__main__.py", "publisher", "securesystemslib", "tuf", "urllib3",
    }  # fmt: skip
    kinds = {PurePosixPath(name).suffix for name in inside if "licen" not in name.lower()}
    assert kinds == {".py", ".json", ".txt"}
    assert not [name for name in inside if "test" in name.lower() or "RECORD" in name or "direct_url" in name]
    ours = {name for name in inside if name.startswith("publisher/")}
    assert all(
        name == "publisher/__init__.py" or name.startswith(("publisher/client/", "publisher/wire/")) for name in ours
    )


def test_every_package_brings_its_licence(pyz: Path) -> None:
    licences = [name for name in names(pyz.read_bytes()) if "licen" in name.lower() and not name.endswith("/")]
    for package in (
        "tuf-",
        "securesystemslib-",
        "urllib3-",
        "securesystemslib/_vendor/ed25519/",
    ):
        assert any(name.startswith(package) for name in licences), package


def test_it_tells_its_version_without_site_packages(run: Run) -> None:
    done = run("--version")
    assert (done.stdout, done.stderr, done.returncode) == ("tidegate 9.8.7\n", "", 0)


def test_it_checks_and_downloads_with_what_is_built_in(run: Run, tmp_path: Path) -> None:
    where = ("--platform", "linux-amd64", "--state", str(tmp_path / "state"))
    checked = run("check", "--current", "4.0.2", *where)
    assert (checked.stderr, checked.returncode) == ("", 0)
    assert "python3 tidegate.pyz download" in checked.stdout
    ready = run("ready", "--current", "4.0.2", *where, "--prometheus", str(tmp_path / "tidegate.prom"))
    assert (ready.stderr, ready.returncode) == ("", 0)
    assert "Ready: no event requires a version newer than 4.0.2 here." in ready.stdout
    assert (tmp_path / "tidegate.prom").read_text().startswith("# HELP tidegate_")
    done = run("download", "--to", str(tmp_path / "to"), *where, "--json")
    answer = json.loads(done.stdout)
    assert Path(answer["download"]["path"]).read_bytes() == b"the program"


def test_it_refuses_what_one_person_signed(run: Run, bucket: Bucket, tmp_path: Path) -> None:
    bucket.signers = (BOB,)
    bucket.publish()
    done = run("check", "--current", "4", "--platform", "linux-amd64", "--state", str(tmp_path / "state"))
    assert done.returncode == 4
    assert "1/2 keys" in done.stderr


def test_a_key_that_needs_cryptography_is_named_as_the_reason(run: Run, bucket: Bucket, tmp_path: Path) -> None:
    hardware = Person("hsm", "alice", "engineering", ecdsa=True)
    bucket.keys = bucket.signers = (hardware, BOB)
    bucket.publish()
    where = ("--platform", "linux-amd64", "--state", str(tmp_path / "state"))
    done = run("check", "--current", "4", *where)
    assert done.returncode == 4
    assert "needs the Python package cryptography" in done.stderr


def test_a_directory_works_on_a_python_without_ssl(pyz: Path, tmp_path: Path) -> None:
    words = ["check", "--current", "4", "--platform", "linux-amd64", "--state", str(tmp_path / "state")]
    code = (
        "import runpy, sys\n"
        "sys.modules['ssl'] = sys.modules['_ssl'] = None\n"
        f"sys.argv = {[str(pyz), *words]!r}\n"
        f"runpy.run_path({str(pyz)!r}, run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize(
    ("files", "requires", "words"),
    [
        (["urllib3/fast.cpython-311-x86_64-linux-gnu.so"], (), "compiled code"),
        (["urllib3/fast.pyd"], (), "compiled code"),
        ([], ("surprise>=1",), "needs surprise>=1"),
        ([], ('surprise>=1; python_version < "3.13"',), "needs surprise"),
    ],
)
def test_a_package_that_would_not_work_everywhere_is_refused(
    bucket: Bucket, files: list[str], requires: tuple[str, ...], words: str
) -> None:
    odd = a_wheel("urllib3", "1.0", dict.fromkeys(files, b""), requires)
    with pytest.raises(InputError, match=words):
        build_zipapp(trusted=trusted(bucket), version=VERSION, wheels=[*WHEELS[:-1], odd])


def test_a_path_that_leads_out_of_the_wheel_does_not_go_in(bucket: Bucket) -> None:
    odd = a_wheel("urllib3", "1.0", {"../__main__.py": b"", "urllib3/../../x.py": b"", "urllib3/__init__.py": b""})
    inside = names(build_zipapp(trusted=trusted(bucket), version=VERSION, wheels=[*WHEELS[:-1], odd]))
    assert not [name for name in inside if ".." in name]


def test_a_wheel_cannot_replace_what_is_ours(bucket: Bucket) -> None:
    for path in ("__main__.py", "publisher/client/answers/decide.py", "LICENSE"):
        odd = a_wheel("urllib3", "1.0", {path: b"print('mine')"})
        with pytest.raises(InputError, match=r"urllib3 1\.0 brings"):
            build_zipapp(trusted=trusted(bucket), version=VERSION, wheels=[*WHEELS[:-1], odd])


def test_an_extra_that_is_not_asked_for_does_not_count(bucket: Bucket) -> None:
    odd = a_wheel("urllib3", "1.0", {}, ('brotli>=1.2; extra == "brotli"',))
    assert build_zipapp(trusted=trusted(bucket), version=VERSION, wheels=[*WHEELS[:-1], odd])
