"""Checks across files: ids that are unique, references that resolve, versions and dates that agree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import PurePath

from publisher.content.catalog_items import Item, Loaded, LoadedConfiguration
from publisher.content.links.advisories import advisory_problems
from publisher.content.links.checks import exists, file_named, once
from publisher.content.links.maintenance import maintenance_problems
from publisher.content.links.requirements import requirement_problems
from publisher.content.links.risk_register import register_problems
from publisher.content.links.support import support_problems
from publisher.errors import Place, Problem
from publisher.model.config.role import SHARED_ROLES, TOP_LEVEL_ROLES
from publisher.model.content.event import Event
from publisher.model.content.policy import Policy
from publisher.model.content.product import Product
from publisher.model.content.release import Release
from publisher.model.file_names import same_but_for_case
from publisher.rules.english import counted
from publisher.rules.quorum import shortfalls
from publisher.signing.schemes import SCHEMES
from publisher.text.markdown import problem_of as markdown_problem
from publisher.text.suggest import did_you_mean


def link_problems(loaded: Loaded, *, quorums: bool = True) -> list[Problem]:
    """Everything that is wrong between items that are each valid. `quorums`: also roles that are short of keys."""
    return [
        *configuration_problems(loaded, quorums=quorums),
        *_unique_content(loaded),
        *(policy_problems(loaded.policy) if loaded.policy else ()),
        *_events(loaded),
        *_releases(loaded),
        *_deprecations(loaded),
        *advisory_problems(loaded),
        *register_problems(loaded),
        *maintenance_problems(loaded),
        *requirement_problems(loaded),
        *support_problems(loaded),
        *_markdown(loaded),
    ]


def configuration_problems(loaded: LoadedConfiguration, *, quorums: bool = True) -> list[Problem]:
    """The same of the configuration alone."""
    return [
        *_unique_configuration(loaded),
        *_products(loaded),
        *_roles(loaded, quorums=quorums),
        *_signers(loaded),
        *_endpoints(loaded),
    ]


def _unique_content(loaded: Loaded) -> Iterator[Problem]:
    yield from _used_once("event id", ((i.value.id, i.place("id")) for i in loaded.events))
    yield from _used_once("deprecation id", ((i.value.id, i.place("id")) for i in loaded.deprecations))
    yield from _used_once("sprint freeze id", ((i.value.id, i.place("id")) for i in loaded.sprints))
    yield from _sprints_named_like_events(loaded)
    yield from _used_once("scenario id", ((i.value.id, i.place("id")) for i in loaded.scenarios))
    yield from _used_once("signal id", ((i.value.id, i.place("id")) for i in loaded.signals))
    yield from _used_once("monitor id", ((i.value.id, i.place("id")) for i in loaded.monitors))
    yield from _used_once("override id", ((i.value.id, i.place("id")) for i in loaded.overrides))
    yield from _used_once("maintenance id", ((i.value.id, i.place("id")) for i in loaded.maintenance))
    yield from _used_once("advisory id", ((i.value.id, i.place("id")) for i in loaded.advisories))


def _sprints_named_like_events(loaded: Loaded) -> Iterator[Problem]:
    """A freeze is known by the id of its cause: with one id for two, what passes the one would pass the other."""
    events = {item.value.id: item.place("id") for item in loaded.events}
    for item in loaded.sprints:
        if (place := events.get(item.value.id)) is not None:
            what = f"sprint freeze id {item.value.id} is already used by the event in {place}"
            yield Problem(what, item.place("id"), "choose another: ids are never reused")


def _used_once(kind: str, named: Iterable[tuple[str, Place]]) -> Iterator[Problem]:
    first: dict[str, Place] = {}
    for name, place in named:
        if name in first:
            what = f"{kind} {name} is already used in {first[name]}"
            yield Problem(what, place, "choose another: ids are never reused")
        else:
            first[name] = place


def _unique_configuration(loaded: LoadedConfiguration) -> Iterator[Problem]:
    signers = loaded.signers
    keys = [(s, n) for n, s in enumerate(signers.value.signers)] if signers else []
    yield from _used_once("product id", ((i.value.id, i.place("id")) for i in loaded.products))
    yield from _used_once("channel id", ((i.value.id, i.place("id")) for i in loaded.channels))
    yield from _used_once("signer name", ((s.name, signers.place("signers", n, "name")) for s, n in keys if signers))
    # One key under two names would count as two persons.
    public: dict[str, str] = {}
    for signer, index in keys:
        if signer.public in public and signers:
            what = f"{signer.name} has the same key as {public[signer.public]}"
            yield Problem(what, signers.place("signers", index, "public"), "give every signer their own key")
        public.setdefault(signer.public, signer.name)


def _products(loaded: LoadedConfiguration) -> Iterator[Problem]:
    channels = {item.value.id for item in loaded.channels}
    for item in loaded.products:
        yield from once(item.value.channels, "channel", item, "channels")
        yield from once(item.value.platforms, "platform", item, "platforms")
        yield from once([usage.region for usage in item.value.usage], "region", item, "usage")
        if (shares := sum(usage.share for usage in item.value.usage)) > 100:
            what = f"the shares of all regions of {item.value.id} add up to {shares} percent"
            yield Problem(what, item.place("usage"), "write shares that add up to 100")
        if "channels" in loaded.incomplete:
            continue
        for index, channel in enumerate(item.value.channels):
            yield from exists(channel, channels, "channel", item.place("channels", index))


def _roles(loaded: LoadedConfiguration, *, quorums: bool) -> Iterator[Problem]:
    item, signers = loaded.roles, loaded.both
    if item is None:
        return
    for role in (*TOP_LEVEL_ROLES, "channels"):
        if role not in item.value.roles:
            yield Problem(f"role {role} has no policy", item.place("roles"), "set how many must sign, and for how long")
    for role in item.value.roles:
        yield from _known(role, loaded, item.place("roles", role))
    for role, policy in item.value.roles.items():
        if len(policy.duties) > policy.threshold:
            yield Problem(
                f"role {role} asks for {len(policy.duties)} duties but only {counted(policy.threshold, 'signature')}",
                item.place("roles", role, "threshold"),
                f"raise the threshold to {len(policy.duties)}, one signer for each duty",
            )
        if signers is not None and signers.signers and quorums:
            for shortfall in shortfalls(signers, role):
                at = ("duties",) if shortfall.field == "duties" else ()
                yield Problem(shortfall.what, item.place("roles", role, *at), shortfall.fix)


def _signers(loaded: LoadedConfiguration) -> Iterator[Problem]:
    item = loaded.signers
    if item is None:
        return
    for index, signer in enumerate(item.value.signers):
        yield from exists(signer.scheme, SCHEMES, "signature scheme", item.place("signers", index, "scheme"))
        for position, role in enumerate(signer.roles):
            yield from _known(role, loaded, item.place("signers", index, "roles", position))


def _known(role: str, loaded: LoadedConfiguration, place: Place) -> Iterator[Problem]:
    if {"products", "channels"} & loaded.incomplete:
        return
    pairs = {f"{p.value.id}.{channel}" for p in loaded.products for channel in p.value.channels}
    yield from exists(role, {*TOP_LEVEL_ROLES, *SHARED_ROLES, "minisign", "channels", *pairs}, "role", place)


def _endpoints(loaded: LoadedConfiguration) -> Iterator[Problem]:
    item = loaded.endpoints
    if item is None:
        return
    yield from once(item.value.downloads, "address", item, "downloads")
    if loaded.signers is None or loaded.signers.value.demo:
        return
    named = [(item.value.site, item.place("site"))]
    named += [(origin, item.place("downloads", index)) for index, origin in enumerate(item.value.downloads)]
    for origin, place in named:
        if not origin.startswith("https://"):
            yield Problem(f"{origin} is not https", place, "use https; plain http is for the demo only")


def policy_problems(item: Item[Policy]) -> Iterator[Problem]:
    """What is wrong with a policy whose parts are each valid."""
    freeze = item.value.freeze
    for index, adjustment in enumerate(freeze.adjust):
        for position, name in enumerate(adjustment.events):
            place = item.place("freeze", "adjust", index, "events", position)
            yield from exists(name, item.value.event_types, "event type", place)
        if adjustment.severity_at_least > adjustment.severity_at_most:
            place = item.place("freeze", "adjust", index, "severity_at_least")
            yield Problem("no severity matches both limits", place, "swap the two")
        if not (adjustment.add or adjustment.set or adjustment.exempt):
            place = item.place("freeze", "adjust", index)
            yield Problem("the adjustment changes nothing", place, "give it `add`, `set` or `exempt: true`")
        if adjustment.exempt and (adjustment.add or adjustment.set):
            name = "add" if adjustment.add else "set"
            place = item.place("freeze", "adjust", index, name)
            yield Problem(f"`{name}` has no effect with `exempt: true`", place, "remove one of the two")
    seen: dict[str, str] = {}
    for index, base in enumerate(freeze.base):
        for position, name in enumerate(base.events):
            if name in seen:
                place = item.place("freeze", "base", index, "events", position)
                yield Problem(f"event type {name} already has the base band of {seen[name]}", place, "keep one of them")
            seen[name] = base.because


def _events(loaded: Loaded) -> Iterator[Problem]:
    for item in loaded.events:
        yield from file_named(item.value.id, item.place("id"))
        if loaded.policy is not None:
            for problem in exists(item.value.type, loaded.policy.value.event_types, "event type", item.place("type")):
                fix = f"{problem.fix}; a new type needs a band under `freeze.base` in policy.yaml"
                yield replace(problem, fix=problem.fix if problem.fix.startswith("did") else fix)


def _releases(loaded: Loaded) -> Iterator[Problem]:
    products = {item.value.id: item.value for item in loaded.products}
    channels = {item.value.id: item.value for item in loaded.channels}
    events = {item.value.id: item.value for item in loaded.events}
    by_product: dict[str, list[Item[Release]]] = {}
    for item in loaded.releases:
        release = item.value
        yield from file_named(str(release.version), item.place("version"))
        yield from _folder(release.product, item.place("product"))
        yield from once([artifact.file for artifact in release.artifacts], "file", item, "artifacts")
        if twins := same_but_for_case(dict.fromkeys(artifact.file for artifact in release.artifacts)):
            what = f"the files {twins[0]} and {twins[1]} differ only in case; Windows and macOS treat them as the same"
            yield Problem(what, item.place("artifacts"), "rename one of them")
        yield from _release_events(item, events, complete="events" not in loaded.incomplete)
        if "products" in loaded.incomplete:
            continue
        yield from exists(release.product, products, "product", item.place("product"))
        product = products.get(release.product)
        if product is None:
            continue
        by_product.setdefault(product.id, []).append(item)
        yield from _first_release(item, loaded)
        yield from _classification(item, product)
        for index, channel in enumerate(release.channels):
            yield from exists(
                channel, product.channels, f"channel of {product.id} named", item.place("channels", index)
            )
            if channel in channels and release.version.prerelease and not channels[channel].prereleases:
                yield Problem(
                    f"channel {channel} does not accept pre-releases like {release.version}",
                    item.place("channels", index),
                    "ship it to another channel",
                )
        for index, artifact in enumerate(release.artifacts):
            yield from exists(
                artifact.platform,
                product.platforms,
                f"platform of {product.id} named",
                item.place("artifacts", index, "platform"),
            )
    for items in by_product.values():
        by_lower = {str(item.value.version).lower(): item for item in reversed(items)}
        for item in items:
            other = by_lower[str(item.value.version).lower()]
            if str(other.value.version) != str(item.value.version):
                what = (
                    f"{item.value.version} differs from {other.value.version} in {other.place('version')} only in case"
                )
                fix = "choose another version; Windows and macOS treat their files as the same"
                yield Problem(what, item.place("version"), fix)
        ordered = sorted(items, key=lambda item: item.value.version)
        for earlier, later in pairwise(ordered):
            if earlier.value.version == later.value.version:
                yield Problem(
                    f"{later.value.id} is the same version as {earlier.value.version} in {earlier.place('version')}",
                    later.place("version"),
                    "choose another version; each can be used only once",
                )


def _first_release(item: Item[Release], loaded: Loaded) -> Iterator[Problem]:
    """Only a product's first release has no version to go back to."""
    release = item.value
    if release.rollback is None or release.rollback.bundle != "none-first-release":
        return
    same = (other.value for other in loaded.releases if other.value.product == release.product)
    if (before := next((earlier for earlier in same if earlier.version < release.version), None)) is not None:
        yield Problem(
            f"{release.id} is not the first release; {before.version} came before it",
            item.place("rollback", "bundle"),
            f"write the SHA-256 of the bundle for the rollback to {before.version}",
        )


def _classification(item: Item[Release], product: Product) -> Iterator[Problem]:
    """A release may be handled with more care than its product asks for, and not with less (R95)."""
    for name in ("blast_radius", "event_sensitivity"):
        own, usual = getattr(item.value, name), getattr(product, name)
        if own is not None and own < usual:
            yield Problem(
                f"{name} {own} is less than the {usual} of {product.id}, and would shorten freezes",
                item.place(name),
                f"write {usual} or more, or leave it out; values for every release belong in products.yaml",
            )


def _release_events(item: Item[Release], events: Mapping[str, Event], *, complete: bool) -> Iterator[Problem]:
    release = item.value
    for index, name in enumerate(release.events):
        place = item.place("events", index)
        if complete:
            yield from exists(name, events, "event", place)
        if name in events and events[name].visibility == "internal" and release.visibility == "public":
            yield Problem(
                f"event {name} is internal, but this release is public",
                place,
                "remove it here; its freeze applies anyway",
            )


def _folder(product: str, place: Place) -> Iterator[Problem]:
    """A release lies in the folder of its product."""
    folder = PurePath(place.file).parent.name
    if folder != product:
        yield Problem(f"is a release of {product} in the folder {folder}", place, f"move it to releases/{product}/")


def _deprecations(loaded: Loaded) -> Iterator[Problem]:
    products = {item.value.id for item in loaded.products}
    versions = {(item.value.product, item.value.version) for item in loaded.releases}
    for item in loaded.deprecations:
        deprecation = item.value
        yield from file_named(deprecation.id, item.place("id"))
        if "products" not in loaded.incomplete:
            yield from exists(deprecation.product, products, "product", item.place("product"))
        if deprecation.product not in products or "releases" in loaded.incomplete:
            continue
        for field in ("marked_in", "warned_in"):
            version = getattr(deprecation, field)
            if version is not None and (deprecation.product, version) not in versions:
                known = [str(v) for product, v in versions if product == deprecation.product]
                guess = f"; {did_you_mean(str(version), known)}" if known else ""
                fix = f"write releases/{deprecation.product}/{version}.yaml{guess}"
                what = f"there is no release of {deprecation.product} named {version}"
                yield Problem(what, item.place(field), fix)


def _markdown(loaded: Loaded) -> Iterator[Problem]:
    """Texts of several paragraphs keep to the Markdown subset."""
    for text, name, place in (
        *((i.value.summary, "summary", i.place("summary")) for i in loaded.events),
        *((i.value.notes.body, "body", i.place("notes", "body")) for i in loaded.releases if i.value.notes.body),
        *((i.value.migration, "migration", i.place("migration")) for i in loaded.deprecations),
        *((i.value.details, "details", i.place("details")) for i in loaded.advisories if i.value.details),
    ):
        if problem := markdown_problem(text or ""):
            yield Problem(f"`{name}` {problem[0]}", place, problem[1])
