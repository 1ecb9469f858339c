"""The evidence of a candidate: stored beside it, and read back as the very bytes that its signed basis names.

Anybody who can write to the bucket can exchange the files; nobody can exchange the digest without the signatures.
"""

from __future__ import annotations

import hashlib

from publisher.channel.candidates.candidate import Candidate
from publisher.channel.candidates.release_candidate import ReleaseCandidate
from publisher.channel.repository import Read
from publisher.errors import StorageForeign, VerificationError
from publisher.evidence.bundle import EvidenceBundle
from publisher.model.records.evidence import Evidence

EVIDENCE = "evidence/"
"""Files of evidence lie below it under their SHA-256, beside their manifest."""

MANIFEST = f"{EVIDENCE}manifest.json"


def evidence_objects(candidate: Candidate, bundle: EvidenceBundle) -> dict[str, bytes]:
    """A candidate's evidence as objects, by key; each is written once, and private. Files of the same bytes are one."""
    if not bundle.items:
        return {}
    files = {candidate.key(EVIDENCE + item.entry.sha256): item.data for item in bundle.items}
    return {**files, candidate.key(MANIFEST): bundle.manifest}


def read_evidence(candidate: ReleaseCandidate, read: Read) -> EvidenceBundle:
    """The evidence of a candidate; empty where its basis names none. Raises VerificationError if it is not whole."""
    basis = candidate.approval_basis
    if basis is None or basis.evidence is None:
        return EvidenceBundle()
    try:
        manifest = read(candidate.key(MANIFEST))
        if manifest is None:
            raise VerificationError("lacks its manifest")
        if hashlib.sha256(manifest).hexdigest() != basis.evidence:  # before anything of it is parsed
            raise VerificationError("is not what was staged")
        bundle = EvidenceBundle.read(manifest, lambda sha256: read(candidate.key(EVIDENCE + sha256)))
    except (VerificationError, StorageForeign) as error:
        raise VerificationError(
            f"the evidence of candidate {candidate.digest[:12]} of {candidate.role} {_end(error)}",
            fix=f"find out who wrote to staging/, then {candidate.restage}",
        ) from error
    return bundle


def _end(error: VerificationError | StorageForeign) -> str:
    return error.what if isinstance(error, VerificationError) else f"cannot be read: {error.what}"


def with_evidence(known: Evidence, candidate: ReleaseCandidate, read: Read) -> Evidence:
    """What is known, with what the candidate's evidence says, handed over when it was staged. Raises as above."""
    bundle, basis = read_evidence(candidate, read), candidate.approval_basis
    return known if basis is None else known.with_facts(bundle.facts, basis.at)
