"""The ledger: what was changed or refused, when, by which policy and why (ledger/<number>.json; R17)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from publisher.model.content.policy import Policy
from publisher.model.content.release import Release
from publisher.model.records.decision import Decision
from publisher.model.records.notice import Quotation
from publisher.model.values import Digest, Model, ReleaseVersion, Slug, UtcTime
from publisher.wire.version import Version

LAST_NUMBER = 99_999_999
"""Keys of entries have eight digits."""

Number = Annotated[int, Field(ge=1, le=LAST_NUMBER)]
"""Entries are counted from 1."""

_Form = tuple[set[str], set[str]]
"""Names of the fields that an entry must have, and of those that it may have."""


class LedgerAction(StrEnum):
    """What was done, or was asked for and refused."""

    STAGE = "stage"
    """A candidate became the one that the channel works on."""
    PROMOTE = "promote"
    """A candidate was made live."""
    RELEASE = "release"
    """The same, in one go with staging and signing."""
    ROLLBACK = "rollback"
    """A release was taken back."""
    REFRESH = "refresh"
    """Roles that were due were signed again."""
    KEYS = "keys"
    """Keys, thresholds or delegations were changed, or a role of people was renewed."""
    RECOVER = "recover"
    """What somebody else had made live was replaced by the state of an earlier entry."""
    SIGN_SITE = "sign-site"
    """The manifest of the site's pages was signed."""
    HOLD = "hold"
    """A version is not offered for a while."""
    WITHDRAW = "withdraw"
    """Nobody should run a version."""
    MITIGATE = "mitigate"
    """Users of some versions are told what to set until a fix is out."""
    END_MITIGATION = "end-mitigation"
    """They are told so no more."""
    REJECT = "reject"
    """Somebody said no to a candidate, and clients refuse it."""


SHIPS = (LedgerAction.PROMOTE, LedgerAction.RELEASE)
"""What makes a release live."""


class Stamp(Model):
    """A timestamp.json, and with it one state of everything that clients see."""

    version: int
    """Of the role timestamp."""
    sha256: Digest
    """Of its bytes."""


_ALWAYS = {"action", "policy_version", "policy_digest", "base", "roles"}

_RELEASE = {"product", "version", "channel"}
_DECIDED = {*_RELEASE, "decision"}
_REFUSAL: _Form = ({*_DECIDED, "refused"}, {"visibility"})
_SHIPMENT: _Form = ({*_DECIDED, "candidate"}, {"visibility", "approved_by", "lifts", "result"})
_FLIP: _Form = (set(), {"result"})
_BRAKE: _Form = ({*_RELEASE, "brake"}, {"result"})
_MITIGATION: _Form = ({"product", "mitigation"}, {"result"})

_FORMS: Mapping[LedgerAction, tuple[_Form, ...]] = {
    LedgerAction.STAGE: (
        _REFUSAL,
        ({*_DECIDED, "candidate"}, {"visibility", "staged_over", "lifts"}),
        ({"candidate"}, set()),  # of a role that ships no release
    ),
    LedgerAction.PROMOTE: (_REFUSAL, _SHIPMENT),
    LedgerAction.RELEASE: (_REFUSAL, _SHIPMENT),
    LedgerAction.ROLLBACK: ((_RELEASE, {"visibility", "brake", "result"}),),
    LedgerAction.REFRESH: (_FLIP,),
    LedgerAction.KEYS: (_FLIP,),
    LedgerAction.RECOVER: ((set(), {"result", "restored", "distrusted"}),),
    LedgerAction.SIGN_SITE: (_FLIP,),
    LedgerAction.HOLD: (_BRAKE,),
    LedgerAction.WITHDRAW: (_BRAKE,),
    LedgerAction.MITIGATE: (_MITIGATION,),
    LedgerAction.END_MITIGATION: (_MITIGATION,),
    LedgerAction.REJECT: (({*_RELEASE, "candidate"}, {"visibility", "because", "result"}),),
}
"""The forms that an entry of each action can have, besides `_ALWAYS`. Anything else cannot be read as an entry.

Security rests on it: a staging with a result, or a refresh that names a channel, is for other keys to sign on either
count (`channel/ledger/trusted_entries.py`), and would be trusted about the one by a key that may only sign the other.
"""


class LedgerEntryBody(Model):
    """What an entry tells, without its place in the ledger; `action` says which fields it has."""

    action: LedgerAction
    """What was done or refused."""
    refused: bool = False
    """Whether policy refused it; then it changed nothing."""
    product: Slug | None = None
    """The product, where it is about one."""
    version: ReleaseVersion | None = None
    """The release's version, where it is about one."""
    channel: Slug | None = None
    """The channel, where it is about one."""
    visibility: Literal["public", "internal"] = "public"
    """That of the release; of an internal one the public is told nothing."""
    candidate: Digest | None = None
    """SHA-256 of the candidate that was staged, made live or rejected."""
    brake: Digest | None = None
    """SHA-256 of the notice of a hold or a withdrawal, by which it is lifted."""
    mitigation: Digest | None = None
    """SHA-256 of the notice of a mitigation, by which it is ended."""
    staged_over: Digest | None = None
    """SHA-256 of the staging pointer that it was staged in the place of; None where there was none."""
    policy_version: int | None
    """Version of the policy in force; None where no rule was asked, and the content had problems."""
    policy_digest: Digest | None
    """SHA-256 of that policy."""
    approved_by: tuple[str, ...] = ()
    """Persons whose approvals counted, with their duties; their signatures are public in the metadata."""
    decision: Decision | None = None
    """The whole decision, where one was asked for."""
    base: Stamp | None = None
    """What was live when this was planned; None when nothing was, or nothing that could be read."""
    result: Stamp | None = None
    """What clients see once it has taken effect; None when it shows them nothing new."""
    roles: dict[str, int] = Field(default_factory=dict)
    """Roles that get a new version, with the version; for recoveries and changes of keys all, with what they have."""
    lifts: tuple[Digest, ...] = ()
    """SHA-256 of the notices of holds and withdrawals that end by it."""
    because: Quotation | None = Field(default=None, exclude_if=lambda because: because is None)
    """Why a candidate was rejected, in one person's words."""
    restored: Number | None = None
    """The entry whose state a recovery put back; None for anything else."""
    distrusted: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Role -> ids of keys that signed what a recovery replaced: somebody else can use them."""

    @model_validator(mode="after")
    def _fits_its_action(self) -> Self:
        names = {
            name
            for name, field in LedgerEntryBody.model_fields.items()
            if name not in _ALWAYS and getattr(self, name) != field.get_default(call_default_factory=True)
        }
        if not any(must <= names <= must | may for must, may in _FORMS[self.action]):
            raise ValueError(f"does not fit the action {self.action}: {', '.join(sorted(names)) or 'no field'}")
        return self

    @property
    def release(self) -> tuple[str, Version] | None:
        """Channel role and version of the release that it is about; None where it is about none."""
        if self.product is None or self.channel is None or self.version is None:
            return None
        return f"{self.product}.{self.channel}", self.version

    @property
    def channel_role(self) -> str | None:
        """The role of the channel that a release is shipped to; None where it is not about a release."""
        return self.release[0] if self.release else None

    @classmethod
    def of_decision(cls, action: LedgerAction, release: Release, decision: Decision, **fields: Any) -> Self:
        """What rests on a decision about a release. Raises ValueError for fields that do not fit the action."""
        return cls(
            action=action,
            refused=not decision.go,
            product=decision.product,
            version=decision.version,
            channel=decision.channel,
            visibility=release.visibility,
            policy_version=decision.policy_version,
            policy_digest=decision.policy_digest,
            decision=decision,
            **fields,
        )

    @classmethod
    def routine(cls, action: LedgerAction, policy: Policy | None, **fields: Any) -> Self:
        """What rests on no rule, so an unreadable policy does not stop it. Raises ValueError as `of_decision`."""
        known = (policy.version, policy.digest()) if policy is not None else (None, None)
        return cls(action=action, policy_version=known[0], policy_digest=known[1], **fields)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """The same with changes, checked like a new one. Raises ValueError for fields that do not fit the action."""
        return self.model_validate({**dict(super().model_copy(deep=deep)), **(update or {})})

    def with_decision(self, decision: Decision) -> Self:
        """The same, resting on a newer decision."""
        return self.model_copy(
            update={
                "decision": decision,
                "policy_version": decision.policy_version,
                "policy_digest": decision.policy_digest,
            }
        )

    def planned_on(self, base: Stamp | None) -> Self:
        """The same, planned when `base` was live."""
        return self.model_copy(update={"base": base})


class PublicEntry(LedgerEntryBody):
    """An entry as everybody may read it: its decision is the public one."""

    number: Number
    """Its place; where one is missing, that entry is not public."""
    at: UtcTime
    """When it was written."""


class Entry(LedgerEntryBody):
    """The payload of one signed entry."""

    format: Literal["tidegate-ledger/1"] = "tidegate-ledger/1"
    """What this is."""
    number: Number
    """Its place, without gaps from 1."""
    previous: Digest | None
    """SHA-256 of the object before it; None for the first."""
    at: UtcTime
    """When it was written, by its writer's clock."""
    decision_sha256: Digest | None = None
    """SHA-256 of the decision, so that it can be named elsewhere. It would let the public test guesses, so it is not in
    `public`."""
    public: PublicEntry | None
    """What the public log says of it; None for a release that is not public."""
