"""Files of evidence are handed over by --evidence KIND=FILE, and those of changes by --changes too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from publisher.evidence.bundle import LIMIT, MOST
from tests.support.command import Publish, flat
from tests.support.project import Project, tree, with_todays_keys

AREAS = """\
    areas:
      - {paths: ["src/dht/**"], change_class: dht}
"""


@pytest.fixture
def ready(tmp_path: Path, publish: Publish) -> Project:
    """Changes of 1.0.0 count, and are more than the patch that it declares."""
    project = with_todays_keys(tmp_path / "project", publish, "1.0.0")
    products = project.config / "products.yaml"
    products.write_text(products.read_text() + AREAS)
    (project.base / "changed.txt").write_text("src/dht/node.c\n")
    return project


def verdict(publish: Publish, project: Project, *evidence: str) -> tuple[str, str]:
    ran = publish("why", "node@1.0.0", *evidence, "--json", cwd=project.base)
    assert ran.code == 0, ran.err
    by_rule = {entry["rule"]: entry for entry in json.loads(ran.out)["verdicts"]}
    return by_rule["changes.class"]["outcome"], by_rule["changes.class"]["reason"]


def test_changes_is_a_kind_of_evidence_like_any_other(ready: Project, publish: Publish) -> None:
    asked = verdict(publish, ready, "--changes", "changed.txt")
    assert asked == verdict(publish, ready, "--evidence", "changes=changed.txt")
    assert asked == ("blocked", "It is declared as patch, but the build changed src/dht/node.c (dht).")


def test_files_of_one_kind_count_together(ready: Project, publish: Publish) -> None:
    (ready.base / "theme.txt").write_text("theme/colours.css\n")
    assert verdict(publish, ready, "--changes", "theme.txt")[0] == "pass"
    assert verdict(publish, ready, "--changes", "theme.txt", "--evidence", "changes=changed.txt")[0] == "blocked"


@pytest.mark.parametrize(
    ("evidence", "code", "words"),
    [
        ("chnages=changed.txt", 2, "--evidence chnages=changed.txt names no kind of evidence -> did you mean changes?"),
        ("changes", 2, "--evidence changes names no file -> write changes=FILE"),
        ("changes=", 2, "names no file"),
        ("changes=none.txt", 1, "none.txt cannot be read: No such file or directory -> name the file of changes"),
        ("changes=.", 1, "cannot be read: Is a directory"),
        ("changes=large.txt", 1, "large.txt is larger than 4,194,304 bytes"),
        ("changes=empty.txt", 1, "empty.txt contains no path"),
    ],
)
def test_what_is_no_evidence_is_refused_and_nothing_is_staged(
    ready: Project, publish: Publish, evidence: str, code: int, words: str
) -> None:
    (ready.base / "large.txt").write_bytes(b"x" * (LIMIT + 1))
    (ready.base / "empty.txt").write_bytes(b"")
    ran = publish(
        *("stage", "node@1.0.0", "--artifacts", "artifacts/1.0.0", "--to", ready.bucket, "--evidence", evidence),
        cwd=ready.base,
    )
    assert ran.code == code
    assert words in flat(ran.err)
    assert not Path(ready.bucket).exists()


def test_too_many_files_are_refused_and_nothing_is_staged(ready: Project, publish: Publish) -> None:
    for number in range(MOST + 1):
        (ready.base / f"{number}.txt").write_text("doc\n")
    many = [word for number in range(MOST + 1) for word in ("--evidence", f"changes={number}.txt")]
    ran = publish(
        *("release", "node@1.0.0", "--artifacts", "artifacts/1.0.0", "--to", ready.bucket, *many), cwd=ready.base
    )
    assert (ran.code, "there are 9 files of evidence, and 8 at most" in flat(ran.err)) == (1, True)
    assert not Path(ready.bucket).exists()


def test_a_release_in_one_go_keeps_its_evidence_too(ready: Project, publish: Publish) -> None:
    yaml = ready.content / "releases/node/1.0.0.yaml"
    yaml.write_text(yaml.read_text().replace("change_class: patch", "change_class: dht"))
    ran = publish(
        *("release", "node@1.0.0", "--artifacts", "artifacts/1.0.0", "--to", ready.bucket),
        *("--evidence", "changes=changed.txt"),
        cwd=ready.base,
    )
    assert ran.code == 0, ran.err
    kept = {name: data for name, data in tree(ready.bucket).items() if "/evidence/" in name}
    assert sorted(name.rpartition("/")[2] == "manifest.json" for name in kept) == [False, True]
    assert b"src/dht/node.c\n" in kept.values()
