"""Runs the commands of a page in docs/ as they stand there, in a project of its own."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.support.command import ROOT, Publish, Ran
from tests.support.project import Project

DOCS = ROOT / "docs"
PEOPLE = ("--person", "ana:engineering", "--person", "ben:operations,automation", "--person", "eva:executive,comms")

_HEADING = re.compile(r"^##+ .*\{#([a-z-]+)\}$")


def blocks(page: str) -> dict[str, list[str]]:
    """Heading id -> lines of its shell blocks, without comments; headings without a block are left out."""
    found: dict[str, list[str]] = {}
    heading, inside = "", False
    for line in (DOCS / page).read_text().splitlines():
        if (match := _HEADING.match(line)) is not None:
            heading = match[1]
        elif line.strip().startswith("```"):
            inside = line.strip() == "```sh"
        elif inside:
            found.setdefault(heading, []).append(re.sub(r"\s+#.*", "", line).strip())
    return found


def started(base: Path, publish: Publish) -> Project:
    """A project with the thresholds that the repository comes with, keys of today, and two releases."""
    project = Project(base, now=datetime.now(UTC).replace(microsecond=0))
    shutil.rmtree(project.keys)
    (project.config / "root.json").unlink()
    for name in ("roles.yaml", "signers.yaml"):
        shutil.copy(ROOT / "site_config" / name, project.config / name)
    endpoints = project.config / "endpoints.yaml"
    endpoints.write_text(f"{endpoints.read_text()}storage: {project.bucket.as_uri()}\n")
    for version in ("1.0.0", "1.1.0", "1.2.0", "7.0.0"):
        project.add_release(version)
        shutil.move(project.build(version), project.base / "dist" / version)
    ran = publish("keys", "init", "--no-passphrase", *PEOPLE, cwd=base)
    assert ran.code == 0, ran.err
    # Others' are on their own machines, so brakes carry the signature of ben alone, and notes that of eva.
    for name in ("brakes-ana.pem", "notes-ana.pem", "notes-ben.pem"):
        (project.keys / name).rename(base / name)
    for version in ("1.0.0", "1.1.0"):
        ship(publish, project, version)
    project.forget()
    return project


def ship(publish: Publish, project: Project, version: str) -> None:
    """`publish release`, into the configured bucket."""
    where = ("--channel", "stable", "--artifacts", f"dist/{version}")
    ran = publish("release", f"node@{version}", *where, cwd=project.base)
    assert ran.code == 0, ran.err


@dataclass
class Typist:
    """Types the commands, looks at what they say, and answers what they ask."""

    publish: Publish
    project: Project
    good: str = ""
    """The entry that the typist knows to be theirs, as `publish recover --entry` takes it."""
    bucket_2: Path = field(init=False)

    def __post_init__(self) -> None:
        self.bucket_2 = self.project.base / "bucket-2"
        self.good = json.loads(self.run("recover", "--json").out)["states"][0]["entry"]

    def run(self, *words: str) -> Ran:
        return self.publish(*words, cwd=self.project.base)

    def follow(self, lines: list[str], *, published: bool) -> None:
        """Each line; those that are for the case that somebody has published only then."""
        assert lines
        for line in lines:
            if line.startswith("publish recover --entry") and not published:
                continue
            self.type(line, published=published)
        self.project.forget()

    def type(self, line: str, *, published: bool) -> None:
        """One line as a person would type it here."""
        words = self._meant(line)
        if words[0] != "publish":
            assert words == ["mkdir", "before", "&&", "mv", "keys", "site_config/root.json", "before/"]
            before = self.project.base / "before"
            before.mkdir()
            self.project.keys.rename(before / "keys")
            (self.project.config / "root.json").rename(before / "root.json")
            return
        ran = self.run(*words[1:], *answers(self.publish, words[1:], self.project.base))
        expected = 4 if words[1:] == ["recover"] and published else 0
        assert ran.code == expected, f"{line}\n{ran.out}\n{ran.err}"

    def _meant(self, line: str) -> list[str]:
        own = line.replace("our-node", "node").replace("NUMBER:SHA256", self.good)
        return shlex.split(own.replace("/srv/bucket-2", str(self.bucket_2)))


def answers(publish: Publish, words: list[str], cwd: Path) -> list[str]:
    """What somebody at a terminal would answer a command: no passphrase for new keys; and what was read is signed."""
    if "--new" in words or words[:2] == ["keys", "init"]:
        return ["--no-passphrase"]
    if words[0] == "hold":
        return ["--yes"]
    if words[0] == "approve" and "--key" in words:
        read = publish(*words[: words.index("--key")], "--json", cwd=cwd)
        assert read.code == 0, read.err
        return ["--yes", json.loads(read.out)["candidate"]]
    return []
