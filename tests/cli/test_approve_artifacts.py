"""publish approve --artifacts: a person compares a candidate with a build of their own, and the signature says so."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.signing.test_code_signature import mach_o, pe
from tests.support.command import Publish, Ran, flat
from tests.support.project import Project, tree, with_todays_keys

LINUX, WINDOWS = "node-1.0.0-linux-amd64.tar.gz", "node-1.0.0-windows-amd64.zip"


@pytest.fixture
def staged(tmp_path: Path, publish: Publish) -> Project:
    """1.0.0 is staged; its Windows file carries a code signature. `own` holds an unsigned build."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0")
    built = project.base / "artifacts/1.0.0"
    (built / WINDOWS).write_bytes(pe(signed=True))
    where = ("--channel", "stable", "--artifacts", built, "--to", project.bucket)
    ran = publish("stage", "node@1.0.0", *where, cwd=project.base)
    assert ran.code == 0, ran.err
    shutil.copytree(built, project.base / "own")
    (project.base / "own" / WINDOWS).write_bytes(pe(signed=False))
    return project


def approve(publish: Publish, project: Project, *words: str) -> Ran:
    return publish("approve", "node@1.0.0", *words, "--to", project.bucket, cwd=project.base)


def test_files_that_are_the_same_are_listed_also_one_that_was_code_signed(staged: Project, publish: Publish) -> None:
    ran = approve(publish, staged, "--artifacts", "own")
    assert ran.code == 0, ran.err
    assert f"  same          {LINUX}\n" in ran.out
    assert f"  same          {WINDOWS}\n    apart from the code signature of the published file\n" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_a_program_of_macos_that_is_signed_is_not_compared(staged: Project, publish: Publish) -> None:
    products = staged.config / "products.yaml"
    products.write_text(products.read_text().replace("windows-amd64", "macos-arm64"))
    release = staged.content / "releases/node/1.0.0.yaml"
    release.write_text(release.read_text().replace("windows-amd64", "macos-arm64"))
    name = WINDOWS.replace("windows-amd64", "macos-arm64")
    built = staged.base / "artifacts/1.0.0"
    (built / name).write_bytes(mach_o(signed=True))
    (staged.base / "own" / name).write_bytes(mach_o(signed=False))
    where = ("--channel", "stable", "--artifacts", built, "--to", staged.bucket, "--replace")
    ran = publish("stage", "node@1.0.0", *where, cwd=staged.base)
    assert ran.code == 0, ran.err
    ran = approve(publish, staged, "--artifacts", "own")
    assert f"  not compared  {name}\n    it has a code signature, which no build can repeat\n" in ran.out, ran.err


def test_a_file_that_is_missing_is_not_compared(staged: Project, publish: Publish) -> None:
    (staged.base / "own" / WINDOWS).unlink()
    ran = approve(publish, staged, "--artifacts", "own")
    assert (ran.code, f"  not compared  {WINDOWS}\n    your directory has no such file" in ran.out) == (0, True)


def test_a_file_that_differs_is_refused_and_nothing_is_signed(staged: Project, publish: Publish) -> None:
    digest = json.loads(approve(publish, staged, "--json").out)["candidate"]
    (staged.base / "own" / LINUX).write_bytes(b"another build")
    before = tree(staged.bucket)
    ran = approve(publish, staged, "--artifacts", "own", "--key", "channels-ana", "--yes", digest)
    assert (ran.code, f"{LINUX} in own differs from what was staged as node 1.0.0" in flat(ran.err)) == (4, True), (
        ran.err
    )
    assert tree(staged.bucket) == before


def test_a_directory_without_any_of_the_files_compares_nothing_and_is_refused(
    staged: Project, publish: Publish
) -> None:
    (staged.base / "empty").mkdir()
    ran = approve(publish, staged, "--artifacts", "empty")
    assert (ran.code, "contains none of the files" in flat(ran.err)) == (1, True), ran.err


def test_the_statement_quotes_what_was_compared_and_everybody_sees_who_built_it(
    staged: Project, publish: Publish
) -> None:
    digest = json.loads(approve(publish, staged, "--json").out)["candidate"]
    ran = approve(publish, staged, "--artifacts", "own", "--key", "channels-ana", "--yes", digest)
    assert ran.code == 0, ran.err
    seen = approve(publish, staged)
    assert f"approved    ana (engineering)\n            states to have built {LINUX}\n" in seen.out
    assert f"states to have built {WINDOWS}\n" in seen.out
    assert json.loads(approve(publish, staged, "--json").out)["missing"], "a build of one's own is no approval"


def test_nothing_is_compared_on_the_way_to_or_from_an_offline_machine(staged: Project, publish: Publish) -> None:
    ran = approve(publish, staged, "--artifacts", "own", "--export", "one.bundle")
    assert (ran.code, (staged.base / "one.bundle").exists()) == (2, False)


def test_an_offline_machine_compares_too(staged: Project, publish: Publish) -> None:
    """It has the digests, not the files: so a code-signed file cannot be told from one that differs."""
    assert approve(publish, staged, "--export", "one.bundle").code == 0
    words = ("approve", "node@1.0.0", "--bundle", "one.bundle", "--artifacts", "own")
    ran = publish(*words, cwd=staged.base)
    assert (ran.code, f"{WINDOWS} in own differs" in flat(ran.err)) == (4, True), ran.err
    (staged.base / "own" / WINDOWS).unlink()
    ran = publish(*words, cwd=staged.base)
    assert (ran.code, f"  same          {LINUX}\n" in ran.out) == (0, True), ran.err
