"""What a foreign row says of versions -> what an event requires."""

from __future__ import annotations

from pydantic import ValidationError

from publisher.content.foreign.fields import Unusable, first_problem, fits, shown, value
from publisher.content.foreign.rows import Row
from publisher.model.catalog import Catalog
from publisher.model.config.schedule import RequiredLine, ScheduledRequirements
from publisher.model.content.requirement import RequiredVersion
from publisher.text.suggest import did_you_mean
from publisher.wire.version import Version

Notes = list[tuple[str, str]]
"""What could not be used, as reason and detail."""


def required_versions(
    row: Row, mapping: ScheduledRequirements | None, event_type: str, catalog: Catalog
) -> tuple[tuple[RequiredVersion, ...], Notes]:
    """The lowest version of each release line that survives the event, and what cannot be required."""
    notes: Notes = []
    if mapping is None:
        return (), notes
    clients = value(row, mapping.field)
    if not isinstance(clients, dict):
        reason = f"has no `{mapping.field}` with clients and versions, so that its event requires nothing of its own"
        notes.append((reason, "" if clients is None else shown(clients)))
        return (), notes
    if event_type not in catalog.policy.requirements.events:
        notes.append(("requires versions, which the policy allows no event of its type", event_type))
        return (), notes
    by_line: dict[tuple[str, str], RequiredVersion] = {}
    for client, version in clients.items():
        if client in mapping.not_ours:
            continue
        written = f"{shown(client)} {shown(version)}"
        try:
            required = _required(row, mapping, client, version, catalog)
        except Unusable as unusable:
            notes.append((unusable.reason, f"{written}{unusable.detail}"))
            continue
        line = required.product, required.channel
        if (other := by_line.get(line)) is not None:
            notes.append(("requires two versions of one release line; the higher one counts", written))
            required = max(required, other, key=lambda each: each.at_least)
        elif required.at_least.prerelease:
            notes.append(("requires a pre-release, which its finished version meets too", written))
        by_line[line] = required
    return tuple(by_line.values()), notes


def _required(
    row: Row, mapping: ScheduledRequirements, client: str, written: object, catalog: Catalog
) -> RequiredVersion:
    """What is required of a client; raises Unusable with what follows client and version in a detail."""
    name = mapping.products.get(client, client)
    if (product := catalog.products.get(name)) is None:
        named = "" if name == client else f", in the mapping {name}"
        known = did_you_mean(shown(name), catalog.products)
        raise Unusable("requires a client that is no product here", f"{named}; {known}")
    if not isinstance(written, str):
        raise Unusable("requires a version that is no text", "; put it in quotes")
    text = written[1:] if written[:1] == "v" else written  # a tag is often the version after a v
    try:
        version = Version.parse(text)
    except ValueError as error:
        raise Unusable("requires a version that cannot be one here", f": {error}") from None
    line = next((line for line in mapping.channels if _fits(line, row, name, version)), None)
    if line is None:
        raise Unusable("requires a version that no entry of `channels` in the mapping fits")
    if line.channel not in product.channels:
        known = did_you_mean(line.channel, product.channels)
        reason = "requires a version of a channel that the product does not have"
        raise Unusable(reason, f", channel {line.channel}; {known}")
    try:
        return RequiredVersion.model_validate(
            {"product": name, "channel": line.channel, "at_least": text, "audiences": line.audiences}
        )
    except ValidationError as error:
        raise Unusable("requires a version that cannot be one here", f": {first_problem(error)}") from None


def _fits(line: RequiredLine, row: Row, product: str, version: Version) -> bool:
    if not fits(row, line.when) or product not in (line.products or (product,)):
        return False
    if line.versions is None:
        return True
    numbers = tuple(map(int, line.versions.split(".")))
    return (*version.release, *[0] * len(numbers))[: len(numbers)] == numbers
