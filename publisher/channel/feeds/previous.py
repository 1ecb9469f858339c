"""The release that a feed names beside the one that it offers, for who may not get that (R81).

It comes from what is live, which people have signed, and never from content or from staging. So whoever rebuilds a
candidate gets the same one, and no candidate can bring another.
"""

from __future__ import annotations

from collections.abc import Mapping

from publisher.channel.brakes import channel_brakes
from publisher.channel.layout import channel_role
from publisher.channel.repository import Repository, withdrawn_by
from publisher.model.catalog import Catalog
from publisher.model.content.release import Release
from publisher.wire.feed_parser import OfferedRelease, ParsedFeed
from publisher.wire.version import Version


def previous_releases(
    catalog: Catalog, release: Release, channel: str, live: Repository | None, offered: Mapping[str, ParsedFeed]
) -> dict[str, OfferedRelease]:
    """Platform -> the release that a feed names as the previous one once it offers `release`.

    `offered` are the feeds that are live: it is what they offer, or their own previous release where they offer this
    version already or one that nobody should get. Platforms without a suitable one are left out: one that is below the
    security floor, or withdrawn, is none. Raises VerificationError.
    """
    role, floor = channel_role(release.product, channel), catalog.products[release.product].min_secure
    current = live.roles.get(role) if live is not None else None
    taken_back, stopped = withdrawn_by(current.signed if current is not None else None), channel_brakes(live, role)

    def suits(version: Version, platform: str) -> bool:
        secure = floor is None or version >= floor
        withdrawn = version in taken_back or stopped.withdrawal_of(version, platform) is not None
        return version < release.version and secure and not withdrawn

    suitable = {
        platform: [
            earlier
            for earlier in (feed.release, feed.previous)
            if earlier is not None and suits(earlier.version, platform)
        ]
        for platform, feed in offered.items()
    }
    return {platform: releases[0] for platform, releases in suitable.items() if releases}
