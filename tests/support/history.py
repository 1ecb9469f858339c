"""A small history as others write it down, with the fields that the mapping of this repository names."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from publisher.content.load import load_item
from publisher.model.history.mapping import Mapping

ROOT = Path(__file__).parents[2]
DATA = ROOT.parent / "shared/data"
"""Where the whole history lies, on machines that have it."""

Row = dict[str, Any]

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.sampled_from(
        ["2021-06-15", "2021-06", "14:30", "mainnet-upgrade", "happened", "minute", "month", "start", "9999-12-31"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["field", "other"]), inner),
    max_leaves=6,
)  # fmt: skip
"""What a foreign field may hold."""


@cache
def mapping() -> Mapping:
    """site_config/history.yaml of this repository."""
    return load_item(ROOT / "site_config/history.yaml", Mapping).value


def event(start: str, end: str | None = None, /, **fields: Any) -> Row:
    """A main network upgrade of severity 4 that nobody needed to announce, unless told otherwise."""
    known: Row = {
        "id": f"upgrade-{start}",
        "title": "A network upgrade",
        "type": "mainnet-upgrade",
        "ecosystem": "tron",
        "start": start,
        "end": end or start,
        "time_utc": None,
        "precision": "day",
        "status": "happened",
        "announced": "2019-01-01",
        "severity": 4,
        "lead_time": 5,
    }
    return known | fields


def release(date: str | None, version: str = "1.0.0", /, **fields: Any) -> Row:
    """A feature of a desktop client, unless told otherwise."""
    known: Row = {
        "id": f"client-{version}",
        "project": "client",
        "product_class": "desktop client",
        "version": version,
        "date": date,
        "touches": {"storage": False, "rpc": False},
        "bump": "minor",
        "security_fix": False,
    }
    return known | fields


EVENTS = [
    event("2021-06-15", title="Upgrade to Kant", announced="2021-06-01"),
    event("2021-09-01", "2021-09-03", id="summit", type="conference", severity=2, lead_time=None),
    event("2021-06-10", id="node-4-1", type="node-release"),
    event("2021-06-11", id="theft", type="incident"),
    event("2021-08-01", id="hoped-for", status="proposed"),
]
RELEASES = [
    release("2021-05-31", "1.0.0"),
    release("2021-06-12", "1.1.0"),
    release("2021-06-14", "1.1.1", bump="patch", security_fix=True),
    release("2021-06-14", "1.0.1", bump="patch", id="client-old"),
    release("2021-07-20", "1.2.0rc1"),
    release("2021-09-02", "1.2.0", touches={"storage": True}),
    release("2021-06-13", "0.5.0", id="node-0.5.0", project="node", product_class="node daemon"),
    release(None, "0.1.0", id="client-0.1.0"),
]
"""A dozen rows and one with most of what history brings along."""


def write(directory: Path, events: Any = None, releases: Any = None) -> tuple[str, str, str, str]:
    """Write both files; gives the options that name them."""
    for name, rows in (("events", EVENTS if events is None else events), ("releases", releases or RELEASES)):
        (directory / f"{name}.json").write_text(json.dumps({"count": 0, name: rows}), encoding="utf-8")
    return "--events", str(directory / "events.json"), "--releases", str(directory / "releases.json")
