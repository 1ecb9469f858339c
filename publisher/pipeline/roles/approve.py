"""`publish approve ROLE`: what a person reads before signing root, targets or a renewal, and the signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Key

from publisher.channel.candidates.candidate import Candidate, sign_candidate, signature_object
from publisher.errors import InputError
from publisher.model.configuration import Configuration
from publisher.model.records.approval import Fact
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.candidates.staged import lacks
from publisher.pipeline.objects.planned import PlannedObject
from publisher.pipeline.release.approve import not_allowed
from publisher.pipeline.roles.change import StagedRole, under_way
from publisher.signing.key_files import OpenSigner
from publisher.storage.protocol import Body


@dataclass(frozen=True)
class RoleReview:
    """A role's candidate as a person reads it before signing."""

    staged: StagedRole
    difference: tuple[str, ...]
    """What changes, in lines."""
    rollback_metadata: None = None
    """Only a release has one."""

    @property
    def candidate(self) -> Candidate:
        """What is signed."""
        return self.staged.candidate

    @property
    def digest(self) -> str:
        """SHA-256 of the candidate; names what is signed."""
        return self.staged.candidate.digest

    @property
    def may_sign(self) -> Mapping[str, Key]:
        """Key id -> key, of all that may sign it."""
        return self.staged.to_sign.may_sign

    def facts_of(self, key: Key) -> tuple[Fact, ...]:
        """Nothing is attested for keys."""
        return ()


def review_role(role: str, bucket: Bucket, configuration: Configuration, now: datetime) -> RoleReview:
    """Read and check the candidate of a role. Raises InputError when it has none that the configuration asks for."""
    staged = next((each for each in under_way(bucket, configuration, now) if each.to_sign.role == role), None)
    if staged is None:
        raise InputError(
            f"nothing is staged for {role} that the configuration asks for",
            fix="run `publish keys stage`, or `publish refresh` for a renewal; `publish status` shows what is staged",
        )
    return RoleReview(staged, staged.difference)


def sign_role(review: RoleReview, key: OpenSigner) -> tuple[PlannedObject, ...]:
    """The signature as an object; nothing where it is there already. Raises SigningError."""
    if key.public_key.keyid not in review.may_sign:
        raise not_allowed(review.candidate.role, review.may_sign)
    if not lacks(review.staged.signatures, key, review.candidate.metadata.signed_bytes):
        return ()
    (made,) = sign_candidate(review.candidate, [key])
    name, data = signature_object(review.candidate, made)
    return (PlannedObject.of(name, Body.from_bytes(data)),)
