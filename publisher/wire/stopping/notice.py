"""Notices: why a version is held or withdrawn, for whoever it concerns (R82).

A notice is a small JSON object under tuf/targets/brakes/PRODUCT/CHANNEL/<sha256>.notice.json. The signed metadata of
the role brakes names it by its SHA-256 and repeats what clients decide on, the version and the platforms; so a notice
that cannot be read makes a client say less, and never offer more.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from publisher.wire.errors import FeedError
from publisher.wire.feed_words import BrakeKind, WithdrawalAction
from publisher.wire.json_object import JsonObject, choice_of, load, slug_at, text_at, time_at, version_at
from publisher.wire.quotation import quotable_version_at, why_not_quotable
from publisher.wire.stopping.brakes import Brake
from publisher.wire.version import Version

__all__ = ["FORMAT", "MAX_BYTES", "BrakeNotice", "notice_of", "notice_path"]

FORMAT = "tidegate-notice/1"

MAX_BYTES = 4 * 1024
"""The largest notice that is read."""


@dataclass(frozen=True)
class BrakeNotice:
    """The reason for a brake, and what to expect or to do."""

    kind: BrakeKind
    product: str
    channel: str
    version: Version
    platforms: tuple[str, ...]
    """Ids of platforms, ascending; empty: all."""
    at: datetime
    """When it was decided, UTC."""
    because: str
    """One person's words, shown as a quotation."""
    next_update: datetime | None = None
    """When the publisher has promised to say more, UTC; holds have one."""
    action: WithdrawalAction | None = None
    """What to do; withdrawals have one."""
    replaced_by: Version | None = None
    """The version to run instead, where a withdrawal names one."""


def notice_path(product: str, channel: str) -> str:
    """The target path of a channel's notices; the object has the notice's SHA-256 before its last part."""
    return f"brakes/{product}/{channel}/notice.json"


def notice_of(brake: Brake, product: str, channel: str, data: bytes) -> BrakeNotice:
    """The notice that `brake` names, from its bytes. Raises FeedError where they are another one, or malformed."""
    if hashlib.sha256(data).hexdigest() != brake.id:
        raise FeedError("the notice is not the one that was signed")
    notice = _parse(data)
    about = (notice.product, notice.channel, notice.version, notice.platforms)
    if about != (product, channel, brake.version, brake.platforms):
        raise FeedError("the notice is about something else than the brake that names it")
    return notice


def _parse(data: bytes) -> BrakeNotice:
    root = JsonObject(load(data, MAX_BYTES), "notice")
    if (written := root.text("format")) != FORMAT:
        raise FeedError(f"the notice has the format {written!a}, and this client knows {FORMAT}")
    kind = root.required("kind", choice_of(BrakeKind))
    because = root.text("because")
    if (reason := why_not_quotable(because)) is not None:
        raise FeedError(f"notice.because {reason}")
    hold = kind is BrakeKind.HOLD
    return BrakeNotice(
        kind=kind,
        product=root.slug("product"),
        channel=root.slug("channel"),
        version=root.required("version", version_at),
        platforms=tuple(sorted(slug_at(platform) for platform in root.items("platforms"))),
        at=root.required("at", time_at),
        because=text_at((because, "notice.because")),
        next_update=root.required("next_update", time_at) if hold else None,
        action=None if hold else root.required("action", choice_of(WithdrawalAction)),
        replaced_by=None if hold else root.optional("replaced_by", quotable_version_at),
    )
