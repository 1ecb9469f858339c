"""What a feed says of the versions that events require, and what else is announced without a release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from publisher.errors import InputError
from publisher.model.catalog import Catalog
from publisher.model.records.feed_format import FeedRequirement
from publisher.model.values import Model
from publisher.rules.requirements.published import as_written, public_requirements
from publisher.wire.requirement import MOST
from publisher.wire.web_path import address_of


def feed_requirements(catalog: Catalog, product: str, channel: str, now: datetime) -> tuple[FeedRequirement, ...]:
    """What the events that the public may know of require on the channel, by moment.

    Raises InputError for more than clients read, since none may be dropped without a word.
    """
    public = public_requirements(catalog, product, channel, now)
    if len(public) > MOST:
        raise InputError(
            f"events require {len(public)} versions of {product} {channel}, and clients read at most {MOST}",
            fix="remove `requires` of events that are long over, or that a later event covers",
        )
    policy, site = catalog.policy_at(now), catalog.endpoints.site
    return tuple(
        as_written(catalog, policy, requirement, address_of(site, f"events/{requirement.event.id}/"))
        for requirement in public
    )


def announced_fields(catalog: Catalog, product: str, channel: str, now: datetime) -> Mapping[str, Sequence[Model]]:
    """The fields of a feed that change between releases: requirements, and settings that a mitigation may name.

    Raises InputError as `feed_requirements`.
    """
    return {
        "requirements": feed_requirements(catalog, product, channel, now),
        "settings": catalog.products[product].settings,
    }
