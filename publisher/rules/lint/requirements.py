"""Versions that events require and that will not be out in time, or are too many, said early (R28, R93)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from publisher.model.catalog import Catalog
from publisher.rules import english
from publisher.rules.lint.lint import Lint
from publisher.rules.requirements.published import public_requirements
from publisher.rules.requirements.required import EventRequirement, every_requirement, required_release
from publisher.wire.requirement import MOST


def late_requirements(catalog: Catalog, now: datetime, horizon: timedelta) -> Iterator[Lint]:
    """What is required, is not published, and should be out before `now` + `horizon`."""
    for requirement in every_requirement(catalog):
        product = catalog.products.get(requirement.required.product)
        policy = catalog.policy_at(now)
        if product is None or requirement.due(policy) <= now:
            continue
        safe = requirement.last_safe_ship(policy, product)
        if safe < now + horizon and (lack := _lack(catalog, requirement, now, safe)) is not None:
            what, fix = lack
            required = requirement.required
            name = f"{required.product} {required.at_least} in {required.channel}"
            due = english.day(requirement.due(policy))
            yield Lint(requirement.event.id, f"it requires {name} by {due}, and {what}", fix)


def too_many_requirements(catalog: Catalog, now: datetime) -> Iterator[Lint]:
    """Release lines of which more is required than clients read; then nothing can be published there."""
    for product in catalog.products.values():
        for channel in product.channels:
            if (count := len(public_requirements(catalog, product.id, channel, now))) > MOST:
                what = f"events require {count} versions in {channel}, and clients read at most {MOST}"
                yield Lint(product.id, what, "remove `requires` of events that are long over")


def _lack(catalog: Catalog, requirement: EventRequirement, now: datetime, safe: datetime) -> tuple[str, str] | None:
    """What is missing, and what to do; None where the version is out, or will be in time."""
    required = requirement.required
    release = required_release(catalog, requirement)
    by = f"by {english.moment(safe)}, the last safe date" if safe > now else "at once: the last safe date is over"
    if release is None:
        candidates = [
            str(other.version)
            for other in catalog.releases_of(required.product)
            if required.channel in other.channels and other.version.prerelease and other.version >= required.at_least
        ]
        only = f"there are only pre-releases ({english.few(candidates)}), which do not count"
        file = f"releases/{required.product}/{required.at_least}.yaml"
        return only if candidates else "no release meets that", f"add {file}, to ship {by}"
    if release.shipped_at is not None and release.shipped_at <= now:
        return None
    if release.planned_for is None:
        return f"{release.version} has no planned date", f"set `planned_for`, to ship {by}"
    if release.planned_for > safe:
        late = f"{release.version} is planned for {english.moment(release.planned_for)}"
        return f"{late}, after the last safe date", f"plan it to ship {by}; `publish plan {release.id}` shows how"
    return None
