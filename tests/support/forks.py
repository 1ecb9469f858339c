"""A project whose products are clients of a network that forks, and a schedule of forks with a mapping for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from publisher.content.load import load_catalog
from publisher.model.content.event import Event
from tests.support.command import Publish, Ran

EVENTS = ("import", "events", "--from", "forks.json", "--mapping", "forks.yaml")
CLIENTS = ("grandine", "lighthouse", "lodestar", "nimbus", "prysm", "teku")
NOW = "2025-11-20T12:00:00Z"

PRODUCT = """\
  - id: {name}
    name: {title}
    summary: A consensus client.
    client_type: daemon
    plane: data
    platforms: [linux-amd64]
    channels: [{channels}]
    blast_radius: 5
    event_sensitivity: 5
"""
FILES = {
    "site_config/channels.yaml": """\
channels:
  - {id: stable, name: Stable, summary: For everybody.}
  - {id: testnet, name: Test networks, summary: For test networks., prereleases: true}
""",
    "site_config/endpoints.yaml": """\
site: https://updates.example.org
downloads: [https://dl.example.org]
""",
    "site_config/roles.yaml": """\
roles:
  root: {threshold: 1, expires: 365 d}
  targets: {threshold: 1, expires: 365 d}
  channels: {threshold: 1, expires: 365 d}
  snapshot: {threshold: 1, expires: 7 d}
  timestamp: {threshold: 1, expires: 48 h}
""",
    "site_config/signers.yaml": "signers: []\n",
    "content/policy.yaml": """\
version: 1
effective: 2025-01-01T00:00:00Z
profile: team
summary: Releases keep clear of forks.
freeze:
  soft_allows: [docs, patch, security]
  base:
    - events: [mainnet-upgrade]
      band: {hard_before: 7 d, hard_after: 3 d}
      because: main network upgrade
    - events: [testnet-upgrade, conference]
      band: {hard_before: 2 d}
      because: test network upgrade
requirements:
  events: [mainnet-upgrade, testnet-upgrade]
  runways: [{length: 14 d, because: nodes on main networks, events: [mainnet-upgrade]}]
""",
    "content/sample.yaml": f"reference_time: {NOW}\nnotice: A project of tests.\n",
    "forks.yaml": """\
schedule: forks
rows: requirements
id: "{network}-{fork}"
title: "{fork} on {network}"
ecosystem: ethereum
summary: The {fork} upgrade activates on {network}.
source: https://example.org/forks/{network}/{fork}
starts: activation
height: {kind: epoch, field: epoch, chain: "{network}"}
left_out:
  - {status: proposed}
cancelled:
  - {status: cancelled}
types:
  - when: {network: mainnet}
    type: mainnet-upgrade
    lasts: 6 h
    severity: {score: 5, because: Nodes that were not updated leave the network.}
    lead_time: {score: 4, because: "Announced a month ahead, or more."}
    impact: {client_load: 1, node_churn: 2, support_traffic: 2, compatibility_risk: 3}
  - when: {layer: consensus}
    type: testnet-upgrade
    lasts: 2 h
    impact: {client_load: 0, node_churn: 1, support_traffic: 1, compatibility_risk: 2}
requirements:
  field: min_versions
  channels:
    - {when: {network: mainnet}, channel: stable, audiences: [hosts]}
    - {channel: testnet}
""",
}


def row(network: Any = "mainnet", fork: Any = "fulu", **fields: Any) -> dict[str, Any]:
    """A fork on 3 December 2025 that two clients survive, unless told otherwise."""
    known: dict[str, Any] = {
        "network": network,
        "fork": fork,
        "layer": "consensus",
        "epoch": 411392,
        "activation": "2025-12-03T21:49:11Z",
        "min_versions": {"lighthouse": "8.0.0", "teku": "25.11.0"},
    }
    return known | fields


@dataclass
class Forks:
    """The project's directory; tests change its files as they like."""

    base: Path

    @classmethod
    def made(cls, base: Path) -> Forks:
        for name, text in FILES.items():
            (base / name).parent.mkdir(parents=True, exist_ok=True)
            (base / name).write_text(text)
        products = (PRODUCT.format(name=name, title=name.title(), channels="stable, testnet") for name in CLIENTS)
        (base / "site_config/products.yaml").write_text(f"products:\n{''.join(products)}")
        return cls(base)

    def write(self, *rows: Any) -> None:
        """The schedule."""
        (self.base / "forks.json").write_text(json.dumps({"note": "facts only", "requirements": rows}))

    def event(self, ident: str) -> Path:
        return self.base / "content/events" / f"{ident}.yaml"

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that a file has once."""
        text = (self.base / name).read_text()
        assert text.count(old) == 1, text
        (self.base / name).write_text(text.replace(old, new))

    def files(self) -> dict[str, bytes]:
        """All content, to see that nothing was written."""
        return {
            path.relative_to(self.base).as_posix(): path.read_bytes()
            for path in sorted((self.base / "content").rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def forks(tmp_path: Path) -> Forks:
    return Forks.made(tmp_path / "project")


def run(publish: Publish, forks: Forks, *more: str) -> Ran:
    return publish(*EVENTS, *more, cwd=forks.base)


def answer(publish: Publish, forks: Forks, *more: str) -> dict[str, Any]:
    ran = run(publish, forks, "--json", *more)
    assert ran.code == 0, ran.err + ran.out
    value: dict[str, Any] = json.loads(ran.out)
    return value


def reported(value: dict[str, Any]) -> list[tuple[int, str, bool]]:
    return [(remark["row"], remark["reason"], remark["left_out"]) for remark in value["reported"]]


def imported(publish: Publish, forks: Forks, *rows: Any) -> None:
    forks.write(*rows)
    ran = run(publish, forks)
    assert ran.code == 0, ran.err + ran.out


def event(forks: Forks, ident: str) -> Event:
    catalog = load_catalog([forks.base / "content"], forks.base / "site_config")
    found = catalog.event(ident)
    assert found is not None
    return found
