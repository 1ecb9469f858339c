"""Who may sign what: persons, duties, keys and the roles of the update channel (site_config/signers.yaml)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from publisher.model.values import Duration, Model, Slug, Text, UtcTime, worded_pattern

TOP_LEVEL_ROLES = ("root", "targets", "snapshot", "timestamp")
"""The four roles of every TUF repository (TUF specification, section 2.1)."""

SHARED_ROLES = ("rollout", "brakes", "notes")
"""Delegated roles that serve all products and channels."""

_ROLE_CHECK, _ROLE_SCHEMA = worded_pattern(
    r"[a-z0-9-]+(\.[a-z0-9-]+)?", "must be a role of the update channel", "btfs-node.stable", 129
)
RoleName = Annotated[str, _ROLE_CHECK, _ROLE_SCHEMA]
"""`root`, `targets`, `snapshot`, `timestamp`, `rollout`, `brakes`, `notes`, `minisign`, or `<product>.<channel>`."""


class Duty(StrEnum):
    """What a person answers for when signing."""

    ENGINEERING = "engineering"
    OPERATIONS = "operations"
    COMMS = "comms"
    EXECUTIVE = "executive"
    AUTOMATION = "automation"


class Signer(Model):
    """One key of one person, and the roles it may sign."""

    name: Slug
    """How people and messages name this key."""
    person: Slug
    """Whose key it is; two keys of one person never count as two persons."""
    duty: Duty
    """What the person answers for with this key."""
    roles: Annotated[tuple[RoleName, ...], Field(min_length=1)]
    """The roles that accept this key; `channels` stands for every product's every channel."""
    scheme: Literal["ed25519", "ecdsa-sha2-nistp256", "rsassa-pss-sha256"] = "ed25519"
    """Signature scheme as TUF names it. The plain reference client verifies ed25519 only."""
    public: Annotated[str, StringConstraints(min_length=40, max_length=2000)]
    """The public key: 64 hexadecimal digits for ed25519, PEM for the others."""
    uri: Text
    """Where the private key is: `file:NAME.pem` beside signers.yaml, or a securesystemslib signer URI."""
    retired: bool = False
    """Replaced: it no longer counts. It stays here until the change is live, and signs along until then."""
    until: UtcTime | None = None
    """From then on approvals by this key no longer count; left out: until it is removed."""
    demo: bool = False
    """Made by `publish demo`; refused by every configuration that is not the demo's."""


class RolePolicy(Model):
    """How many signatures a role needs, of which duties, and how long they last."""

    threshold: Annotated[int, Field(ge=1, le=9)]
    """How many distinct keys, of as many distinct persons, must sign."""
    expires: Duration
    """How long its metadata is valid after signing."""
    expires_empty: Duration | None = None
    """How long it is valid while it says nothing, for rollout, brakes and notes; left out: as long as `expires`."""
    duties: tuple[Duty, ...] = ()
    """Duties that must be among the signers, each by another person."""


class Signers(Model):
    """The whole of signers.yaml."""

    demo: bool = False
    """True only in the configuration that `publish demo` writes."""
    roles: dict[RoleName, RolePolicy]
    """Thresholds and lifetimes by role; `channels` is the default of every `<product>.<channel>`."""
    signers: tuple[Signer, ...] = ()
    """All keys; public parts only, private parts stay where their `uri` says."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for role, policy in self.roles.items():
            if policy.expires_empty is not None and role not in SHARED_ROLES:
                raise ValueError(f"`expires_empty` of {role}: only rollout, brakes and notes are ever empty; remove it")
        return self

    def policy_of(self, role: str) -> RolePolicy | None:
        """The policy of a role; a channel role without its own entry takes that of `channels`."""
        return self.roles.get(role) or (self.roles.get("channels") if "." in role else None)

    def keys_of(self, role: str) -> tuple[Signer, ...]:
        """Every key that the role accepts, in file order; not those that were replaced."""
        roles = {role, "channels"} if "." in role else {role}
        return tuple(signer for signer in self.signers if roles & set(signer.roles) and not signer.retired)

    def retired_of(self, role: str) -> tuple[Signer, ...]:
        """Every key that the role accepted before a change that is under way."""
        roles = {role, "channels"} if "." in role else {role}
        return tuple(signer for signer in self.signers if roles & set(signer.roles) and signer.retired)
