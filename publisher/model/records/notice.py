"""`tidegate-notice/1`: why a version is held or withdrawn. `publish schema` writes its JSON Schema.

Clients read it through `publisher.wire.notice`, which knows nothing of this module; a test holds the two together.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

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
