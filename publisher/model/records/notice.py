"""`tidegate-notice/1`: why a version is held or withdrawn, or what helps. `publish schema` writes the JSON Schemas.

Clients read it through `publisher.wire.stopping.notice`, which knows nothing of this module; a test holds the two
together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from publisher.model.content.setting import SettingValue
from publisher.model.values import Model, PlatformId, ReleaseVersion, Slug, UtcTime
from publisher.wire.feed_words import BrakeKind, WithdrawalAction
from publisher.wire.quotation import LONGEST, why_not_quotable


def _quotable(text: str) -> str:
    if (reason := why_not_quotable(text)) is not None:
        raise ValueError(reason)
    return text


Quotation = Annotated[str, AfterValidator(_quotable), Field(json_schema_extra={"minLength": 1, "maxLength": LONGEST})]
"""One person's reason: no address, no command, no account."""


class NoticeFile(Model):
    """The whole file."""

    format: Literal["tidegate-notice/1"] = "tidegate-notice/1"
    """Name and version of this format."""
    kind: BrakeKind
    """What it stops."""
    product: Slug
    """The product, by id."""
    channel: Slug
    """The channel, by id."""
    version: ReleaseVersion
    """The version that it is about."""
    platforms: tuple[PlatformId, ...] = ()
    """The platforms that it is about, ascending; absent: all."""
    at: UtcTime
    """When it was decided."""
    because: Quotation
    """Why, in one person's words."""
    next_update: UtcTime | None = None
    """When the publisher has promised to say more; a hold has one."""
    action: WithdrawalAction | None = None
    """What whoever runs the version should do; a withdrawal has one."""
    replaced_by: ReleaseVersion | None = None
    """The version to run instead."""

    def to_bytes(self) -> bytes:
        """Compact JSON; the same notice always gives the same bytes."""
        return self.model_dump_json(exclude_none=True).encode() + b"\n"


class MitigationFile(Model):
    """The whole file of a mitigation: a setting that helps until a fix is out."""

    format: Literal["tidegate-notice/1"] = "tidegate-notice/1"
    """Name and version of this format."""
    kind: Literal["mitigation"] = "mitigation"
    """What it is."""
    product: Slug
    """The product, by id."""
    from_: Annotated[ReleaseVersion | None, Field(alias="from")] = None
    """The first version that it is about; absent: all before `before`."""
    before: ReleaseVersion | None = None
    """The first version after those that it is about; absent: all from `from` on."""
    platforms: tuple[PlatformId, ...] = ()
    """The platforms that it is about, ascending; absent: all."""
    setting: Slug
    """The setting, by id; the feed has its name and where to find it."""
    value: SettingValue
    """What to set it to."""
    because: Quotation
    """Why, in one person's words."""
    at: UtcTime
    """When it was decided."""
    until: UtcTime
    """When it ends."""
    fixed_in: ReleaseVersion | None = None
    """The version that needs it no more, where that is known."""

    def to_bytes(self) -> bytes:
        """Compact JSON; the same notice always gives the same bytes."""
        return self.model_dump_json(exclude_none=True, by_alias=True).encode() + b"\n"
