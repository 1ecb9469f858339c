"""The report of an audit as `publish verify --json` prints it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.errors import InputError, RefusedByPolicy
from publisher.evidence.audit import AuditFacts, read_audit
from publisher.evidence.bundle import EvidenceBundle, EvidenceFile
from tests.support.approving import promote, refused, stage
from tests.support.build import at
from tests.support.command import publish_here
from tests.support.planting import offered
from tests.support.project import Project

REPORT: dict[str, Any] = {
    "ok": True,
    "at": "2026-11-20T12:00:00Z",
    "place": "/srv/bucket",
    "address": "file:///srv/bucket",
    "signatures": 12,
    "objects": 34,
    "findings": [
        {"level": "note", "what": "the role brakes has not been used yet", "where": ""},
        {"level": "warning", "what": "is signed but not live", "where": "tuf/metadata/9.node.stable.json"},
    ],
}
REFUTED = {"level": "error", "what": "does not have the bytes that were signed", "where": "tuf/targets/a"}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with keys and no release."""
    return Project(tmp_path / "project")


def read(**fields: Any) -> AuditFacts:
    return read_audit(json.dumps(REPORT | fields).encode(), "audit.json")


def test_a_sound_report() -> None:
    facts = read()
    assert (facts.made_at, facts.errors) == (at("2026-11-20 12:00"), ())
    assert facts.places == ("/srv/bucket", "file:///srv/bucket")
    assert (facts.subjects, facts.signer) == ((), None)


def test_what_refutes_is_told_with_its_place_and_nothing_hidden() -> None:
    planted = REFUTED | {"where": "tuf/targets/\x1b[2J", "what": "is \u202egnorw"}
    facts = read(ok=False, findings=[*REPORT["findings"], REFUTED, planted])
    assert facts.errors == (
        "tuf/targets/a does not have the bytes that were signed",
        r"tuf/targets/\x1b[2J is \u202egnorw",
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ok": True, "findings": [REFUTED]}, "ok does not fit what was found"),
        ({"ok": False}, "ok does not fit what was found"),
        ({"at": "yesterday"}, "at: "),
        ({"at": None}, "at: "),
        ({"findings": [REFUTED | {"level": "fatal"}]}, "findings.0.level: "),
        ({"findings": "none"}, "findings: "),
        ({"objects": -1}, "objects: "),
        ({"more": 1}, "more: "),
    ],
)
def test_what_is_no_report_or_contradicts_itself_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(**fields)


def test_a_report_of_an_earlier_version_which_has_no_date_is_refused() -> None:
    undated = {name: value for name, value in REPORT.items() if name not in ("at", "place", "address")}
    with pytest.raises(InputError, match=r"audit\.json: at: field required"):
        read_audit(json.dumps(undated).encode(), "audit.json")


def test_an_audit_travels_with_the_candidate_and_does_not_outlive_its_day(project: Project) -> None:
    project.publish("1.0.0")
    endpoints = project.config / "endpoints.yaml"
    endpoints.write_text(f"{endpoints.read_text()}storage: {project.bucket.as_uri()}\n")
    project.forget()
    report = json.dumps(REPORT | {"address": project.bucket.as_uri()}).encode()
    stage(project, "1.1.0", evidence=EvidenceBundle.of([EvidenceFile("audit", "audit.json", report)]))
    project.approve("1.1.0")
    staged_at = project.now
    project.now = staged_at + timedelta(days=1)
    refused(project, RefusedByPolicy, "an audit counts for 1 day")
    project.now = staged_at + timedelta(days=1, seconds=-1)
    promote(project)
    assert offered(project) == "1.1.0"


@pytest.mark.parametrize("damaged", [False, True])
def test_the_report_that_the_command_prints_is_read(project: Project, damaged: bool) -> None:
    project.publish("1.0.0")
    if damaged:
        (project.bucket / "releases/node/1.0.0/SHA256SUMS").unlink()
    ran = publish_here("verify", "bucket", "--root", "site_config/root.json", "--json", cwd=project.base)
    facts = read_audit(ran.out.encode(), "audit.json")
    report = json.loads(ran.out)
    assert facts.places == ("bucket", project.bucket.as_uri())
    assert len(facts.errors) == sum(finding["level"] == "error" for finding in report["findings"])
    assert any("SHA256SUMS" in error for error in facts.errors) == damaged


def test_an_audit_that_verified_nothing_is_refused() -> None:
    with pytest.raises(InputError, match="no signature was verified"):
        read(signatures=0)
