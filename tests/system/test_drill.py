"""A bad release from its shipping to its fix: four people, three clients, the site and its data, after every step.

The people type what docs/when-something-breaks.md says. The clients are ours, the one in plain JavaScript, and stock
python-tuf, which gives the JavaScript one what it has verified, and fetches the bytes of what is offered.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Targets
from tuf.ngclient import Updater

from publisher.client.answers.decide import UPDATE_EXIT
from publisher.wire.stopping.brakes import BRAKES_FIELD, LIFTED_FIELD
from publisher.wire.stopping.withdrawn import going_back, withdrawn_versions
from tests.support.command import ROOT, Publish, Ran, flat
from tests.support.project import Project
from tests.support.runbook import answers, blocks
from tests.support.serving import served
from tests.support.system import need

pytestmark = pytest.mark.system

PEOPLE = ("ana:engineering", "ben:operations,automation", "dora:operations", "coco:comms")
ROLE, PLATFORM = "node.stable", "linux-amd64"
OLD, BAD, FIX = "1.0.0", "1.1.0", "1.2.0"
MACHINES: Mapping[str, str | None] = {"old": OLD, "bad": BAD, "fresh": None}
"""Machines by what they run; each but the fresh one remembers what it has seen."""

PAGE = blocks("when-something-breaks.md")
SETTINGS = """\
    settings:
      - id: index-cache
        name: Index cache
        how: It is the switch "Index cache" of the storage settings.
        values: ["on", "off"]
"""
DECIDE = """\
import { readFileSync } from "node:fs"
const { decide } = await import(process.argv[1])
console.log(JSON.stringify(decide(JSON.parse(readFileSync(0, "utf8")))))
"""


@dataclass(frozen=True)
class Told:
    """What a machine is told, as all clients have to agree on it."""

    outcome: str
    offers: str | None
    exit_code: int


@dataclass
class Drill:
    """A project whose people have their own keys each, and machines that run different versions."""

    project: Project
    publish: Publish
    address: str
    """Of the bucket on a web server."""

    @classmethod
    def begin(cls, base: Path, publish: Publish, address: str) -> Drill:
        project = Project(base, now=datetime.now(UTC).replace(microsecond=0))
        shutil.rmtree(project.keys)
        (project.config / "root.json").unlink()
        for name in ("roles.yaml", "signers.yaml"):
            shutil.copy(ROOT / "site_config" / name, project.config / name)
        endpoints, products = project.config / "endpoints.yaml", project.config / "products.yaml"
        endpoints.write_text(f"{endpoints.read_text()}storage: {project.bucket.as_uri()}\n")
        products.write_text(products.read_text() + SETTINGS)
        for version in (OLD, BAD, FIX):
            project.add_release(version)
            shutil.move(project.build(version), base / "dist" / version)
        drill = cls(project, publish, address)
        people = [word for person in PEOPLE for word in ("--person", person)]
        drill.type("keys", "init", "--no-passphrase", *people)
        for person in (person.partition(":")[0] for person in PEOPLE):
            drill.give_keys(person)
        return drill

    def give_keys(self, person: str) -> None:
        """Each has a directory of their own, with the keys that are kept online for whoever is on call."""
        own = self.project.base / "people" / person
        own.mkdir(parents=True)
        for key in self.project.keys.iterdir():
            if key.stem.endswith(f"-{person}") or key.stem.startswith(("snapshot-", "timestamp-")):
                shutil.copy(key, own)

    def type(self, *words: str, by: str = "") -> Ran:
        """A command, with the keys of a person if one is named."""
        keys = ("--keys", f"people/{by}") if by else ()
        confirmations = answers(self.publish, list(words), self.project.base)
        ran = self.publish(*words, *keys, *confirmations, cwd=self.project.base)
        assert ran.code == 0, f"{words} by {by}\n{ran.out}\n{ran.err}"
        return ran

    def follow(self, heading: str, by: str) -> str:
        """The lines of the page below a heading; who signs with a key of their own is named there."""
        output = ""
        for line in PAGE[heading]:
            words = shlex.split(line.replace("our-node", "node"))[1:]
            person = words[words.index("--key") + 1].rpartition("-")[2] if "--key" in words else by
            yes = ("--yes",) if words[0] in ("hold", "withdraw", "mitigate") else ()
            output += self.type(*words, *yes, by=person).out
        return flat(output)

    def ours(self, machine: str) -> dict[str, Any]:
        """What our client answers on a machine."""
        current, state = MACHINES[machine], self.project.base / "machines" / machine
        if current is None:
            shutil.rmtree(state, ignore_errors=True)
        words = ["--url", self.address, "--root", str(self.project.config / "root.json"), "--product", "node"]
        words += ["--channel", "stable", "--platform", PLATFORM, "--state", str(state)]
        downloads = self.project.base / "machines" / "downloads"
        asked = ["check", "--current", current, "--exit-code"] if current else ["download", "--to", str(downloads)]
        ran = subprocess.run(
            [sys.executable, "-m", "publisher.client", *asked, *words, "--json"],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        answer: dict[str, Any] = json.loads(ran.stdout)
        assert answer["ok"], answer
        if current is None:  # a new install downloads at once
            answer["exit_code"] = UPDATE_EXIT
        return answer

    def stock(self) -> Updater:
        """Stock python-tuf, which has verified the channel and the brakes just now."""
        place = self.project.base / "stock"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        updater = Updater(
            str(place),
            f"{self.address}/tuf/metadata/",
            target_dir=str(place),
            target_base_url=f"{self.address}/tuf/targets/",
            bootstrap=(self.project.config / "root.json").read_bytes(),
        )
        assert updater.get_targetinfo("brakes/a/a/a") is None
        return updater

    def javascript(self, machine: str, stock: Updater, notice: dict[str, Any] | None) -> dict[str, Any]:
        """What the JavaScript client decides on what stock python-tuf has verified; `notice` is of what it runs."""
        feed = json.loads(self.fetched(stock, f"feed/node/stable/{PLATFORM}.json"))
        place = self.project.base / "stock"
        channel, brakes = (
            Metadata[Targets].from_bytes((place / f"{role}.json").read_bytes()).signed for role in (ROLE, "brakes")
        )
        lifted = channel.unrecognized_fields.get(LIFTED_FIELD, [])
        listed = brakes.unrecognized_fields.get(BRAKES_FIELD, {}).get(ROLE, {})
        going = going_back(channel)
        asked = {
            "feed": feed,
            "brakes": {
                kind: [brake for brake in listed.get(kind, []) if brake["id"] not in lifted]
                for kind in ("holds", "withdrawn")
            },
            "withdrawal": notice,
            "state": {
                "current": MACHINES[machine],
                "platform": PLATFORM,
                "taken_back": {
                    str(version): going[version].state if version in going else "compatible"
                    for version in withdrawn_versions(channel)
                },
            },
            "now": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        words = [str(need("node")), "--input-type=module", "-e", DECIDE, str(ROOT / "tests/vectors/js/decide.mjs")]
        ran = subprocess.run(words, input=json.dumps(asked), capture_output=True, text=True, check=True)
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer

    def fetched(self, stock: Updater, path: str) -> bytes:
        """A target as stock python-tuf downloads it."""
        info = stock.get_targetinfo(path)
        assert info is not None
        return Path(stock.download_target(info, str(self.project.base / "stock" / "target"))).read_bytes()

    def look(self, expected: Mapping[str, Told]) -> dict[str, dict[str, Any]]:
        """All clients agree on what each machine is told, and what is offered is what was built."""
        stock = self.stock()
        answered = {}
        for machine, expectation in expected.items():
            answer = self.ours(machine)
            release = answer["release"]
            assert Told(answer["outcome"], release and release["version"], answer["exit_code"]) == expectation, machine
            other = self.javascript(machine, stock, answer["withdrawal"])
            assert Told(other["outcome"], other["offers"], other["exit_code"]) == expectation, machine
            if release is not None:
                built = self.project.base / "dist" / release["version"] / release["artifact"]["file"]
                assert self.fetched(stock, release["artifact"]["target"]) == built.read_bytes()
            answered[machine] = answer
        self.audit()
        return answered

    def audit(self) -> None:
        """What is published is sound, and status, site and data say the same."""
        self.type("verify", str(self.project.bucket), "--root", "site_config/root.json")
        site = self.project.base / "site"
        shutil.rmtree(site, ignore_errors=True)
        where = ("--to", str(site), "--templates", str(ROOT / "templates"), "--bucket", str(self.project.bucket))
        self.type("render", *where)
        status = json.loads(self.type("status", "--json").out)
        data = json.loads((site / "data/decisions.json").read_text())
        assert data["withdrawn"] == status["withdrawn"]
        in_force = json.loads((site / "data/holds.json").read_text())["now"]
        withdrawn = {entry["version"]: entry["id"] for entry in status["withdrawn"]}
        # Whoever reads that nobody should run a version need not read that it is on hold as well.
        held = {hold["id"] for hold in status["holds"] if hold["version"] not in withdrawn}
        assert {brake["id"] for brake in in_force} == {*withdrawn.values(), *held}

    def page(self, path: str) -> str:
        """A page of the site, as text."""
        return flat((self.project.base / "site" / path).read_text())


@pytest.fixture
def drill(tmp_path: Path, publish: Publish) -> Iterator[Drill]:
    """1.0.0 and then 1.1.0 were shipped by ana and ben, and every machine has looked."""
    base = tmp_path / "project"
    (base / "bucket").mkdir(parents=True)
    with served(base / "bucket") as address:
        shutil.rmtree(base)
        drill = Drill.begin(base, publish, address)
        for version in (OLD, BAD):
            drill.type("release", f"node@{version}", "--channel", "stable", "--artifacts", f"dist/{version}")
        yield drill


def test_r81_four_people_and_three_clients_get_through_a_bad_release(drill: Drill) -> None:
    update = Told("update-available", BAD, 10)
    drill.look({"old": update, "fresh": update, "bad": Told("up-to-date", None, 0)})

    # Dora notices something, and holds it alone.
    assert "publish lift node@1.1.0" in drill.follow("hold", by="dora")
    held = drill.look(
        {
            "old": Told("held", None, 0),
            "bad": Told("up-to-date", None, 0),
            "fresh": Told("update-available", OLD, 10),
        }
    )
    reason = held["old"]["hold"]["because"]
    assert "Some nodes lose their index" in reason
    assert reason in drill.page(f"releases/node/{BAD}.md")

    # She knows which setting helps.
    drill.follow("mitigate", by="dora")
    mitigated = drill.look({"bad": Told("up-to-date", None, 0), "old": Told("held", None, 0)})
    (advice,) = mitigated["bad"]["mitigations"]
    assert (advice["setting"]["id"], advice["value"]) == ("index-cache", "off")
    assert mitigated["old"]["mitigations"] == []

    # It is worse than thought: nobody should run it, and whoever does keeps it running.
    drill.follow("withdraw", by="dora")
    drill.look(
        {
            "old": Told("up-to-date", None, 0),
            "bad": Told("withdrawn", None, 12),
            "fresh": Told("update-available", OLD, 10),
        }
    )
    assert (drill.project.bucket / f"releases/node/{BAD}/WITHDRAWN.txt").exists()

    # It is taken back.
    drill.follow("back", by="dora")
    drill.look(
        {
            "old": Told("up-to-date", None, 0),
            "bad": Told("withdrawn", OLD, 12),
            "fresh": Told("update-available", OLD, 10),
        }
    )

    # Ana and ben ship the fix; coco has no say in that.
    drill.follow("fix", by="ben")
    drill.look(
        {
            "old": Told("update-available", FIX, 10),
            "bad": Told("withdrawn", FIX, 12),
            "fresh": Told("update-available", FIX, 10),
        }
    )

    # What was stopped is let go; what was taken back does not come back by itself.
    drill.follow("lift", by="ben")
    drill.look(
        {
            "old": Told("update-available", FIX, 10),
            "bad": Told("update-available", FIX, 10),
            "fresh": Told("update-available", FIX, 10),
        }
    )
