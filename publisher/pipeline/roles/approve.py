"""`publish approve ROLE`: what a person reads before signing root, targets or a renewal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Key

from publisher.channel.candidates.candidate import SIGNATURES
from publisher.errors import InputError
from publisher.model.configuration import Configuration
from publisher.model.records.attested_fact import Fact
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.roles.change import StagedRole, under_way


@dataclass(frozen=True)
class RoleReview:
    """A role's candidate as a person reads it before signing; a `CandidateReview`."""

    staged: StagedRole
    difference: tuple[str, ...]
    may_sign: Mapping[str, Key]
    approved_by: tuple[str, ...]
    missing: tuple[str, ...]
    payloads: Mapping[str, bytes]

    def facts_of(self, key: Key) -> tuple[Fact, ...]:
        return ()

    def statement(self, keyid: str, facts: Mapping[Fact, str], at: datetime) -> None:
        """Nor is anything stated."""


def review_role(role: str, bucket: Bucket, configuration: Configuration, now: datetime) -> RoleReview:
    """Read and check the candidate of a role. Raises InputError when it has none that the configuration asks for."""
    staged = next((each for each in under_way(bucket, configuration, now) if each.to_sign.role == role), None)
    if staged is None:
        raise InputError(
            f"nothing is staged for {role} that the configuration asks for",
            fix="run `publish keys stage`, or `publish refresh` for a renewal; `publish status` shows what is staged",
        )
    return RoleReview(
        staged=staged,
        difference=staged.difference,
        may_sign=staged.to_sign.may_sign,
        approved_by=staged.signed_by,
        missing=staged.missing,
        payloads={SIGNATURES: staged.candidate.signed_bytes},
    )
