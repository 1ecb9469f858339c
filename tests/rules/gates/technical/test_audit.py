"""An audit that was given: sound, of our bucket and of today, or nothing is published on it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from publisher.errors import InputError
from publisher.evidence.audit import AuditFacts, read_audit
from publisher.model.config.endpoint import Endpoints
from publisher.model.config.role import Duty
from publisher.model.content.risk_register import Approver, Override
from publisher.model.records.decision import Decision, Outcome, Verdict
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.gate import Overridable
from publisher.rules.engine.question import Question
from publisher.rules.evaluate import evaluate
from publisher.rules.gates.technical.audit import GATE
from tests.support import build
from tests.support.build import at
from tests.support.gates import changes_only_at_boundaries

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
NOW = at("2026-01-02 12:00")
STORAGE, DOWNLOADS = "file:///srv/bucket", "https://dl.btfs.test"
RELEASE = build.release("4.2.0", "patch")
CATALOG = replace(
    build.catalog([], [RELEASE]),
    endpoints=Endpoints(site="https://btfs.test", downloads=(DOWNLOADS,), storage=STORAGE),
)
SECRET = "tuf/targets/secret does not have the bytes that were signed"


def audit(age: timedelta = HOUR, place: str = STORAGE, *errors: str) -> AuditFacts:
    return AuditFacts(made_at=NOW - age, places=("bucket", place), errors=errors)


def question(*audits: AuditFacts, now: datetime = NOW, given_at: datetime | None = NOW) -> Question:
    return Question(CATALOG, RELEASE, "stable", Evidence(facts=audits, given_at=given_at), now)


def ask(*audits: AuditFacts, now: datetime = NOW, given_at: datetime | None = NOW) -> Verdict:
    return GATE.verdict(question(*audits, now=now, given_at=given_at))


def decide(*audits: AuditFacts, now: datetime = NOW) -> Decision:
    return evaluate(CATALOG, RELEASE, "stable", now, Evidence(facts=audits, given_at=NOW))


@pytest.mark.parametrize(
    ("audits", "outcome"),
    [
        ((), Outcome.NOT_APPLICABLE),
        ((audit(),), Outcome.PASS),
        ((audit(timedelta(0)),), Outcome.PASS),
        ((audit(place=DOWNLOADS + "/"),), Outcome.PASS),
        ((audit(DAY - SECOND),), Outcome.PASS),
        ((audit(DAY),), Outcome.UNKNOWN),  # stale
        ((audit(-SECOND),), Outcome.UNKNOWN),  # of the future
        ((audit(HOUR, "https://dl.btfs.test/other"),), Outcome.UNKNOWN),  # foreign
        ((audit(HOUR, "https://elsewhere.test", SECRET),), Outcome.UNKNOWN),  # what is wrong there is not ours
        ((audit(HOUR, STORAGE, SECRET),), Outcome.BLOCKED),
        ((audit(DAY * 9, STORAGE, SECRET),), Outcome.BLOCKED),  # age mends nothing
        ((audit(), audit(HOUR, DOWNLOADS)), Outcome.PASS),
        ((audit(), audit(DAY)), Outcome.UNKNOWN),  # each of them counts
        ((audit(HOUR, STORAGE, SECRET), audit(), audit(DAY)), Outcome.BLOCKED),
    ],
)
def test_only_a_sound_audit_of_our_bucket_from_today_passes(audits: tuple[AuditFacts, ...], outcome: Outcome) -> None:
    verdict = ask(*audits)
    assert verdict.outcome is outcome
    assert (verdict.fix != "") == outcome.stops
    assert decide(*audits).outcome is (Outcome.PASS if outcome is Outcome.NOT_APPLICABLE else outcome)


def test_the_team_reads_what_was_found_and_the_public_that_something_was() -> None:
    blocked = decide(audit(HOUR, STORAGE, SECRET, "a", "b", "c"))
    assert SECRET in next(verdict.reason for verdict in blocked.verdicts if verdict.rule == GATE.id)
    public = next(verdict for verdict in blocked.public().verdicts if verdict.rule == GATE.id)
    assert (public.reason, public.fix) == ("An audit found that something published does not verify.", "")
    foreign = decide(audit(HOUR, "s3://secret")).public()
    assert "secret" not in foreign.model_dump_json()


def test_an_audit_whose_report_was_tampered_with_is_no_audit() -> None:
    """Findings without their `ok`, or the other way round."""
    for ok, findings in (("true", f'[{{"level": "error", "what": "{SECRET}", "where": ""}}]'), ("false", "[]")):
        report = (
            f'{{"ok": {ok}, "at": "2026-01-02T11:00:00Z", "place": "bucket", "address": "{STORAGE}",'
            f' "signatures": 1, "objects": 1, "findings": {findings}}}'
        )
        with pytest.raises(InputError, match="ok does not fit"):
            read_audit(report.encode(), "audit.json")


def test_the_moment_at_which_an_audit_is_too_old_is_a_moment_of_change() -> None:
    decision = decide(audit(HOUR))
    assert (decision.outcome, decision.next_change, decision.then) == (Outcome.PASS, NOW + 23 * HOUR, Outcome.UNKNOWN)
    moments = [NOW + hours * HOUR for hours in range(48)]
    asked = question(audit(HOUR), audit(3 * HOUR), audit(DAY * 2))
    assert list(GATE.edges(asked)) == [NOW + 21 * HOUR, NOW + 23 * HOUR]
    for audits in ((audit(HOUR),), (audit(-HOUR),), (audit(HOUR, STORAGE, SECRET),), (audit(HOUR, "x"), audit(HOUR))):
        assert changes_only_at_boundaries(question(*audits), GATE, moments)


@pytest.mark.parametrize(
    "late", [audit(DAY), audit(-HOUR), audit(-DAY * 3), audit(HOUR, "x"), audit(HOUR, STORAGE, "e")]
)
def test_waiting_makes_no_audit_good(late: AuditFacts) -> None:
    """Also not one that is dated ahead: it stays as it was when it was given."""
    for hours in range(24 * 7):
        assert ask(late, now=NOW + hours * HOUR).outcome.stops
    assert decide(late).next_change is None


def test_an_audit_of_which_nobody_says_when_it_was_given_does_not_pass() -> None:
    assert ask(audit(), given_at=None).outcome is Outcome.UNKNOWN


def test_nobody_may_override_it() -> None:
    assert GATE.overridable is Overridable.NEVER
    override = Override(
        id="urgent",
        product=RELEASE.product,
        version=RELEASE.version,
        channel="stable",
        rules=(GATE.id,),
        artifacts=("a" * 64,),
        reason="Nodes accept commands without a password.",
        approvers=tuple(Approver(person=duty.value, duty=duty) for duty in (Duty.ENGINEERING, Duty.OPERATIONS)),
        approved_at=NOW - HOUR,
        expires=NOW + HOUR,
    )
    known = replace(CATALOG, overrides=(override,))
    for given in (audit(DAY), audit(HOUR, STORAGE, SECRET)):
        evidence = Evidence(facts=(given,), given_at=NOW)
        assert evaluate(known, RELEASE, "stable", NOW, evidence).outcome is ask(given).outcome
