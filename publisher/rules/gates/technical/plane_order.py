"""Control plane and data plane: what goes out first, what soaks, and how carefully (R64-R66, R95)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import merge
from typing import Literal

from publisher.model.content.product import Plane, Product
from publisher.model.content.release import ChangeClass, Release, Step
from publisher.model.records.decision import Outcome, Verdict
from publisher.rules import english
from publisher.rules.engine.question import Question

RULE = "planes.order"

Care = Literal["light", "normal", "careful"]

NORMAL_FROM, CAREFUL_FROM = 9, 15
"""Blast radius times event sensitivity, 1 to 25, from which a release is normal or careful."""


def classification(product: Product, release: Release) -> Care:
    """How carefully the release is handled: by how far it reaches, 1 to 5, times how much events matter to it (R95).

    The release's own numbers count before the product's. What reaches the data of many (5) is never light.
    """
    reach = product.blast_radius if release.blast_radius is None else release.blast_radius
    sensitivity = product.event_sensitivity if release.event_sensitivity is None else release.event_sensitivity
    if reach * sensitivity >= CAREFUL_FROM:
        return "careful"
    return "normal" if reach * sensitivity >= NORMAL_FROM or reach == 5 else "light"


def order(question: Question) -> Verdict:
    """A new default follows code that has soaked; near an event, words go out first and all of it soaks (R66)."""
    for judged in (_new_default(question), _steps_near_an_event(question)):
        if judged is not None and judged.outcome.stops:
            return judged
    if Step.ENABLE_DEFAULT in question.release.steps:
        reason = f"The code of {question.release.enables_default_of} has soaked, and may become the default."
        return Verdict(rule=RULE, outcome=Outcome.PASS, reason=reason)
    steps = english.listed([step.replace("-", " ") for step in question.release.steps])
    return Verdict(rule=RULE, outcome=Outcome.PASS, reason=f"Its steps are in the right order: {steps}.")


def boundaries(question: Question) -> Iterable[datetime]:
    """When the code that becomes the default has shipped and soaked, and, where a step is left out, the events near."""
    shipped = _enabled_since(question)
    soak = () if shipped is None else (shipped, shipped + question.policy.soak)
    near = question.near_boundaries() if _left_out(question) else ()
    return merge(near, (edge for edge in soak if edge > question.now))


def _enabled_since(question: Question) -> datetime | None:
    """When the version whose code becomes the default shipped to the channel, as far as the content tells.

    None where it did not, and where the channel has taken it back: nothing soaks there.
    """
    version = question.release.enables_default_of
    if version is None or version in question.withdrawn:
        return None
    return min(
        (
            release.shipped_at
            for release in question.catalog.releases_of(question.release.product)
            if release.version == version and question.channel in release.channels and release.shipped_at is not None
        ),
        default=None,
    )


def _new_default(question: Question) -> Verdict | None:
    release, soak = question.release, question.policy.soak
    if Step.ENABLE_DEFAULT not in release.steps:
        return None
    shipped = _enabled_since(question)
    if shipped is None or shipped > question.now:
        back = release.enables_default_of in question.withdrawn
        return Verdict(
            rule=RULE,
            outcome=Outcome.BLOCKED,
            reason=f"It enables code of {release.enables_default_of},"
            f" which {'was taken back from' if back else 'has not shipped to'} {question.channel}.",
            who="Engineering",
            fix=f"Ship {release.enables_default_of} to {question.channel} first, with that code off by default.",
        )
    if question.now >= shipped + soak:
        return None
    return Verdict(
        rule=RULE,
        outcome=Outcome.WAITING,
        reason=f"The code of {release.enables_default_of} must run for {english.length(soak)} before it becomes the"
        f" default, until {english.moment(shipped + soak)}.",
        fix="Wait for the end of the soak.",
        until=shipped + soak,
        arithmetic=f"{english.length(soak)} after {english.moment(shipped)}",
    )


def _steps_near_an_event(question: Question) -> Verdict | None:
    """What moves both planes brings metadata and docs before binaries, and a soak after them."""
    missing = _left_out(question)
    if not missing or not question.near:
        return None
    return Verdict(
        rule=RULE,
        outcome=Outcome.BLOCKED,
        reason="Near an event, a change of both planes needs the steps metadata, docs, binaries and soak;"
        f" {english.listed(missing)} {'is' if len(missing) == 1 else 'are'} missing.",
        who="Engineering",
        fix=f"Add {english.listed(missing)} to `steps`.",
    )


def _left_out(question: Question) -> list[Step]:
    """The steps that what moves both planes needs around its binaries, and that the release leaves out."""
    release = question.release
    both = question.product.plane is Plane.BOTH or release.change_class in (ChangeClass.PROTOCOL, ChangeClass.RPC)
    if not both or Step.BINARIES not in release.steps:
        return []
    return [step for step in (Step.METADATA, Step.DOCS, Step.SOAK) if step not in release.steps]
