"""Checks across files: ids that are unique, references that resolve, versions and dates that agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import PurePath

from publisher.content.explain import did_you_mean
from publisher.content.items import Item, Loaded
from publisher.errors import Place, Problem
from publisher.model.markdown import problem_of as markdown_problem
from publisher.model.release import Release
from publisher.model.signer import SHARED_ROLES, TOP_LEVEL_ROLES


def link_problems(loaded: Loaded) -> list[Problem]:
    """Everything that is wrong between items that are each valid."""
    return [
        *_unique(loaded),
        *_products(loaded),
        *_signers(loaded),
        *_endpoints(loaded),
        *_events(loaded),
        *_releases(loaded),
        *_deprecations(loaded),
        *_markdown(loaded),
    ]


def _unique(loaded: Loaded) -> Iterator[Problem]:
    kinds: tuple[tuple[str, Iterable[tuple[str, Place]]], ...] = (
        ("product", ((i.value.id, i.place("id")) for i in loaded.products)),
        ("channel", ((i.value.id, i.place("id")) for i in loaded.channels)),
        ("event", ((i.value.id, i.place("id")) for i in loaded.events)),
        ("deprecation", ((i.value.id, i.place("id")) for i in loaded.deprecations)),
        (
            "signer",
            ((s.name, loaded.signers.place("signers", n)) for n, s in enumerate(loaded.signers.value.signers)),
        ),
    )
    for kind, named in kinds:
        first: dict[str, Place] = {}
        for name, place in named:
            if name in first:
                yield Problem(
                    f"{kind} id {name} is already used in {first[name]}",
                    place,
                    "ids are never reused: choose another",
                )
            else:
                first[name] = place


def _known(word: str, known: Iterable[str], what: str, place: Place) -> Iterator[Problem]:
    choices = set(known)
    if word not in choices:
        yield Problem(f"there is no {what} {word}", place, did_you_mean(word, choices))


def _products(loaded: Loaded) -> Iterator[Problem]:
    channels = {item.value.id for item in loaded.channels}
    for item in loaded.products:
        for index, channel in enumerate(item.value.channels):
            yield from _known(channel, channels, "channel", item.place("channels", index))


def _signers(loaded: Loaded) -> Iterator[Problem]:
    item = loaded.signers
    pairs = {f"{p.value.id}.{channel}" for p in loaded.products for channel in p.value.channels}
    roles = {*TOP_LEVEL_ROLES, *SHARED_ROLES, "minisign", "channels", *pairs}
    for role in item.value.roles:
        yield from _known(role, roles, "role", item.place("roles", role))
    for index, signer in enumerate(item.value.signers):
        for position, role in enumerate(signer.roles):
            yield from _known(role, roles, "role", item.place("signers", index, "roles", position))
    for role, policy in item.value.roles.items():
        persons = {signer.person for signer in item.value.keys_of(role)}
        if item.value.signers and len(persons) < policy.threshold:
            yield Problem(
                f"role {role} needs {policy.threshold} persons and has the keys of {len(persons)}",
                item.place("roles", role),
                "add signers for it, or lower the threshold",
            )
        duties = {signer.duty for signer in item.value.keys_of(role)}
        for duty in policy.duties:
            if item.value.signers and duty not in duties:
                yield Problem(
                    f"role {role} needs a signer of duty {duty} and has none",
                    item.place("roles", role, "duties"),
                )


def _endpoints(loaded: Loaded) -> Iterator[Problem]:
    item = loaded.endpoints
    if loaded.signers.value.demo:
        return
    for name, origins in (("site", (item.value.site,)), ("downloads", item.value.downloads)):
        for origin in origins:
            if not origin.startswith("https://"):
                yield Problem(f"{origin} is not https", item.place(name), "plain http is for the demo only")


def _events(loaded: Loaded) -> Iterator[Problem]:
    types = loaded.policy.value.event_types
    for item in loaded.events:
        yield from _known(item.value.type, types, "event type", item.place("type"))
        yield from _file_name(item.value.id, item.place("id"))
    for field in ("base", "adjust"):
        for index, entry in enumerate(getattr(loaded.policy.value.freeze, field)):
            for position, name in enumerate(entry.events):
                yield from _known(
                    name, types, "event type", loaded.policy.place("freeze", field, index, "events", position)
                )
    seen: dict[str, str] = {}
    for index, base in enumerate(loaded.policy.value.freeze.base):
        for position, name in enumerate(base.events):
            if name in seen:
                place = loaded.policy.place("freeze", "base", index, "events", position)
                yield Problem(f"event type {name} already has the base band of {seen[name]}", place, "keep one of them")
            seen[name] = base.because


def _file_name(expected: str, place: Place) -> Iterator[Problem]:
    """An item's file carries its id, so that people find it and git shows its history."""
    stem = PurePath(place.file).name.removesuffix(".yaml")
    if stem != expected:
        yield Problem(f"stands in a file named {stem}.yaml", place, f"name the file {expected}.yaml")


def _releases(loaded: Loaded) -> Iterator[Problem]:
    products = {item.value.id: item.value for item in loaded.products}
    channels = {item.value.id: item.value for item in loaded.channels}
    events = {item.value.id for item in loaded.events}
    by_product: dict[str, list[Item[Release]]] = {}
    for item in loaded.releases:
        release = item.value
        yield from _known(release.product, products, "product", item.place("product"))
        yield from _file_name(str(release.version), item.place("version"))
        for index, event in enumerate(release.events):
            yield from _known(event, events, "event", item.place("events", index))
        product = products.get(release.product)
        if product is None:
            continue
        by_product.setdefault(product.id, []).append(item)
        for index, channel in enumerate(release.channels):
            yield from _known(
                channel, product.channels, f"channel of {product.id} named", item.place("channels", index)
            )
            if channel in channels and release.version.prerelease and not channels[channel].prereleases:
                yield Problem(
                    f"channel {channel} takes no pre-releases like {release.version}",
                    item.place("channels", index),
                    "ship it to another channel",
                )
        for index, artifact in enumerate(release.artifacts):
            yield from _known(
                artifact.platform,
                product.platforms,
                f"platform of {product.id} named",
                item.place("artifacts", index, "platform"),
            )
    for items in by_product.values():
        ordered = sorted(items, key=lambda item: item.value.version)
        for earlier, later in pairwise(ordered):
            if earlier.value.version == later.value.version:
                yield Problem(
                    f"{later.value.id} is the same version as {earlier.value.version} in {earlier.place('version')}",
                    later.place("version"),
                    "a version is used once",
                )


def _deprecations(loaded: Loaded) -> Iterator[Problem]:
    products = {item.value.id for item in loaded.products}
    versions = {(item.value.product, item.value.version) for item in loaded.releases}
    for item in loaded.deprecations:
        deprecation = item.value
        yield from _known(deprecation.product, products, "product", item.place("product"))
        yield from _file_name(deprecation.id, item.place("id"))
        if deprecation.product not in products:
            continue
        for field in ("marked_in", "warned_in"):
            version = getattr(deprecation, field)
            if version is not None and (deprecation.product, version) not in versions:
                known = (str(v) for product, v in versions if product == deprecation.product)
                yield from _known(str(version), known, f"release of {deprecation.product} named", item.place(field))


def _markdown(loaded: Loaded) -> Iterator[Problem]:
    """Texts of several paragraphs keep to the Markdown subset."""
    for text, place in (
        *((i.value.summary, i.place("summary")) for i in loaded.events),
        *((i.value.notes.body, i.place("notes", "body")) for i in loaded.releases if i.value.notes.body),
        *((i.value.migration, i.place("migration")) for i in loaded.deprecations),
    ):
        if what := markdown_problem(text or ""):
            yield Problem(what, place)
