"""The signed parts that the configuration asks for: the first root, and `targets` with its delegations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from tuf.api.metadata import DelegatedRole, Delegations, Key, Role, Root, Signed, TargetFile, Targets

from publisher.channel.layout import MINISIGN_TARGET, channel_role, delegated_paths
from publisher.errors import SigningError
from publisher.model.config.role import SHARED_ROLES, TOP_LEVEL_ROLES, RolePolicy
from publisher.model.config.signer import Signers
from publisher.model.configuration import Configuration
from publisher.signing.public_keys import public_key
from publisher.wire.duties import DUTIES_FIELD
from publisher.wire.stopping.brakes import LIFTED_FIELD

ENDPOINTS_FIELD = "x-tidegate-endpoints"
"""Signed field of `targets`: the only addresses that feeds may send a client to (R48)."""

RELEASE_FIELD = "x-tidegate-release"
"""Signed field of a channel role: the version that it ships."""

CHANGES_FIELD = "x-tidegate-changes"
"""The change classes that the build was found to contain, so that `promote` can decide on them again (R26)."""

BASIS_FIELD = "x-tidegate-basis"
"""Signed field of a channel role: digests of what approvals were given for, such as policy and release, and the moment
that its feeds were made for."""

BASE_FIELD = "x-tidegate-base"
"""Signed field of a channel role: version and digest of the metadata that it was made to replace."""

PASSING_FIELDS = (BASE_FIELD, BASIS_FIELD)
"""Signed fields that say nothing to clients."""

ONLINE_ROLES = ("snapshot", "timestamp")
"""Roles whose keys a timer may use; they are renewed at half of their life."""


def role_policy(signers: Signers, role: str) -> RolePolicy:
    """Threshold, lifetime and duties of a role. Raises SigningError when the configuration has none."""
    policy = signers.policy_of(role)
    if policy is None:
        raise SigningError(f"roles.yaml does not list the role {role}", fix="add it under `roles:`")
    return policy


def is_empty(signed: Signed) -> bool:
    """Whether metadata says nothing to clients: no file, no delegation, no signed field of its own."""
    if not isinstance(signed, Targets):
        return False
    return not (signed.targets or signed.delegations or set(signed.unrecognized_fields) - set(PASSING_FIELDS))


def lifetime_of(signers: Signers, role: str, signed: Signed) -> timedelta:
    """How long this metadata is valid once it is signed. Raises SigningError when the configuration has no such role.

    A shared role lives longer until its first use: nobody should have to sign every few weeks that there is no hold.
    """
    policy = role_policy(signers, role)
    return policy.expires_empty if policy.expires_empty is not None and is_empty(signed) else policy.expires


def renewed_after(role: str, lifetime: timedelta) -> timedelta:
    """The age at which metadata is renewed: half of its life for online roles, eleven twelfths for those of people."""
    return lifetime / 2 if role in ONLINE_ROLES else lifetime * 11 / 12


def is_due(signers: Signers, role: str, signed: Signed, now: datetime) -> bool:
    lifetime = lifetime_of(signers, role, signed)
    return signed.expires - now < lifetime - renewed_after(role, lifetime)


@dataclass(frozen=True)
class YearlySignatures:
    """How often people are asked to sign a role in a year in which it only has to be renewed."""

    empty: int
    """While it says nothing to clients; the same as `used` where the configuration makes no difference."""
    used: int


def yearly_signatures(policy: RolePolicy, role: str) -> YearlySignatures:
    """Signatures of a year: renewals, times the persons that each of them needs."""
    persons = max(policy.threshold, len(policy.duties))

    def signatures(lifetime: timedelta) -> int:
        return persons * (timedelta(days=365) // renewed_after(role, lifetime))

    return YearlySignatures(signatures(policy.expires_empty or policy.expires), signatures(policy.expires))


def first_root(signers: Signers, now: datetime) -> Root:
    """Version 1 of the root: keys and thresholds of the four top-level roles."""
    keys: dict[str, Key] = {}
    roles: dict[str, Role] = {}
    for name in TOP_LEVEL_ROLES:
        role_keys = _keys(signers, name)
        keys |= role_keys
        roles[name] = Role(list(role_keys), role_policy(signers, name).threshold)
    return Root(
        version=1,
        expires=now + role_policy(signers, Root.type).expires,
        keys=keys,
        roles=roles,
        consistent_snapshot=True,
    )


def targets_role(configuration: Configuration, minisign_public: bytes, now: datetime) -> Targets:
    """`targets`, version 1: delegations to every channel and shared role, the pinned minisign key and addresses."""
    signers = configuration.signers
    delegated = [
        *(
            channel_role(product.id, channel)
            for product in configuration.products.values()
            for channel in product.channels
        ),
        *SHARED_ROLES,
    ]
    keys: dict[str, Key] = {}
    roles: dict[str, DelegatedRole] = {}
    for name in sorted(delegated):
        policy = role_policy(signers, name)
        role_keys = _keys(signers, name)
        keys |= role_keys
        roles[name] = DelegatedRole(
            name,
            list(role_keys),
            policy.threshold,
            terminating=True,
            paths=delegated_paths(name),
            unrecognized_fields={DUTIES_FIELD: [str(duty) for duty in policy.duties]},
        )
    return Targets(
        version=1,
        expires=now + role_policy(signers, Targets.type).expires,
        targets={MINISIGN_TARGET: TargetFile.from_data(MINISIGN_TARGET, minisign_public, ["sha256"])},
        delegations=Delegations(keys, roles),
        unrecognized_fields={ENDPOINTS_FIELD: [origin.rstrip("/") for origin in configuration.endpoints.downloads]},
    )


def listed_targets(
    files: Mapping[str, tuple[int, str]],
    release: str,
    expires: datetime,
    changes: Sequence[str] | None = None,
    taken_back: Mapping[str, object] = MappingProxyType({}),
    lifted: Sequence[str] = (),
) -> Targets:
    """A channel role, version 1, that ships `release` and vouches for files given as path -> (size, SHA-256).

    `changes` are the change classes that the build was found to contain; None where nobody looked. `taken_back` are the
    signed fields that tell what the channel has taken back so far, so that whoever still runs that is told; `lifted`
    are the ids of holds and withdrawals that it has ended, so that whoever remembers one lets go of it.
    """
    fields: dict[str, object] = {RELEASE_FIELD: release, **taken_back}
    if changes is not None:
        fields[CHANGES_FIELD] = list(changes)
    if lifted:
        fields[LIFTED_FIELD] = list(lifted)
    return Targets(
        version=1,
        expires=expires,
        targets={
            path: TargetFile(length=size, hashes={"sha256": digest}, path=path)
            for path, (size, digest) in sorted(files.items())
        },
        unrecognized_fields=fields,
    )


def _keys(signers: Signers, role: str) -> dict[str, Key]:
    keys = [public_key(signer) for signer in signers.keys_of(role)]
    if not keys:
        raise SigningError(
            f"no key may sign {role}", fix="make keys with `publish keys init`, or add signers to signers.yaml"
        )
    return {key.keyid: key for key in sorted(keys, key=lambda key: key.keyid)}
