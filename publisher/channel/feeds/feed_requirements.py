"""What a feed says of the versions that events require."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from publisher.errors import InputError
from publisher.model.catalog import Catalog
from publisher.model.content.event import Trigger
from publisher.model.content.policy import Policy
from publisher.model.content.product import Product
from publisher.model.records.feed_format import FeedEstimate, FeedRequirement
from publisher.rules.requirements.required import EventRequirement, requirements_of
from publisher.wire.requirement import MOST
from publisher.wire.web_path import address_of


def feed_requirements(catalog: Catalog, product: str, channel: str, now: datetime) -> tuple[FeedRequirement, ...]:
    """What the events that the public may know of require on the channel, by moment.

    Of what is over, only what no other requirement covers: the feed stays small, and clients still say "too late".
    Raises InputError for more than clients read, since none may be dropped without a word.
    """
    policy = catalog.policy_at(now)
    public = [each for each in requirements_of(catalog, product, channel) if each.event.is_public(now)]
    over = [each for each in public if each.due(policy) <= now]
    kept = [each for index, each in enumerate(public) if each not in over or not _is_covered(each, over[index + 1 :])]
    if len(kept) > MOST:
        raise InputError(
            f"events require {len(kept)} versions of {product} {channel}, and clients read at most {MOST}",
            fix="remove `requires` of events that are long over, or that a later event covers",
        )
    return tuple(_as_written(catalog, catalog.products[product], policy, each) for each in kept)


def _is_covered(requirement: EventRequirement, later: Iterable[EventRequirement]) -> bool:
    """Whether a later requirement asks the same people for as much or more."""
    asked = requirement.required.audiences
    return any(
        other.required.at_least >= requirement.required.at_least
        and (not other.required.audiences or (bool(asked) and set(asked) <= set(other.required.audiences)))
        for other in later
    )


def _as_written(catalog: Catalog, product: Product, policy: Policy, requirement: EventRequirement) -> FeedRequirement:
    event, required = requirement.event, requirement.required
    safe, trigger = requirement.last_safe_ship(policy, product), requirement.estimate
    return FeedRequirement(
        event=event.id,
        title=event.title,
        at_least=required.at_least,
        audiences=required.audiences,
        by=requirement.moment,
        runway_begins=safe,
        estimate=_estimate(trigger, policy, safe) if trigger is not None else None,
        url=address_of(catalog.endpoints.site, f"events/{event.id}/"),
    )


def _estimate(trigger: Trigger, policy: Policy, safe: datetime) -> FeedEstimate:
    """The estimate is believed as long as the rules believe it: long before the runway its age does not matter."""
    uncertainty = policy.freeze.uncertainty
    return FeedEstimate(
        kind=trigger.kind,
        chain=trigger.chain,
        height=trigger.height,
        seen=trigger.seen,
        spacing_ms=round(trigger.spacing_seconds * 1000),
        as_of=trigger.as_of,
        earliest=trigger.earliest,
        latest=trigger.latest,
        drift_seconds_per_day=uncertainty.drift_per_day // timedelta(seconds=1),
        trusted_until=max(trigger.as_of + uncertainty.stale_after, safe - uncertainty.near),
    )
