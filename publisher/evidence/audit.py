"""What an audit of the published bucket has found: the report that `publish verify --json` prints."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import FailFast, Field, ValidationError

from publisher.errors import InputError
from publisher.evidence.kind import EvidenceKind, EvidenceText, not_of_the_format
from publisher.model.records.evidence import Facts
from publisher.model.values import Model, UtcTime
from publisher.wire.errors import printable


class AuditFinding(Model):
    """One finding of the report."""

    level: Literal["error", "warning", "note"]
    """An error refutes what is published."""
    what: EvidenceText
    where: EvidenceText
    """The object's key; empty where it is about none."""


class AuditReport(Model):
    """The report as it is printed."""

    ok: bool
    """Whether nothing refutes what is published."""
    at: UtcTime
    """When it was looked at."""
    place: EvidenceText
    """The bucket, as it was named."""
    address: EvidenceText
    """The bucket, by its whole address."""
    signatures: int = Field(ge=0)
    """How many verified."""
    objects: int = Field(ge=0)
    """How many were hashed."""
    findings: Annotated[tuple[AuditFinding, ...], FailFast()]


class AuditFacts(Facts):
    """What an audit says of the place that it looked at."""

    made_at: UtcTime
    """When it looked."""
    places: tuple[str, ...]
    """The bucket that it looked at, by each of its names."""
    errors: tuple[str, ...]
    """What refutes it, each as the end of a sentence; empty for a sound one."""


def read_audit(data: bytes, name: str) -> AuditFacts:
    """Read the report of an audit. Raises InputError for what is none, or contradicts itself."""
    fix = "give the report that publish verify --json prints"
    try:
        report = AuditReport.model_validate_json(data)
    except ValidationError as error:
        raise not_of_the_format(name, error, fix) from error
    errors = tuple(
        printable(f"{finding.where} {finding.what}".strip()) for finding in report.findings if finding.level == "error"
    )
    if report.ok == bool(errors):
        raise InputError(f"{name}: ok does not fit what was found", fix=fix)
    if report.ok and not report.signatures:
        raise InputError(
            f"{name}: no signature was verified",
            fix="run publish verify --json on a bucket in which something is published",
        )
    return AuditFacts(made_at=report.at, places=(printable(report.place), printable(report.address)), errors=errors)


KIND = EvidenceKind("audit", read_audit)
