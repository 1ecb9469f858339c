"""What feeds and pages say of the versions that events require: no word of events that are not public (R96)."""

from __future__ import annotations

from datetime import datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.model.content.event import Trigger
from publisher.model.content.policy import Policy
from publisher.model.records.feed_format import FeedEstimate, FeedRequirement
from publisher.rules.requirements.required import EventRequirement, requirements_of
from publisher.wire.requirement import covers


def public_requirements(catalog: Catalog, product: str, channel: str, now: datetime) -> tuple[EventRequirement, ...]:
    """What the events that the public may know of require on the channel, by moment.

    Of what is over, only what no other requirement covers: the list stays short, and people still read "too late".
    """
    policy = catalog.policy_at(now)
    public = [each for each in requirements_of(catalog, product, channel) if each.event.is_public(now)]
    over = [each for each in public if each.due(policy) <= now]
    return tuple(
        each
        for index, each in enumerate(public)
        if each not in over or not any(covers(later.required, each.required) for later in over[index + 1 :])
    )


def as_written(catalog: Catalog, policy: Policy, requirement: EventRequirement, url: str) -> FeedRequirement:
    """The requirement with its dates, and the address of its event, which must be public."""
    event, required = requirement.event, requirement.required
    safe, trigger = requirement.last_safe_ship(policy, catalog.products[required.product]), requirement.estimate
    return FeedRequirement(
        event=event.id,
        title=event.title,
        at_least=required.at_least,
        audiences=required.audiences,
        by=requirement.moment,
        runway_begins=safe,
        estimate=_estimate(trigger, policy, safe) if trigger is not None else None,
        url=url,
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
