"""Mitigations: a setting that helps until a fix is out, for whoever runs a version that needs it (R86).

The notice of a mitigation is a small JSON object under tuf/targets/notes/PRODUCT/mitigation/<sha256>.notice.json. It
names a setting by its id; the name, where to find it and the values that it can have come from the feed, which the
people of the channel have signed. Pure: the one reading of it for clients, pages and publishers;
tests/vectors/client/mitigations.json holds published test vectors.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from publisher.wire.advice.notes import ListedMitigation
from publisher.wire.advice.settings import SignedSetting, value_at
from publisher.wire.advice.version_range import VersionRange, range_in
from publisher.wire.errors import FeedError
from publisher.wire.json_object import JsonObject, load, slug_at, text_at, time_at
from publisher.wire.quotation import quotable_version_at, why_not_quotable
from publisher.wire.stopping.notice import FORMAT, MAX_BYTES
from publisher.wire.version import Version

__all__ = [
    "KIND",
    "Advice",
    "Mitigation",
    "MitigationNotice",
    "mitigation_notice_of",
    "mitigation_path",
    "mitigations_for",
    "parse_notice",
]

KIND = "mitigation"
"""The kind of notice; the others are those of brakes."""

NOT_SIGNED = (
    "A notice about this version was left out: it names a setting or a value that the channel's people have not signed."
)


@dataclass(frozen=True)
class MitigationNotice:
    """What to set, why and until when."""

    product: str
    versions: VersionRange
    platforms: tuple[str, ...]
    """Ids of platforms, ascending; empty: all."""
    setting: str
    """Id of the setting."""
    value: str
    because: str
    """One person's words, shown as a quotation."""
    at: datetime
    """When it was decided, UTC."""
    until: datetime
    """When it ends, UTC."""
    fixed_in: Version | None = None
    """The version that needs it no more, where that is known."""


@dataclass(frozen=True)
class Mitigation:
    """A notice, and the setting that it names, as the channel's people have signed it."""

    id: str
    """SHA-256 of the notice."""
    notice: MitigationNotice
    setting: SignedSetting


@dataclass(frozen=True)
class Advice:
    """What helps on this machine, and what was left out."""

    mitigations: tuple[Mitigation, ...] = ()
    left_out: tuple[str, ...] = ()
    """A sentence for each reason why something may be missing."""


def mitigation_path(product: str) -> str:
    """The target path of a product's notices; the object has the notice's SHA-256 before its last part."""
    return f"notes/{product}/{KIND}/notice.json"


def mitigation_notice_of(listed: ListedMitigation, product: str, data: bytes) -> MitigationNotice:
    """The notice that metadata lists, from its bytes. Raises FeedError where they are another one, or malformed."""
    if hashlib.sha256(data).hexdigest() != listed.id:
        raise FeedError("the notice is not the one that was signed")
    notice = parse_notice(data)
    about = (notice.product, notice.versions, notice.platforms, notice.until)
    if about != (product, listed.versions, listed.platforms, listed.until):
        raise FeedError("the notice is about something else than the metadata that lists it")
    return notice


def mitigations_for(
    listed: Sequence[ListedMitigation],
    notices: Mapping[str, MitigationNotice],
    settings: Sequence[SignedSetting],
    version: Version,
    platforms: Collection[str],
    now: datetime,
) -> Advice:
    """What helps whoever runs `version` on one of `platforms` at `now`; `notices` are by id, those that could be read.

    A notice about a setting or a value that `settings` does not have is left out, and so is one about a version that
    has the fix.
    """
    by_id = {setting.id: setting for setting in settings}
    mitigations: list[Mitigation] = []
    left_out: dict[str, None] = {}
    for item in listed:
        notice = notices.get(item.id)
        if notice is None or not item.concerns(version, platforms, now):
            continue
        if notice.fixed_in is not None and version >= notice.fixed_in:
            continue
        setting = by_id.get(notice.setting)
        if setting is None or not setting.allows(notice.value):
            left_out[NOT_SIGNED] = None
            continue
        mitigations.append(Mitigation(item.id, notice, setting))
    return Advice(tuple(mitigations), tuple(left_out))


def parse_notice(data: bytes) -> MitigationNotice:
    """A notice, whoever lists it. Raises FeedError."""
    root = JsonObject(load(data, MAX_BYTES), "notice")
    if (written := root.text("format")) != FORMAT:
        raise FeedError(f"the notice has the format {written!a}, and this client knows {FORMAT}")
    if (kind := root.text("kind")) != KIND:
        raise FeedError(f"notice.kind is {kind!a} instead of {KIND}")
    because = root.text("because")
    if (reason := why_not_quotable(because)) is not None:
        raise FeedError(f"notice.because {reason}")
    return MitigationNotice(
        product=root.slug("product"),
        versions=range_in(root),
        platforms=tuple(sorted(slug_at(platform) for platform in root.items("platforms"))),
        setting=root.slug("setting"),
        value=root.required("value", value_at),
        because=text_at((because, "notice.because")),
        at=root.required("at", time_at),
        until=root.required("until", time_at),
        fixed_in=root.optional("fixed_in", quotable_version_at),
    )
