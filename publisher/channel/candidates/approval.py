"""Approvals of a release: signatures over its candidate, each with its signer's statement, counted or not, and why.

A role's threshold and duties are what clients check. This is more, and checked before publishing only: that
signers.yaml still names the key, that the approval is fresh and given for what is near now, and what was attested.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tuf.api.metadata import Key, Targets

from publisher.channel.candidates.candidate import SKEW, STATEMENTS, Candidate
from publisher.channel.candidates.staged import Staged, StagedRelease
from publisher.errors import ApprovalsMissing, VerificationError
from publisher.model.config.role import Duty
from publisher.model.config.signer import Signer, Signers
from publisher.model.content.risk_register import Approver, Override
from publisher.model.records.approval import BuiltFile, Statement
from publisher.model.records.attested_fact import Fact
from publisher.model.values import format_time
from publisher.rules import english
from publisher.rules.engine.required_approvals import Needs, mark, marks, override_mark, same_person
from publisher.signing.envelope import payload_of, seal, verify_envelope
from publisher.signing.key_files import OpenSigner
from publisher.signing.public_keys import described, public_key
from publisher.wire.duties import Signature, uncovered

PAYLOAD_TYPE = "application/vnd.tidegate.approval+json"

STATEMENT_LIMIT = 16_384
"""The largest statement, in bytes."""

T = TypeVar("T", bound=Staged[Any])


@dataclass(frozen=True)
class CandidateApproval:
    """A signature on the candidate that verifies, by a key that signers.yaml names for the role."""

    person: str
    duty: str
    key: Key
    statement: Statement | None
    """The newest one that fits."""
    lack: str | None
    """Why it does not count, as the end of a sentence; None when it does."""

    def __str__(self) -> str:
        return f"{self.person} ({self.duty})"


@dataclass(frozen=True)
class Standing:
    """Who has approved a candidate, and what is missing."""

    approvals: tuple[CandidateApproval, ...]
    strangers: tuple[str, ...]
    """Ids of keys with a signature there that signers.yaml does not name for the role, or whose signature is bad."""
    missing: tuple[str, ...]
    """What is still needed, as parts of a list; empty when nothing is."""

    @property
    def counted(self) -> tuple[CandidateApproval, ...]:
        """Those that count."""
        return tuple(approval for approval in self.approvals if approval.lack is None)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Sentences about what is there and does not count."""
        lines = [f"{approval}: {approval.lack}." for approval in self.approvals if approval.lack is not None]
        bad = "signers.yaml does not name it for this role, or its signature is bad"
        return (*lines, *(f"Key {keyid[:12]}: {bad}." for keyid in self.strangers))


def statement_about(
    candidate: Candidate,
    keyid: str,
    needs: Needs,
    facts: Mapping[Fact, str],
    at: datetime,
    built: tuple[BuiltFile, ...] = (),
) -> Statement:
    """What the holder of a key states with a signature over the candidate of a release."""
    return Statement(
        candidate=candidate.digest,
        key=keyid,
        at=at,
        near=marks(needs.near, candidate.digest),
        overrides=tuple(sorted(override_mark(override, candidate.digest) for override in needs.overrides)),
        built=built,
        facts=dict(facts),
    )


def with_approval(staged: T, payloads: Mapping[str, bytes], key: OpenSigner, statement: Statement | None) -> T:
    """`staged` with a key's signatures over each folder's payload and its holder's statement. Raises SigningError."""
    signed = staged.signed_with(key, payloads)
    return signed if statement is None else signed.stating(*seal_statement(statement, staged.candidate, key))


def seal_statement(statement: Statement, candidate: Candidate, key: OpenSigner) -> tuple[str, bytes]:
    """A statement as a write-once object, (key, bytes); one key may make several. Raises SigningError."""
    return statement_key(statement, candidate), seal(statement.model_dump_json().encode(), PAYLOAD_TYPE, key)


def statement_key(statement: Statement, candidate: Candidate) -> str:
    """Where a statement lies."""
    return candidate.key(f"{STATEMENTS}{statement.key}.{statement.at:%Y%m%dT%H%M%SZ}.json")


def verified_statement(data: bytes, candidate: Candidate, keys: Mapping[str, Key]) -> Statement:
    """A statement about this candidate, signed by the one of `keys` that it names. Raises VerificationError."""
    if len(data) > STATEMENT_LIMIT:
        raise VerificationError("the statement is larger than any that this program makes")
    signed_by = verify_envelope(data, PAYLOAD_TYPE, keys)
    try:
        statement = Statement.model_validate_json(payload_of(data, PAYLOAD_TYPE))
    except ValueError as error:
        raise VerificationError("the statement cannot be read") from error
    if [key.keyid for key in signed_by] != [statement.key] or statement.candidate != candidate.digest:
        raise VerificationError("the statement is about another candidate, or by another key than it says")
    return statement


def standing(
    staged: StagedRelease,
    configured: Targets,
    signers: Signers,
    needs: Needs,
    valid_for: timedelta,
    now: datetime,
) -> Standing:
    """Count approvals by the delegations `configured` that signers.yaml asks for; each counts for `valid_for`."""
    candidate, signed = staged.candidate, staged.metadata
    role = candidate.role
    keys = {public_key(signer).keyid: signer for signer in signers.keys_of(role)}
    result = configured.get_verification_result(role, signed.signed_bytes, signed.signatures)
    by_keys = {keyid: key for keyid, key in result.signed.items() if keyid in keys}
    newest = _newest(staged.statements.values(), candidate, by_keys, now)
    approvals = []
    for keyid, key in sorted(result.signed.items(), key=lambda item: described(item[1])):
        if (signer := keys.get(keyid)) is not None:
            statement = newest.get(keyid)
            lack = _lack(signer, statement, candidate, needs, valid_for, now)
            approvals.append(CandidateApproval(signer.person, signer.duty.value, key, statement, lack))
    strangers = tuple(sorted(set(signed.signatures) - {approval.key.keyid for approval in approvals}))
    counted = [approval for approval in approvals if approval.lack is None]
    return Standing(tuple(approvals), strangers, tuple(_missing(candidate, counted, signers, needs)))


def require(standing: Standing, what: str, needs: Needs) -> None:
    """Raises ApprovalsMissing: who has approved, whose approval does not count and why, and what is missing."""
    if not standing.missing:
        return
    there = english.listed([str(approval) for approval in standing.counted]) if standing.counted else "nobody"
    lines = [f"{what} still needs {english.listed(standing.missing)}; approved so far by {there}."]
    lines += [f"  {line}" for line in (*needs.because, *standing.left_out)]
    raise ApprovalsMissing(
        "\n".join(lines), fix="ask each of them to run `publish approve` with their own key; see `publish status`"
    )


def _newest(
    statements: Iterable[bytes], candidate: Candidate, keys: Mapping[str, Key], now: datetime
) -> dict[str, Statement]:
    """Key id -> its newest statement about this candidate; what cannot be read or verified is nobody's.

    One that is dated in the future counts only where there is no other: it would hide all that come after it.
    """
    newest: dict[str, Statement] = {}

    def rank(statement: Statement) -> tuple[bool, datetime]:
        return statement.at <= now + SKEW, statement.at

    for data in statements:
        try:
            statement = verified_statement(data, candidate, keys)
        except VerificationError:
            continue
        if statement.key not in newest or rank(newest[statement.key]) < rank(statement):
            newest[statement.key] = statement
    return newest


def _lack(
    signer: Signer,
    statement: Statement | None,
    candidate: Candidate,
    needs: Needs,
    valid_for: timedelta,
    now: datetime,
) -> str | None:
    if signer.until is not None and signer.until <= now:
        return f"the key {signer.name} stopped counting at {format_time(signer.until)}"
    if statement is None:
        return "signed without a statement; sign with `publish approve`"
    if statement.at > now + SKEW:
        return f"dated {format_time(statement.at)}, which is in the future; one of the two clocks is wrong"
    if now - statement.at >= valid_for:
        return f"given on {english.moment(statement.at)}, and approvals count for {english.length(valid_for)}"
    unseen = [event for event in needs.near if mark(event, candidate.digest) not in statement.near]
    if unseen:
        return f'given before "{unseen[0].title}" came near, or before its dates or severity changed'
    if set(statement.near) - {mark(event, candidate.digest) for event in needs.known if statement.near}:
        return "given near an event that the content no longer has, or whose dates or severity changed"
    if needs.sole_author == signer.person:
        return "the only author of the release, who cannot approve it near an event"
    return None


def _missing(
    candidate: Candidate, counted: Sequence[CandidateApproval], signers: Signers, needs: Needs
) -> Iterable[str]:
    """Parts of the list of what is still needed, with the names of those who could give it."""
    role = candidate.role
    there = [Signature(approval.person, approval.duty, approval.key.keyid) for approval in counted]
    policy = signers.policy_of(role)
    duties = _united(policy.duties if policy else (), needs.duties)
    lacking = uncovered([str(duty) for duty in duties], there)
    for duty in lacking:
        yield f"the approval of a person with the duty {duty}{_who_could(duty, role, signers, there)}"
    persons = {approval.person for approval in counted}
    needed = max(policy.threshold if policy else 1, needs.persons)
    if (more := needed - len(persons) - len(lacking)) > 0:
        yield f"{more} more {'person' if more == 1 else 'persons'}"
    asked: set[tuple[str, str]] = set()
    for override, approver in needs.named:
        name = (approver.person, str(approver.duty))
        if name not in asked and not any(_approves(approval, override, approver, candidate) for approval in counted):
            asked.add(name)
            yield f"the approval of {approver.person} as {approver.duty}, required by the override {override.id}"
    if needs.facts and Duty.OPERATIONS not in lacking:
        attested = [
            approval.statement.facts for approval in counted if approval.duty == Duty.OPERATIONS and approval.statement
        ]
        if not any(set(needs.facts) <= set(facts) for facts in attested):
            yield f"operations to attest {english.listed([str(fact) for fact in _unattested(needs.facts, attested)])}"


def _approves(approval: CandidateApproval, override: Override, approver: Approver, candidate: Candidate) -> bool:
    """Whether it is the named person's, and was given when the override was there and said what it says."""
    seen = approval.statement is not None and override_mark(override, candidate.digest) in approval.statement.overrides
    return seen and same_person(approver.person, approval.person) and approval.duty == approver.duty


def _unattested(facts: Sequence[Fact], attested: Sequence[Mapping[Fact, str]]) -> Sequence[Fact]:
    best = max(attested, key=lambda facts_of_one: len(set(facts) & set(facts_of_one)), default={})
    return [fact for fact in facts if fact not in best]


def _who_could(duty: str, role: str, signers: Signers, there: Sequence[Signature]) -> str:
    names = sorted(
        {signer.person for signer in signers.keys_of(role) if signer.duty == duty}
        - {signature.person for signature in there}
    )
    return f" ({english.listed(names, 'or')})" if names else ", but signers.yaml has nobody else with that duty"


def _united(first: Sequence[Duty], other: Sequence[Duty]) -> tuple[Duty, ...]:
    """Each duty as often as the list that asks for it more often."""
    more = [duty for duty in dict.fromkeys(other) for _ in range(other.count(duty) - first.count(duty))]
    return (*first, *more)
