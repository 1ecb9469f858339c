"""Mitigations in a test's own project."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from publisher.pipeline.notes.mitigate import MitigationOrder, MitigationPlan, mitigate
from publisher.storage.protocol import Storage
from publisher.wire.advice.version_range import VersionRange
from publisher.wire.version import Version
from tests.support.project import Project

REASON = "Nodes with more than 2 TB lose their index after a restart."

_SETTINGS = """\
    settings:
      - {id: auto-sync, name: storage.auto_sync, how: In config.toml., values: ["on", "off"]}
      - {id: max-peers, name: network.max_peers, how: On the page Network., lowest: 8, highest: 512}
"""


def with_settings(project: Project) -> Project:
    """The project, whose node has two settings from now on."""
    path = project.config / "products.yaml"
    path.write_text(path.read_text() + _SETTINGS)
    project.forget()
    return project


def ordered(project: Project, **changes: Any) -> MitigationOrder:
    """Turn auto-sync off from 1.1.0 on, for two weeks; `versions` and `fixed_in` as text."""
    given = {
        "versions": "1.1.0..",
        "platforms": (),
        "setting": "auto-sync",
        "value": "off",
        "because": REASON,
        "until": project.now + timedelta(days=14),
        "fixed_in": "1.1.1",
        **changes,
    }
    fixed = given.pop("fixed_in")
    return MitigationOrder(
        product="node",
        versions=VersionRange.parse(given.pop("versions")),
        fixed_in=None if fixed is None else Version.parse(fixed),
        **given,
    )


def advise(project: Project, storage: Storage | None = None, **changes: Any) -> MitigationPlan:
    """Tell users at the project's time."""
    order, where = ordered(project, **changes), storage or project.storage()
    return mitigate(order, project.catalog, where, project.root, project.key_ring(), lambda: project.now)[0]
