"""Pages that explain: the policy, deprecations, overrides; and fragments for prose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from publisher.model.config.role import RolePolicy
from publisher.model.content.deprecation import Deprecation, DeprecationState
from publisher.model.content.product import Product
from publisher.model.content.risk_register import Override
from publisher.rules.calendar.lifecycle import deprecation_state
from publisher.rules.policy_text import policy_text
from publisher.site.matrix import freeze_matrix
from publisher.site.page_model import Page, Scene, page_of
from publisher.site.pages.downloads import minisign_key

FRAGMENTS = ("official-hosts", "minisign-key", "homepages")
"""Names that prose may use in `<!-- data: NAME -->`; each is a template fragment-NAME.md.jinja."""


def pages(scene: Scene) -> Iterator[Page]:
    """Policy, deprecations and the register of overrides."""
    yield Page(
        "policy.md",
        "Release policy",
        "policy.md.jinja",
        "When releases freeze, what may still ship, and how many people must sign. Generated from the policy's data.",
        {
            "policy": scene.policy,
            "coming": [policy for policy in scene.catalog.policies if policy.effective > scene.now],
            "tables": freeze_matrix(scene.bands),
            "roles": roles(scene),
            "sections": [section for section in policy_text(scene.policy) if section.id != "bands"],
        },
        contents=False,
    )
    yield Page(
        "deprecations.md",
        "Deprecations",
        "deprecations.md.jinja",
        "What will be removed, when, and what to use instead.",
        {"items": _deprecations(scene)},
    )
    yield Page(
        "overrides.md",
        "Register of overrides",
        "overrides.md.jinja",
        "Every release that shipped under an override: which rule, why, and who approved it.",
        {"items": _overrides(scene)},
    )


def fragment_context(scene: Scene) -> dict[str, Any]:
    """What fragments for prose may show."""
    return {"endpoints": scene.catalog.endpoints, "key": minisign_key(scene)}


def roles(scene: Scene) -> list[tuple[str, RolePolicy]]:
    """Every role of the channel with its threshold, in the order of the file."""
    return list(scene.catalog.signers.roles.items())


@dataclass(frozen=True)
class OverrideView:
    """An override as the register shows it."""

    item: Override
    title: str
    page: str
    counts: bool
    """Whether it counts at the moment of the page."""


def _overrides(scene: Scene) -> list[OverrideView]:
    """The overrides of releases that may be known, latest first."""
    views = []
    for item in sorted(scene.catalog.overrides, key=lambda override: override.approved_at, reverse=True):
        release = scene.catalog.find(item.product, str(item.version))
        if release is not None:  # the public catalog has no internal releases
            product = scene.catalog.products[item.product]
            counts = item.approved_at <= scene.now < item.expires
            views.append(OverrideView(item, f"{product.name} {item.version}", page_of(release), counts))
    return views


@dataclass(frozen=True)
class DeprecationView:
    """A deprecation with the stage that it has reached, and its releases' pages."""

    item: Deprecation
    product: Product
    state: DeprecationState
    stages: tuple[tuple[str, str | None, str | None, bool], ...]
    """Name, version, page, reached; in order."""


def _deprecations(scene: Scene) -> list[DeprecationView]:
    order = [DeprecationState.WARNED, DeprecationState.MARKED, DeprecationState.ANNOUNCED, DeprecationState.REMOVED]
    views = [_deprecation(scene, item) for item in scene.catalog.deprecations]
    return sorted(views, key=lambda view: (order.index(view.state), view.item.earliest_removal, view.item.id))


def _deprecation(scene: Scene, item: Deprecation) -> DeprecationView:
    live = [
        live_release.version
        for live_release in (scene.state.live if scene.state else ())
        if live_release.product == item.product
    ]
    gone = [release.id for release in scene.catalog.releases_of(item.product) if scene.is_taken_back(release)]
    state = deprecation_state(scene.catalog, item, scene.now, live, gone)
    reached = list(DeprecationState).index(state)
    last = "removed" if item.versions_below is None else "ended"
    stages: list[tuple[str, str | None, str | None, bool]] = [("announced", None, None, True)]
    for number, (name, version) in enumerate(
        (("marked", item.marked_in), ("warns", item.warned_in), (last, item.remove_in)), start=1
    ):
        text = None if version is None else str(version)
        known = text is not None and scene.catalog.find(item.product, text) is not None
        stages.append((name, text, f"releases/{item.product}/{text}.md" if known else None, number <= reached))
    return DeprecationView(item, scene.catalog.products[item.product], state, tuple(stages))
