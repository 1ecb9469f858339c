"""The roles of the update channel: how many must sign, with which duties, and for how long (site_config/roles.yaml)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from publisher.model.values import Duration, Model, worded_pattern

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


class RolePolicy(Model):
    """How many signatures a role needs, of which duties, and how long they last."""

    threshold: Annotated[int, Field(ge=1, le=9)]
    """How many distinct keys, of as many distinct persons, must sign."""
    expires: Duration
    """How long its metadata is valid after signing."""
    expires_empty: Duration | None = None
    """How long it is valid while it says nothing, for rollout, brakes and notes; left out: as long as `expires`."""
    duties: tuple[Duty, ...] = ()
    """Duties that must be among the signers, each of a different person."""


class Roles(Model):
    """The whole of roles.yaml."""

    roles: dict[RoleName, RolePolicy]
    """Thresholds and lifetimes by role; `channels` is the default of every `<product>.<channel>`."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for role, policy in self.roles.items():
            if policy.expires_empty is not None and role not in SHARED_ROLES:
                raise ValueError(f"`expires_empty` of {role}: only rollout, brakes and notes can be empty; remove it")
        return self
