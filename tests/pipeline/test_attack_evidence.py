"""What a hostile file of evidence, and a thief of one key beside it, cannot do."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.metadata import Metadata, Targets

from publisher.channel.candidates.evidence import evidence_objects
from publisher.channel.layout import ledger_key, staging_pointer_key
from publisher.channel.ledger.entries import PAYLOAD_TYPE
from publisher.channel.roles import BASIS_FIELD
from publisher.cli.output.verdicts import verdict_lines
from publisher.errors import InputError, StorageConflict, VerificationError
from publisher.evidence import bundle as bundles
from publisher.evidence.bundle import EvidenceBundle, EvidenceFile
from publisher.model.records.decision import Outcome, Verdict
from publisher.pipeline.ledger_append import read_ledger, verify_ledger
from publisher.pipeline.operate.recover import survey_bucket
from publisher.pipeline.operate.refresh import plan_refresh
from publisher.pipeline.operate.status import read_status
from publisher.pipeline.release.stage import Supersede
from publisher.signing.envelope import seal
from tests.support.approving import ROLE, promote, stage
from tests.support.exchanging import people_files, stage_as_thief
from tests.support.planting import offered, plant, point, put
from tests.support.project import Project

CHANGES = EvidenceBundle.of([EvidenceFile("changes", "changed.txt", b"doc/start.md\n")])


def audit_dated(moment: str, **fields: Any) -> bytes:
    place = "https://dl.btfs.test"
    report = {"ok": True, "at": moment, "place": place, "address": place, "signatures": 1, "objects": 1, "findings": []}
    return json.dumps(report | fields).encode()


COMMANDS: dict[str, Callable[[Project], object]] = {
    "approve": lambda project: project.review("1.1.0"),
    "promote": promote,
    "stage": lambda project: stage(project, "1.1.0", Supersede.ANY),
    "status": lambda project: read_status(project.look(), project.catalog, project.now),
    "refresh": lambda project: plan_refresh(project.look(), project.catalog, project.key_ring(), project.now),
    "log": lambda project: verify_ledger(project.storage(), project.root, project.catalog.signers),
    "recover": lambda project: survey_bucket(project.storage(), project.root, project.catalog.signers),
}


@pytest.mark.parametrize("key", ["timestamp-ben", "channels-ana", "notes-coco"])
@pytest.mark.parametrize("command", COMMANDS)
def test_an_entry_that_leaves_its_decision_out_ends_no_command(staged: Project, command: str, key: str) -> None:
    """Any key may sign an entry; nobody may delete one, so whatever it broke would stay broken."""
    staged.approve("1.1.0")
    last = read_ledger(staged.storage()).logged[-1]
    payload = {
        "format": "tidegate-ledger/1",
        "number": last.number + 1,
        "previous": last.head.sha256,
        "at": "2026-11-20T12:00:00Z",
        "action": "refresh",
        "policy_version": None,
        "policy_digest": None,
        "public": None,
    }
    put(staged, ledger_key(last.number + 1), seal(json.dumps(payload).encode(), PAYLOAD_TYPE, staged.key(key)))
    try:
        COMMANDS[command](staged)
    except StorageConflict as error:  # an entry by a key that may not sign it may have said that it was replaced
        assert "may have recorded that the candidate was replaced" in error.what


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("changes", b"src/dht/" + b"\x01" * 1_000_000),
        ("changes", json.dumps({"paths": ["x" * 2_000_000]}).encode()),
        (
            "changes",
            json.dumps({"versions": [{"name": "x" * 2000, "before": "1", "after": "2"}], "paths": []}).encode(),
        ),
        ("audit", audit_dated("2026-11-20T12:00:00Z", place="x" * 2_000_000)),
        (
            "audit",
            audit_dated(
                "2026-11-20T12:00:00Z", ok=False, findings=[{"level": "error", "what": "\x80" * 5000, "where": ""}]
            ),
        ),
    ],
)
def test_no_file_says_more_than_an_entry_of_the_ledger_can_hold(kind: str, data: bytes) -> None:
    with pytest.raises(InputError, match="1000 characters"):
        EvidenceBundle.of([EvidenceFile(kind, "a", data)])


def test_nothing_is_parsed_that_was_not_staged(staged: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    stage(staged, "1.1.0", Supersede.ANY, evidence=CHANGES)
    planted = EvidenceBundle.of([EvidenceFile("changes", "planted.txt", b"planted\n")])
    for key, data in evidence_objects(staged.staged().candidate, planted).items():
        put(staged, key, data)
    parsed: list[str] = []
    monkeypatch.setattr(bundles.EvidenceItem, "of", lambda file: parsed.append(file.name))
    with pytest.raises(VerificationError, match="is not what was staged"):
        staged.review("1.1.0")
    assert parsed == []


def test_a_candidate_of_the_future_makes_no_audit_of_the_future_good(staged: Project) -> None:
    moment = f"{staged.now + timedelta(days=300):%Y-%m-%dT%H:%M:%SZ}"
    audited = EvidenceBundle.of([EvidenceFile("audit", "audit.json", audit_dated(moment))])
    honest = staged.staged().candidate
    metadata: Metadata[Targets] = honest.with_signatures(())
    metadata.signed.unrecognized_fields[BASIS_FIELD] |= {"at": moment, "evidence": audited.digest}
    metadata.signed.version += 1
    files = people_files(staged.storage(), ROLE, honest.digest)
    stage_as_thief(staged.storage(), ROLE, metadata, files, staged.key("channels-ana"), staged.root, staged.now)
    for key, data in evidence_objects(staged.staged().candidate, audited).items():
        put(staged, key, data)
    with pytest.raises(StorageConflict, match="which is in the future"):
        staged.review("1.1.0")
    assert offered(staged) == "1.0.0"


@pytest.mark.parametrize("inside", [False, True])
def test_a_payload_in_other_bytes_is_no_candidate(staged: Project, inside: bool) -> None:
    """Its rollback metadata would be stored where nobody looks for it, so that the release could not be taken back."""
    assert (staged.bucket / staging_pointer_key(ROLE)).exists()
    value = json.loads(staged.staged().candidate.payload)
    if inside:
        value["signatures"] = [{"keyid": "a" * 64, "sig": "00" * 64}]
    point(staged, plant(staged, json.dumps(value, indent=None if inside else 3).encode()))
    with pytest.raises(VerificationError, match="has a payload that this program does not write"):
        staged.review("1.1.0")
    assert offered(staged) == "1.0.0"


def test_a_terminal_shows_what_controls_it_written_out() -> None:
    verdict = Verdict(rule="changes.class", outcome=Outcome.BLOCKED, reason="It changed src/\x1b[2J\x1b[Hnode.c.")
    assert "src/\\x1b[2J\\x1b[Hnode.c" in "\n".join(verdict_lines(verdict, 80))
