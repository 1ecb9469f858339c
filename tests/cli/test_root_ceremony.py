"""docs/root-ceremony.md, line by line, on two machines that share nothing but a stick."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.command import ROOT, Publish
from tests.support.project import Project
from tests.support.runbook import answers, blocks

PAGE = blocks("root-ceremony.md")


@dataclass
class Machine:
    """One of the two, with what it can reach."""

    publish: Publish
    base: Path
    stick: Path
    bucket: Path

    def follow(self, heading: str) -> str:
        """Type what stands under a heading; returns all that was said."""
        said = []
        for line in PAGE[heading]:
            own = line.replace("/media/stick", str(self.stick)).replace("/srv/bucket", str(self.bucket))
            own = own.replace("our-node", "node").replace("dist/", "artifacts/")
            said.append(self._publish(own) if own.startswith("publish ") else self._shell(own))
        return " ".join("\n".join(said).split())

    def _publish(self, line: str) -> str:
        words = shlex.split(line)[1:]
        ran = self.publish(*words, *answers(self.publish, words, self.base), cwd=self.base)
        assert ran.code == 0, f"{line}\n{ran.out}\n{ran.err}"
        return ran.out

    def _shell(self, line: str) -> str:
        ran = subprocess.run(["bash", "-ec", line], cwd=self.base, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{line}\n{ran.stderr}"
        return ran.stdout


@pytest.fixture
def machines(tmp_path: Path, publish: Publish) -> tuple[Machine, Machine]:
    """The one with network, with what is in git, and the one without, which has the same and no key either."""
    project = Project(tmp_path / "online", now=datetime.now(UTC).replace(microsecond=0))
    shutil.rmtree(project.keys)
    (project.config / "root.json").unlink()
    for name in ("roles.yaml", "signers.yaml"):
        shutil.copy(ROOT / "site_config" / name, project.config / name)
    endpoints = project.config / "endpoints.yaml"
    endpoints.write_text(f"{endpoints.read_text()}storage: {project.bucket.as_uri()}\n")
    project.add_release("1.0.0")
    project.build("1.0.0")
    offline, stick = tmp_path / "offline", tmp_path / "stick"
    stick.mkdir()
    for folder in ("content", "site_config"):
        shutil.copytree(project.base / folder, offline / folder)
    return (
        Machine(publish, project.base, stick, project.bucket),
        Machine(publish, offline, stick, tmp_path / "there is no bucket"),
    )


def test_the_whole_ceremony(machines: tuple[Machine, Machine]) -> None:
    online, offline = machines
    assert set(PAGE) == {"first", "targets", "targets-sign", "targets-back", "prepare", "sign", "back"}
    first = offline.follow("first")
    assert "node.stable: new, 2 of 3" in online.follow("targets")
    hand_out(online, offline)
    assert "All required signatures are there." in offline.follow("targets-sign")
    assert "Recorded shipped_at in" in online.follow("targets-back")
    prepared = online.follow("prepare")
    assert "snapshot: + ben (automation)" in prepared
    signed = offline.follow("sign")
    assert "All required signatures are there." in signed
    digest = prepared.partition("candidate ")[2].split()[0]
    assert digest in signed
    assert first.split()[-2] in signed  # the SHA-256 of root.json
    back = online.follow("back")
    assert "Verified as clients of 2 roots" in back
    assert "Nothing to sign: what is live matches the configuration." in back


def hand_out(online: Machine, offline: Machine) -> None:
    """Each person takes their own keys; here they all sit at the same machine."""
    for key in (offline.base / "keys").iterdir():
        if not key.name.startswith(("root-", "targets-")):
            shutil.move(key, online.base / "keys" / key.name)
