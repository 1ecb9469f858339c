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
from publisher.wire.feed_parser import OfferedRelease, parse_feed
from publisher.wire.web_path import address_of


def build_feed(
    catalog: Catalog,
    release: Release,
    channel: str,
    artifact: PublishedFile,
    previous: OfferedRelease | None,
    now: datetime,
) -> Feed:
    """What one platform is told of a release, and of the `previous` one, as the live feed has it."""
    endpoints = catalog.endpoints
    target = artifact_target(release.product, channel, str(release.version), artifact.file)
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
                urls=_urls(catalog, target, artifact.sha256),
            ),
        ),
        previous=_as_published(catalog, previous) if previous is not None else None,
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
        settings=catalog.products[release.product].settings,
    )


def _as_published(catalog: Catalog, release: OfferedRelease) -> FeedRelease:
    """A release as a signed feed has it, at the addresses that are pinned today.

    Not validated by today's rules for content: people have signed it, and clients read it.
    """
    artifact = release.artifact
    return FeedRelease.model_construct(
        version=release.version,
        sentence=release.sentence,
        action=release.action,
        required_by=release.required_by,
        restart=release.restart,
        old_peers_ok_until=release.old_peers_ok_until,
        symptoms=release.symptoms,
        notes_url=release.notes_url,
        artifact=FeedArtifact(
            file=artifact.file,
            size=artifact.size,
            sha256=artifact.sha256,
            target=artifact.target,
            urls=_urls(catalog, artifact.target, artifact.sha256),
        ),
    )


def _urls(catalog: Catalog, target: str, sha256: str) -> tuple[str, ...]:
    return tuple(address_of(origin, target_key(target, sha256)) for origin in catalog.endpoints.downloads)


def feed_bytes(feed: Feed) -> bytes:
    """Compact JSON; the same feed always gives the same bytes. Raises InputError when our client would refuse it."""
    data = feed.model_dump_json(exclude_none=True).encode() + b"\n"
    try:
        parse_feed(data)
    except ClientError as error:
        raise InputError(f"clients would refuse the feed for {feed.platform}: {error.what}") from error
    return data
