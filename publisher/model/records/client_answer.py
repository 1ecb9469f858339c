"""`tidegate-answer/1`, what the reference client prints with --json. `publish schema` writes its JSON Schema.

The client writes it in `publisher.client.answers.report_json`, which knows nothing of this module; a test holds the two
together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic.json_schema import WithJsonSchema

from publisher.model.content.setting import SettingValue
from publisher.model.records.feed_format import FeedDeprecation, FeedRelease, FeedRequirement
from publisher.model.records.notice import Quotation
from publisher.model.values import Digest, Model, ReleaseVersion, Slug, Text, UtcTime
from publisher.wire.answer_words import Outcome, Readiness
from publisher.wire.errors import Code
from publisher.wire.feed_words import Action, WithdrawalAction

SignedTime = Annotated[datetime, WithJsonSchema({"type": "string", "format": "date-time"})]
"""A moment in UTC as somebody's signed metadata has it, in whatever year."""


class AnswerError(Model):
    """What stopped the client."""

    code: Code
    """The kind of failure, for programs."""
    what: str
    """What happened, in a sentence."""
    fix: str
    """What to do about it; empty where there is nothing to do."""


class AnswerSignature(Model):
    """A signature on the channel's metadata that verified."""

    person: str
    """Whose key it is; empty if the channel names nobody."""
    duty: str
    """What the person answers for with it; empty if nothing."""
    keyid: str
    """The TUF key id."""


class AnswerDownload(Model):
    """The verified file on this machine."""

    path: str
    """Where the file is."""
    already_there: bool
    """True if the same file was already there."""


class AnswerRequirement(FeedRequirement):
    """A version that an event requires, as the feed has it, and how the running version stands to it."""

    readiness: Readiness
    """Whether the running version is ready for this event."""
    due: SignedTime
    """By when it must be running: the earliest moment that an estimate of this age leaves open."""
    days_left: int
    """Whole days until `due`, rounded down; negative once it is over."""
    available: bool
    """True if the published release meets it; false while that version is announced only."""


class AnswerHold(Model):
    """A version that is not offered for a while. What its notice says is null if that could not be read."""

    id: Digest
    """The SHA-256 of its notice, which names it."""
    version: ReleaseVersion
    """The version on hold."""
    because: Quotation | None
    """Why, in the publisher's words."""
    at: SignedTime | None
    """When it was decided."""
    next_update: SignedTime | None
    """When the publisher has promised to say more."""
    overdue: bool
    """True if that moment has passed."""


class AnswerWithdrawal(Model):
    """A version that nobody should run. What its notice says is null if that could not be read."""

    id: Digest
    """The SHA-256 of its notice, which names it."""
    version: ReleaseVersion
    """The version that is withdrawn."""
    because: Quotation | None
    """Why, in the publisher's words."""
    at: SignedTime | None
    """When it was decided."""
    action: WithdrawalAction | None
    """What the publisher asks of whoever runs it; `reason` says what that means now."""
    replaced_by: ReleaseVersion | None
    """The version to run instead, if the publisher names one; it need not be offered yet."""


class AnswerSetting(Model):
    """A setting, as the channel's people have signed it."""

    id: Slug
    """Its id."""
    name: Text
    """Its name, as the program shows it."""
    how: Text
    """Where to find it."""


class AnswerMitigation(Model):
    """A setting that helps the running version until a fix is out."""

    id: Digest
    """SHA-256 of its notice."""
    setting: AnswerSetting
    """What to set."""
    value: SettingValue
    """What to set it to."""
    because: Quotation
    """Why, in one person's words."""
    at: SignedTime
    """When it was decided."""
    until: SignedTime
    """When the advice ends."""
    fixed_in: ReleaseVersion | None
    """The version that needs it no more; null where it is not known."""


class Answer(Model):
    """One run of `tidegate check` or `tidegate download`. Every key is always there, null where it does not apply."""

    format: Literal["tidegate-answer/1"]
    """Name and version of this format."""
    ok: bool
    """True if the channel was reached and everything verified."""
    verdict: Literal["verified", "not verified", "expired", "unreachable", "failed here", "stopped", "not done"]
    """The outcome in one or two words."""
    exit_code: int
    """The exit code of the command."""
    error: AnswerError | None
    """What went wrong; all keys below, but for `checked_at`, are null then."""
    checked_at: UtcTime
    """When the channel was asked."""
    valid_until: SignedTime | None
    """When the first of the signatures expires on which the answer rests; ask again before."""
    product: Slug | None
    """The product, by id."""
    channel: Slug | None
    """The channel, by id."""
    platform: Slug | None
    """The platform that the answer is for."""
    current: ReleaseVersion | None
    """The running version; null for a fresh install."""
    outcome: Outcome | None
    """How the running version compares with the published one."""
    reason: str | None
    """One plain sentence."""
    action: Action | None
    """How urgent the offer is; null if nothing is offered."""
    secure: bool | None
    """False if the running version is below the security floor, withdrawn or taken back."""
    release: FeedRelease | None
    """What is offered: a newer release, or with `withdrawn` perhaps the one to go back to."""
    required_by: SignedTime | None
    """By when an event requires what is offered, once that is urgent; null otherwise."""
    hold: AnswerHold | None
    """The hold on what would be offered otherwise."""
    withdrawal: AnswerWithdrawal | None
    """The withdrawal of the running version."""
    min_secure: ReleaseVersion | None
    """The security floor."""
    withdrawn: tuple[ReleaseVersion, ...] | None
    """Versions that the channel has taken back."""
    deprecations: tuple[FeedDeprecation, ...] | None
    """What will be removed from this product."""
    requirements: tuple[AnswerRequirement, ...] | None
    """Versions that events require and the running version does not meet, the next one first."""
    mitigations: tuple[AnswerMitigation, ...] | None
    """Settings that help the running version until a fix is out."""
    left_out: tuple[str, ...] | None
    """Why advice may be missing, a sentence each."""
    signed_by: tuple[AnswerSignature, ...] | None
    """Whose signatures on the channel's metadata verified."""
    download: AnswerDownload | None
    """The file that was fetched; null after a check."""


class OfflineAnswer(Model):
    """How every answer begins that a command also gives without a network; subclasses narrow `format`."""

    format: str
    """Name and version of the format."""
    ok: bool
    """True if everything verified, whatever the answer is."""
    verdict: Literal["verified", "not verified", "expired", "unreachable", "failed here", "stopped", "not done"]
    """Whether the answer can be believed, in one or two words."""
    exit_code: int
    """The exit code of the command."""
    error: AnswerError | None
    """What went wrong; all keys below, but for `checked_at`, are null then."""
    checked_at: UtcTime
    """When the answer was given."""
    reached_at: UtcTime | None
    """When the channel was reached last; before `checked_at` if it could not be reached for this answer."""
    valid_until: SignedTime | None
    """When the first of the signatures expires on which the answer rests; ask again before."""
    product: Slug | None
    """The product, by id."""
    channel: Slug | None
    """The channel, by id."""
    platform: Slug | None
    """The platform that the answer is for."""
