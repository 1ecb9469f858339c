"""Entries of ledgers: made up, and those of a test project."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from publisher.model.records.decision import Outcome
from publisher.model.records.ledger_entry import Entry, LedgerAction, LedgerEntryBody, Stamp
from publisher.pipeline.ledger_append import read_ledger, verify_ledger
from publisher.storage.protocol import Storage
from tests.support.project import Project

BEGUN = datetime(2026, 11, 20, 12, tzinfo=UTC)


def stamp(number: int) -> Stamp:
    """A timestamp of that number."""
    return Stamp(version=number, sha256=hashlib.sha256(str(number).encode()).hexdigest())


def flip(
    number: int, action: LedgerAction, version: str | None = None, channel: str = "stable", **fields: object
) -> Entry:
    """Entry `number`, which made timestamp `number` live in the place of the one before it, an hour after that."""
    about = {"product": "node", "version": version, "channel": channel} if version else {}
    if action in (LedgerAction.RELEASE, LedgerAction.PROMOTE):
        verdict = {"at": BEGUN, "outcome": Outcome.PASS, "verdicts": (), "policy_version": 1, "policy_digest": "a" * 64}
        fields = {"candidate": "c" * 64, "decision": {**about, **verdict}, **fields}
    return Entry.model_validate(
        {
            "number": number,
            "previous": None,
            "at": BEGUN + timedelta(hours=number),
            "public": None,
            "action": action,
            "policy_version": 1,
            "policy_digest": "a" * 64,
            "base": stamp(number - 1) if number > 1 else None,
            "result": stamp(number),
            **about,
            **fields,
        }
    )


def entries(project: Project, storage: Storage | None = None) -> list[Entry]:
    """What the ledger of a project holds, as far as it can be read."""
    return [logged.entry for logged in read_ledger(storage or project.storage()).logged if logged.entry is not None]


def problems(project: Project, storage: Storage | None = None) -> list[str]:
    """What an auditor finds in the ledger of a project."""
    _, checked = verify_ledger(storage or project.storage(), project.root, project.catalog.signers)
    return [f"{finding.where} {finding.what}" for finding in checked.findings]


def routine(project: Project, number: int) -> LedgerEntryBody:
    """What a refresh would tell that made this timestamp."""
    return LedgerEntryBody.routine(LedgerAction.REFRESH, project.catalog.policy).model_copy(
        update={"roles": {"timestamp": number}}
    )
