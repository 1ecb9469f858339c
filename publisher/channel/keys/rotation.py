"""What has to be signed anew when keys, thresholds or products change: root, targets, and roles that lost signers.

Pure: the configuration and what is live go in, the signed parts that people must sign come out. A root is signed by the
keys of the root before it and by its own (TUF specification, 5.3); `targets` by those that the new root names.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from tuf.api.metadata import Key, Metadata, Root, Signature, Targets

from publisher.channel.advance import refuse_orphans, says_enough, says_the_same
from publisher.channel.candidates.candidate import People, base_named
from publisher.channel.repository import Repository, taken_back_fields, verifies
from publisher.channel.roles import BASE_FIELD, first_root, lifetime_of, role_policy
from publisher.model.config.signer import Signers
from publisher.signing.public_keys import PERSON_FIELD
from publisher.wire.stopping.withdrawn import BACK_FIELD

S = TypeVar("S", Root, Targets)


@dataclass(frozen=True)
class RoleToSign:
    """A signed part that people have to sign, and who may."""

    role: str
    before: People | None
    """What it replaces; None for the first `targets`."""
    signed: Root | Targets
    """With its version, and the base that it replaces."""
    because: str
    """Why, as a sentence."""
    judges: tuple[tuple[str, Root | Targets], ...]
    """Who says which signatures suffice, each with words for whose keys those are; all must be satisfied."""
    also: tuple[Root | Targets, ...] = ()
    """Whose keys may sign along, for clients that have not heard of the change yet."""

    @property
    def may_sign(self) -> dict[str, Key]:
        """Key id -> key, of all whose signatures count."""
        judges = (*self.also, *(judge for _, judge in self.judges))
        return {keyid: key for judge in judges for keyid, key in keys_of(judge, self.role).items()}

    def only_good(self, metadata: People) -> People:
        """The same without stray signatures: what is left verifies for a judge, or for clients of before."""
        good: dict[str, Signature] = {}
        for judge in (*self.also, *(judge for _, judge in self.judges)):
            result = judge.get_verification_result(self.role, metadata.signed_bytes, metadata.signatures)
            good |= {keyid: signature for keyid, signature in metadata.signatures.items() if keyid in result.signed}
        metadata.signatures.clear()
        metadata.signatures.update(good)
        return metadata

    def missing(self, metadata: People) -> tuple[str, ...]:
        """What is still needed, as parts of a list; empty when enough persons have signed."""
        parts = []
        for whose, judge in self.judges:
            result = judge.get_verification_result(self.role, metadata.signed_bytes, metadata.signatures)
            persons = {str(key.unrecognized_fields.get(PERSON_FIELD, key.keyid)) for key in result.signed.values()}
            more = _threshold(judge, self.role) - len(persons)
            if more > 0:
                parts.append(f"{more} more {'person' if more == 1 else 'persons'}{whose}")
            elif isinstance(judge, Targets) and not says_enough(judge, self.role, as_targets(metadata)):
                parts.append("another duty among those who sign")
        return tuple(parts)


def roles_to_sign(
    live: Repository, root: Metadata[Root], configured: Targets, signers: Signers, now: datetime
) -> tuple[RoleToSign, ...]:
    """What must be signed so that the configuration holds; empty when it does.

    `root` is the newest one, `configured` what `targets` shall say. Raises InputError where that drops a role which is
    published.
    """
    refuse_orphans(live.roles, configured)
    sets: list[RoleToSign] = []
    trusted = root.signed
    asked = first_root(signers, now)
    if not says_the_same(trusted, asked):
        trusted = _next(asked, root, asked.expires)
        judges: tuple[tuple[str, Root | Targets], ...]
        judges = ((" with a key that is trusted now", root.signed), (" with a key of the new root", trusted))
        if _same_keys(root.signed, trusted):
            judges = (("", trusted),)
        sets.append(RoleToSign(Root.type, root, trusted, "Keys or thresholds of the top-level roles change.", judges))
    targets, why = live.targets.signed, ""
    if not says_the_same(targets, configured):
        why = "What it delegates or pins changes."
    elif not verifies(trusted, Targets.type, live.targets):
        why = "Other keys sign it from now on."
    if why:
        targets = _next(configured, live.targets, now + role_policy(signers, Targets.type).expires)
        also = (root.signed,) if trusted is not root.signed else ()
        sets.append(RoleToSign(Targets.type, live.targets, targets, why, (("", trusted),), also))
    for role, metadata in sorted(live.roles.items()):
        if not says_enough(targets, role, metadata):
            signed = _next(metadata.signed, metadata, now + lifetime_of(signers, role, metadata.signed))
            sets.append(RoleToSign(role, metadata, signed, "Those who signed it no longer suffice.", (("", targets),)))
    return tuple(sets)


def first_targets(root: Metadata[Root], configured: Targets, signers: Signers, now: datetime) -> RoleToSign:
    """`targets` before anything is published, so that it can be signed where no network is."""
    targets = copy.deepcopy(configured)
    targets.expires = now + role_policy(signers, Targets.type).expires
    why = "Nothing is published yet; it goes live with the first release."
    return RoleToSign(Targets.type, None, targets, why, (("", root.signed),))


def renewal(live: Repository, root: Metadata[Root], role: str, signers: Signers, now: datetime) -> RoleToSign:
    """The same content as is live, with a new expiry."""
    metadata = root if role == Root.type else live.of(role)
    assert metadata is not None
    expires = now + lifetime_of(signers, role, metadata.signed)
    signed: Root | Targets
    if isinstance(metadata.signed, Root):
        signed = _next(metadata.signed, metadata, expires)
    else:
        signed = _next(metadata.signed, metadata, expires)
    judge: Root | Targets = live.targets.signed if role in live.roles else root.signed
    # A new root has to be signed by its own keys as well; here they are those of the old one.
    return RoleToSign(role, metadata, signed, f"It expires on {metadata.signed.expires:%Y-%m-%d}.", (("", judge),))


def keys_of(judge: Root | Targets, role: str) -> Mapping[str, Key]:
    """Key id -> key of a role, as root or targets name them; empty where they do not know it."""
    if isinstance(judge, Root):
        return {keyid: judge.keys[keyid] for keyid in judge.roles[role].keyids}
    delegations = judge.delegations
    if delegations is None or not delegations.roles or role not in delegations.roles:
        return {}
    return {keyid: delegations.keys[keyid] for keyid in delegations.roles[role].keyids}


def _same_keys(root: Root, other: Root) -> bool:
    """Whether who suffices to sign the one suffices for the other."""
    role = Root.type
    return root.roles[role] == other.roles[role] and keys_of(root, role) == keys_of(other, role)


def _threshold(judge: Root | Targets, role: str) -> int:
    if isinstance(judge, Root):
        return judge.roles[role].threshold
    assert judge.delegations is not None and judge.delegations.roles is not None
    return judge.delegations.roles[role].threshold


def as_targets(metadata: People) -> Metadata[Targets]:
    """Metadata that is known to be that of `targets` or of a delegated role."""
    assert isinstance(metadata.signed, Targets)
    return Metadata(metadata.signed, metadata.signatures)


def as_root(metadata: People) -> Metadata[Root]:
    """Metadata that is known to be that of root."""
    assert isinstance(metadata.signed, Root)
    return Metadata(metadata.signed, metadata.signatures)


def _next(signed_content: S, before: Metadata[Any], expires: datetime) -> S:
    """The version after `before`, which it replaces."""
    signed = copy.deepcopy(signed_content)
    signed.version = before.signed.version + 1
    signed.expires = expires
    signed.unrecognized_fields[BASE_FIELD] = base_named(before)
    # No rollback metadata itself, but whoever runs what was taken back has to be told for as long as the role lives.
    signed.unrecognized_fields |= taken_back_fields(signed_content)
    signed.unrecognized_fields.pop(BACK_FIELD, None)
    return signed
