"""Incidents of other projects that the publisher has to stop, or to be able to mend.

Each docstring begins with where the incident is told. docs/attacks.md lists all, with tests elsewhere that stop more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from publisher.channel.audit.channel import audit
from publisher.channel.layout import metadata_key
from publisher.pipeline.operate.verify import StoreSource
from publisher.storage.protocol import Storage
from tests.pipeline.test_rollback import take_back
from tests.support.approving import edit, promote, stage
from tests.support.flaky import FlakyStorage, Result
from tests.support.machine import Machine, machine_for
from tests.support.project import Project, tree


def errors(project: Project) -> dict[str, str]:
    """Where an audit of the channel finds an error, and what."""
    findings = audit(StoreSource(project.storage()), project.root, project.now).findings
    return {finding.where: finding.what for finding in findings if finding.level == "error"}


def test_the_files_of_a_release_that_was_taken_back_go_on_resolving(live: Project, fresh: Machine) -> None:
    """bitcoin#34128, raspiblitz#5249, bitcoin.org#4704: a bad release was withdrawn by moving its files.

    Packagers got 404, and nobody learned what to do. Here every address keeps its bytes, and nobody is offered them.
    """
    before = {path: data for path, data in tree(live.bucket).items() if "1.1.0" in path}
    assert [path for path in before if path.startswith("releases/node/1.1.0/")]
    assert [path for path in before if path.startswith("tuf/targets/artifacts/node/stable/1.1.0/")]
    take_back(live, "1.1.0")
    after = tree(live.bucket)
    assert {path: after.get(path) for path in before} == before
    assert errors(live) == {}
    assert fresh.offered() == "1.0.0"


def test_a_client_that_runs_what_was_taken_back_is_led_back(live: Project, machine: Machine) -> None:
    """meridian#449: clients that only ever went forward could not be rolled back."""
    machine.current = "1.1.0"
    take_back(live, "1.1.0")
    ran = machine.download()
    assert (ran.answer["outcome"], ran.offers, ran.answer["secure"]) == ("withdrawn", "1.0.0", False)
    assert "Go back to 1.0.0" in ran.answer["reason"]
    assert [file.name for file in machine.downloads.iterdir()] == ["node-1.0.0-linux-amd64.tar.gz"]
    # What is older is still refused: going back is newer metadata that says so.
    live.publish("1.2.0")
    assert machine.offered() == "1.2.0"


def by_release(live: Project) -> None:
    live.publish("1.1.0")


def by_candidate(live: Project) -> None:
    stage(live, "1.1.0")
    live.approve("1.1.0")
    promote(live)


@pytest.mark.parametrize("publish", [by_release, by_candidate])
def test_a_wrong_word_in_a_signed_feed_is_mended_by_the_channels_people(
    live: Project, machine: Machine, publish: Callable[[Project], None]
) -> None:
    """go-ethereum#23446: a wrong year in a signed feed needed the whole ceremony.

    Here two persons of the channel sign the same version again; the keys of root and targets stay in their safe.
    """
    for name in ("root-ana", "root-ben", "root-eva", "targets-ana", "targets-ben"):
        (live.keys / f"{name}.pem").unlink()
    edit(live.content / "releases/node/1.1.0.yaml", "Version 1.1.0 of the node.", "Mends a crash of 2026.")
    live.forget()
    publish(live)
    release = machine.download().answer["release"]
    assert (release["version"], release["sentence"]) == ("1.1.0", "Mends a crash of 2026.")
    assert not (live.bucket / metadata_key("targets", 2)).exists()
    assert not (live.bucket / metadata_key("root", 2)).exists()


@pytest.mark.parametrize("signature", ["of the old sums", "removed", "a link"])
def test_all_sums_in_one_place_are_not_what_a_program_is_checked_by(
    live: Project, machine: Machine, signature: str
) -> None:
    """kubo: all sums lay beside the programs, so whoever exchanged one exchanged both; and nobody asked for them."""
    folder, evil = live.bucket / "releases/node/1.1.0", b"evil\n"
    name = "node-1.1.0-linux-amd64.tar.gz"
    old = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    replace(folder / "SHA256SUMS", (folder / "SHA256SUMS").read_text().replace(old, hashlib.sha256(evil).hexdigest()))
    replace(folder / name, evil.decode())
    if signature == "a link":
        replace(folder / "SHA256SUMS.minisig", "https://dl.btfs.test/releases/node/1.1.0/SHA256SUMS.minisig\n")
    elif signature == "removed":
        (folder / "SHA256SUMS.minisig").unlink()
    assert any("SHA256SUMS" in where for where in errors(live))
    assert machine.download().offers == "1.1.0"
    assert (machine.downloads / name).read_bytes() == b"node 1.1.0 linux-amd64.tar.gz \n" * 100


def replace(file: Path, text: str) -> None:
    """Another file in its place; it may be one of several names of the same bytes."""
    file.unlink()
    file.write_text(text)


class Watched(FlakyStorage):
    """Lets somebody look after each change."""

    def __init__(self, inner: Storage, look: Callable[[], None]) -> None:
        super().__init__(inner)
        self._look = look

    def _change(self, name: str, change: Callable[[], Result]) -> Result:
        result = super()._change(name, change)
        self._look()
        return result


def test_what_a_feed_names_is_there_before_it_is_live(live: Project, tmp_path: Path) -> None:
    """electron-builder#1833: a feed was live before its files. A new machine downloads after every change."""
    offered: list[str | None] = []

    def look() -> None:
        machine = machine_for(live, tmp_path / f"machine-{len(offered)}")
        ran = machine.download()
        assert ran.answer["ok"], ran.answer
        offered.append(ran.offers)

    live.publish("1.2.0", storage=Watched(live.storage(), look))
    flip = offered.index("1.2.0")
    assert set(offered[:flip]) == {"1.1.0"}
    assert set(offered[flip:]) == {"1.2.0"}
