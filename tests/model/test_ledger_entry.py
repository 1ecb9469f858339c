"""Entries of the ledger: which fields belong to each action."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from publisher.model.records.decision import Decision, Outcome
from publisher.model.records.ledger_entry import Entry, LedgerAction, LedgerEntryBody, Stamp
from publisher.wire.version import Version

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
POLICY = {"policy_version": 3, "policy_digest": "b" * 64}
RELEASE = {"product": "node", "version": "1.0.0", "channel": "stable"}
STAMP = Stamp(version=9, sha256="a" * 64)
FLIP = {"base": STAMP, "result": STAMP, "roles": {"timestamp": 9}}
MITIGATED = {"product": "node", "mitigation": "f" * 64}
CANDIDATE = {"candidate": "c" * 64}
DECISION = Decision.model_validate({**RELEASE, **POLICY, "at": NOW, "outcome": Outcome.PASS, "verdicts": ()})
DECIDED = {**RELEASE, "decision": DECISION}

POSSIBLE: dict[str, dict[str, Any]] = {
    "a release is staged": {"action": LedgerAction.STAGE, **DECIDED, **CANDIDATE, "staged_over": "d" * 64},
    "a release was staged by an early version": {"action": LedgerAction.STAGE, **DECIDED, **CANDIDATE},
    "a role is staged": {"action": LedgerAction.STAGE, **CANDIDATE, "roles": {"root": 2}},
    "a staging is refused": {"action": LedgerAction.STAGE, **DECIDED, "refused": True, "visibility": "internal"},
    "promoted": {"action": LedgerAction.PROMOTE, **DECIDED, **CANDIDATE, **FLIP, "approved_by": ("Ana",)},
    "released": {"action": LedgerAction.RELEASE, **DECIDED, **CANDIDATE, **FLIP, "visibility": "internal"},
    "rolled back": {"action": LedgerAction.ROLLBACK, **RELEASE, **FLIP},
    "refreshed": {"action": LedgerAction.REFRESH, **FLIP},
    "keys": {"action": LedgerAction.KEYS, **FLIP},
    "only a root": {"action": LedgerAction.KEYS, "base": STAMP, "roles": {"root": 2}},
    "recovered": {"action": LedgerAction.RECOVER, **FLIP, "restored": 4, "distrusted": {"snapshot": ("e" * 64,)}},
    "adopted": {"action": LedgerAction.RECOVER, **FLIP},
    "site": {"action": LedgerAction.SIGN_SITE, **FLIP},
    "held": {"action": LedgerAction.HOLD, **RELEASE, **FLIP, "brake": "f" * 64},
    "withdrawn": {"action": LedgerAction.WITHDRAW, **RELEASE, **FLIP, "brake": "f" * 64},
    "mitigated": {"action": LedgerAction.MITIGATE, **FLIP, **MITIGATED},
    "mitigation ended": {"action": LedgerAction.END_MITIGATION, **FLIP, **MITIGATED},
    "rejected": {"action": LedgerAction.REJECT, **RELEASE, **FLIP, "candidate": "c" * 64},
    "rejected with a reason": {"action": LedgerAction.REJECT, **RELEASE, **FLIP, **CANDIDATE, "because": "It stops."},
}

EXTRA: list[tuple[str, dict[str, Any]]] = [
    ("a release is staged", {"result": STAMP}),
    ("a release is staged", {"approved_by": ("Ana",)}),
    ("a release is staged", {"refused": True}),
    ("a role is staged", {"result": STAMP}),
    ("a role is staged", RELEASE),
    ("a staging is refused", {"result": STAMP}),
    ("promoted", {"refused": True}),
    ("promoted", {"restored": 4}),
    ("released", {"staged_over": "d" * 64}),
    ("held", {"candidate": "c" * 64}),
    ("rejected", {"brake": "f" * 64}),
    ("held", {"because": "It stops."}),
    ("promoted", {"brake": "f" * 64}),
    ("rolled back", {"decision": DECISION}),
    ("refreshed", RELEASE),
    ("refreshed", {"visibility": "internal"}),
    ("keys", RELEASE),
    ("keys", CANDIDATE),
    ("recovered", RELEASE),
    ("recovered", {"approved_by": ("Ana",)}),
    ("site", {"distrusted": {"snapshot": ("e" * 64,)}}),
]

MISSING = [
    ("a release is staged", "version"),
    ("a release is staged", "decision"),
    ("a release is staged", "candidate"),
    ("a role is staged", "candidate"),
    ("a staging is refused", "decision"),
    ("promoted", "product"),
    ("promoted", "candidate"),
    ("released", "decision"),
    ("rolled back", "channel"),
]


def made(name: str, **changes: Any) -> LedgerEntryBody:
    return LedgerEntryBody(**{**POLICY, **POSSIBLE[name], **changes})


@pytest.mark.parametrize("name", POSSIBLE)
def test_an_entry_has_the_fields_of_its_action(name: str) -> None:
    body = made(name)
    entry = Entry(**dict(body), number=7, previous=None, at=NOW, public=None)
    assert Entry.model_validate_json(entry.model_dump_json()) == entry
    about_a_release = "channel" in POSSIBLE[name]
    assert body.release == (("node.stable", Version.parse("1.0.0")) if about_a_release else None)
    assert body.channel_role == ("node.stable" if about_a_release else None)


@pytest.mark.parametrize(("name", "extra"), EXTRA)
def test_a_field_of_another_action_makes_it_no_entry(name: str, extra: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="does not fit the action"):
        made(name, **extra)
    with pytest.raises(ValidationError, match="does not fit the action"):
        made(name).model_copy(update=extra)
    entry = Entry(**dict(made(name)), number=7, previous=None, at=NOW, public=None).model_dump(mode="json")
    changes = json.loads(json.dumps(extra, default=lambda value: value.model_dump(mode="json")))
    with pytest.raises(ValidationError, match="does not fit the action"):
        Entry.model_validate_json(json.dumps({**entry, **changes}))


@pytest.mark.parametrize(("name", "missing"), MISSING)
def test_a_missing_field_makes_it_no_entry(name: str, missing: str) -> None:
    with pytest.raises(ValidationError, match="does not fit the action"):
        made(name, **{missing: None})


@pytest.mark.parametrize("action", LedgerAction)
def test_there_is_a_form_for_each_action(action: LedgerAction) -> None:
    assert action in {body["action"] for body in POSSIBLE.values()}
