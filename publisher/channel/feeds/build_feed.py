"""Feed files from content and published bytes."""

from __future__ import annotations

from datetime import datetime

from publisher.channel.feeds.feed_requirements import feed_requirements
from publisher.channel.layout import artifact_target, target_key
from publisher.errors import InputError
from publisher.model.catalog import Catalog
from publisher.model.content.deprecation import DeprecationState
from publisher.model.content.release import Release
from publisher.model.published_file import PublishedFile
from publisher.model.records.feed_format import Feed, FeedArtifact, FeedDeprecation, FeedRelease
from publisher.rules.calendar.lifecycle import deprecation_state
from publisher.wire.errors import ClientError
from publisher.wire.feed_parser import parse_feed
from publisher.wire.web_path import address_of


def build_feed(catalog: Catalog, release: Release, channel: str, artifact: PublishedFile, now: datetime) -> Feed:
    """What one platform is told of a release."""
    endpoints = catalog.endpoints
    target = artifact_target(release.product, channel, str(release.version), artifact.file)
    key = target_key(target, artifact.sha256)
    return Feed(
        product=release.product,
        channel=channel,
        platform=artifact.platform,
        release=FeedRelease(
            version=release.version,
            sentence=release.sentence,
            action=release.notes.action,
            required_by=release.notes.required_by,
            restart=release.notes.restart,
            old_peers_ok_until=release.notes.old_peers_ok_until,
            symptoms=release.notes.symptoms,
            notes_url=address_of(endpoints.site, f"releases/{release.product}/{release.version}/"),
            artifact=FeedArtifact(
                file=artifact.file,
                size=artifact.size,
                sha256=artifact.sha256,
                target=target,
                urls=tuple(address_of(origin, key) for origin in endpoints.downloads),
            ),
        ),
        min_secure=catalog.products[release.product].min_secure,
        deprecations=tuple(
            FeedDeprecation(
                id=deprecation.id,
                subject=deprecation.subject,
                state=state,
                remove_in=deprecation.remove_in,
                replacement=deprecation.replacement,
            )
            for deprecation in catalog.deprecations
            if deprecation.product == release.product
            and deprecation.announced <= now
            and (state := deprecation_state(catalog, deprecation, now)) is not DeprecationState.REMOVED
        ),
        requirements=feed_requirements(catalog, release.product, channel, now),
    )


def feed_bytes(feed: Feed) -> bytes:
    """Compact JSON; the same feed always gives the same bytes. Raises InputError when our client would refuse it."""
    data = feed.model_dump_json(exclude_none=True).encode() + b"\n"
    try:
        parse_feed(data)
    except ClientError as error:
        raise InputError(f"clients would refuse the feed for {feed.platform}: {error.what}") from error
    return data
