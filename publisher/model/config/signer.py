"""Who may sign what: persons, duties and keys (site_config/signers.yaml)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from publisher.model.config.role import Duty, RoleName, RolePolicy
from publisher.model.values import Model, Slug, Text, UtcTime


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
    scheme: str = "ed25519"
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


class SignersFile(Model):
    """The whole of signers.yaml."""

    demo: bool = False
    """True only in the configuration that `publish demo` writes."""
    signers: tuple[Signer, ...] = ()
    """All keys; public parts only. Private parts stay where their `uri` says."""


class Signers(SignersFile):
    """What roles.yaml and signers.yaml say together."""

    roles: dict[RoleName, RolePolicy]
    """Thresholds and lifetimes by role; `channels` is the default of every `<product>.<channel>`."""

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
