"""Releases that are staged, approved and promoted in a test project, and what is near while that happens."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from publisher.errors import TidegateError
from publisher.evidence.bundle import EvidenceBundle
from publisher.pipeline.release.promote import PromoteRequest, apply_promote, plan_promote
from publisher.pipeline.release.stage import Supersede, apply_stage, plan_stage
from publisher.storage.protocol import Storage
from tests.support.project import Project, tree

ROLE = "node.stable"
NO_EVIDENCE = EvidenceBundle()


def stage(
    project: Project,
    version: str,
    supersede: Supersede = Supersede.NOTHING,
    evidence: EvidenceBundle = NO_EVIDENCE,
) -> None:
    if evidence is NO_EVIDENCE:
        project.step(("stage", version, supersede), lambda: _stage(project, version, supersede, evidence))
    else:
        _stage(project, version, supersede, evidence)


def _stage(project: Project, version: str, supersede: Supersede, evidence: EvidenceBundle) -> None:
    if project.catalog.find("node", version) is None:
        project.add_release(version)
    request = replace(project.request(version), evidence=evidence)
    plan = plan_stage(request, project.catalog, project.look(), project.key_ring(), project.now, supersede)
    apply_stage(plan, project.storage())


def promote(project: Project, storage: Storage | None = None) -> None:
    request, where = PromoteRequest("node", "stable"), storage or project.storage()
    plan = plan_promote(
        request, project.staged(storage=where), project.catalog, project.look(where), project.key_ring(), project.now
    )
    apply_promote(plan, project.catalog, where, lambda: project.now)


def refused(project: Project, error: type[TidegateError], words: str) -> None:
    before = tree(project.bucket)
    with pytest.raises(error, match=words):
        promote(project)
    assert tree(project.bucket) == before


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def make_operator(project: Project, name: str, person: str) -> None:
    """Give a signer the duty operations, and another person."""
    path = project.config / "signers.yaml"
    path.write_text(re.sub(rf"(- name: {name}\n)(  .*\n)+", lambda found: changed(found[0], person), path.read_text()))
    project.forget()


def changed(entry: str, person: str) -> str:
    return re.sub(r"duty: \w+", "duty: operations", re.sub(r"person: \w+", f"person: {person}", entry))


def near_an_event(project: Project) -> None:
    """A conference in three days, whose soft freeze lets patches through that have to ship."""
    policy = project.content / "policy.yaml"
    edit(policy, "  base:\n", "  base:\n    - {events: [conference], band: {soft_before: 5 d}, because: conference}\n")
    (project.content / "events/summit.yaml").write_text(SUMMIT)
    (project.content / "calendar.yaml").write_text(CALENDAR)
    (project.config / "staffing.yaml").write_text(STAFFING)
    for version in ("1.0.0", "1.1.0"):
        path = project.content / f"releases/node/{version}.yaml"
        if path.exists() and "necessity" not in path.read_text():
            edit(path, "sentence:", ESSENTIAL + "sentence:")
    project.forget()


ESSENTIAL = """\
necessity: essential
fix_confidence: high
risks:
  - {risk: outage, none_because: one file}
  - {risk: security, none_because: one file}
  - {risk: trust, none_because: one file}
"""
CALENDAR = """\
quarter: 2026-Q4
reviewed_at: 2026-11-19T12:00:00Z
reviewed_by: Ana
"""
STAFFING = "shifts:\n" + "".join(
    f'  - {{duty: {duty}, people: [Ana], zone: Etc/UTC, days: [{days}], start: "{start}", end: "{end}"}}\n'
    for duty in ("on-call", "comms", "support")
    for days in ("mon, tue, wed, thu, fri, sat, sun",)
    for start, end in (("00:00", "12:00"), ("12:00", "00:00"))
)
SUMMIT = """\
id: summit
title: Storage Summit
type: conference
ecosystem: btt
starts: 2026-11-23T12:00:00Z
ends: 2026-11-24T12:00:00Z
severity: {score: 1, because: few users}
lead_time: {score: 5, because: known for long}
impact: {client_load: 0, node_churn: 0, support_traffic: 0, compatibility_risk: 0}
summary: A summit.
"""
