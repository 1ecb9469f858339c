"""A candidate: the exact metadata that clients will verify, waiting for signatures (staging/<role>/<sha256>/)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from publisher.model.records.decision import Decision
from publisher.model.records.ledger_entry import LAST_NUMBER
from publisher.model.values import Digest, Model, ReleaseVersion, UtcTime


class ApprovalBasis(Model):
    """What the approvals of a release rest on (a signed field of its candidate)."""

    policy: Digest
    """SHA-256 of the policy that was in force."""
    release: Digest
    """SHA-256 of what the content says of the release."""
    product: Digest
    """SHA-256 of what the configuration says of the product."""
    people: Digest
    """SHA-256 of the names and digests of the files for people that are stored with it."""
    at: UtcTime
    """The moment that its feeds were made for."""
    ledger: Annotated[int, Field(ge=0, le=LAST_NUMBER)] | None = None
    """Number of the ledger's last entry when it was staged; None where an older version of this program staged it."""
    evidence: Digest | None = None
    """SHA-256 of the manifest of the evidence that it was decided on; None where none was handed over."""


class CandidateRecord(Model):
    """decision.json: why the candidate was made, for people. Nothing is decided by it: it is not signed."""

    format: Literal["tidegate-candidate/1"] = "tidegate-candidate/1"
    """What this is."""
    staged_at: UtcTime
    """When it was staged."""
    decision: Decision | None = None
    """Why a release was let through, as the public may read it, since a bucket may be; None for all but releases."""
    because: str = ""
    """Why it was made, where no rule was asked: keys changed, or the role is due."""


class StagingPointer(Model):
    """staging/<role>/current.json: which candidate the role is working on; one at a time."""

    format: Literal["tidegate-staging/1"] = "tidegate-staging/1"
    """What this is."""
    change: int = Field(default=0, ge=0, le=2**53)
    """Counts up with every change, so that no two states of the pointer have the same bytes and tag."""
    candidate: Digest | None
    """Its directory; None when there is none."""
    release: ReleaseVersion | None = None
    staged_at: UtcTime | None = None
