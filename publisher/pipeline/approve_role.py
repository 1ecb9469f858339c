"""`publish approve ROLE`: what a person reads before signing root, targets or a renewal, and the signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tuf.api.metadata import Key, Root, Targets

from publisher.channel.candidate import Candidate, sign_candidate, signature_object
from publisher.channel.difference import difference
from publisher.channel.rotation import renewal
from publisher.errors import InputError, SigningError
from publisher.model.approval import Fact
from publisher.model.catalog import Catalog
from publisher.pipeline.objects import PlannedObject
from publisher.pipeline.reading import Readable
from publisher.pipeline.rotate import StagedRole, key_set, staged_role
from publisher.signing.keys import OpenSigner, described
from publisher.storage.protocol import Body


@dataclass(frozen=True)
class RoleReview:
    """A role's candidate as a person reads it before signing."""

    staged: StagedRole
    difference: tuple[str, ...]
    """What changes, in lines."""

    way_back: None = None

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
        return self.staged.wanted.may_sign

    @property
    def signed_by(self) -> tuple[str, ...]:
        """Persons with their duties who have signed, by their keys' fields."""
        return tuple(
            sorted(described(self.may_sign[one.keyid]) for one in self.staged.signatures if one.keyid in self.may_sign)
        )

    def facts_of(self, key: Key) -> tuple[Fact, ...]:
        """Nothing is attested for keys."""
        return ()


def review_role(role: str, storage: Readable, trusted_root: bytes, catalog: Catalog, now: datetime) -> RoleReview:
    """Read and check the candidate of a role. Raises InputError when it has none that the configuration asks for."""
    found = key_set(storage, trusted_root, catalog, now)
    one = next((one for one in found.roles if one.wanted.role == role), None)
    if one is None:
        if role != Root.type and found.live.of(role) is None:
            raise InputError(f"no role {role} is live", fix="name root, targets, PRODUCT.CHANNEL or PRODUCT@VERSION")
        one = staged_role(renewal(found.live, found.root, role, catalog.signers, now), found.live, storage, now)
    if one.fresh:
        raise InputError(
            f"nothing is staged for {role} that the configuration asks for",
            fix="run `publish keys stage`; renewals are staged by `publish refresh`",
        )
    before = found.root if role == Root.type else found.live.of(role)
    assert before is not None
    after = one.candidate.metadata.signed
    assert isinstance(after, (Root, Targets))
    return RoleReview(one, difference(role, before.signed, after))


def sign_role(review: RoleReview, key: OpenSigner) -> tuple[PlannedObject, ...]:
    """The signature as an object; nothing where it is there already. Raises SigningError."""
    if key.public_key.keyid not in review.may_sign:
        raise SigningError(f"this key may not sign {review.candidate.role}")
    if key.public_key.keyid in {one.keyid for one in review.staged.signatures}:
        return ()
    (made,) = sign_candidate(review.candidate, [key])
    name, data = signature_object(review.candidate, made)
    return (PlannedObject.of(name, Body.from_bytes(data)),)
