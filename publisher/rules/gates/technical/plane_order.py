"""Control plane and data plane: what goes out first, and what soaks (R64-R66)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from heapq import merge

from publisher.model.content.product import Plane
from publisher.model.content.release import ChangeClass, Step
from publisher.model.records.decision import Outcome
from publisher.rules import english
from publisher.rules.engine.gate import Gate, Half, Ruling
from publisher.rules.engine.question import Question


def ask(question: Question) -> Ruling:
    """A new default follows code that has soaked; near an event, words go out first and all of it soaks (R66)."""
    for judged in (_new_default(question), _steps_near_an_event(question)):
        if judged is not None and judged.outcome.stops:
            return judged
    if Step.ENABLE_DEFAULT in question.release.steps:
        code = question.release.enables_default_of
        return Ruling(Outcome.PASS, public=f"The code of {code} has soaked and may become the default.")
    steps = english.listed([step.replace("-", " ") for step in question.release.steps])
    return Ruling(Outcome.PASS, public=f"Its steps are in the right order: {steps}.")


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


def _new_default(question: Question) -> Ruling | None:
    release, soak = question.release, question.policy.soak
    if Step.ENABLE_DEFAULT not in release.steps:
        return None
    shipped = _enabled_since(question)
    if shipped is None or shipped > question.now:
        back = release.enables_default_of in question.withdrawn
        return Ruling(
            Outcome.BLOCKED,
            public=f"It enables code of {release.enables_default_of},"
            f" which {'was taken back from' if back else 'has not shipped to'} {question.channel}.",
            who="Engineering",
            fix=f"Ship {release.enables_default_of} to {question.channel} first, with that code off by default.",
        )
    if question.now >= shipped + soak:
        return None
    return Ruling(
        Outcome.WAITING,
        public=f"The code of {release.enables_default_of} must run for {english.length(soak)} before it becomes the"
        f" default, until {english.moment(shipped + soak)}.",
        fix="Wait until the soak ends.",
        until=shipped + soak,
        arithmetic=f"{english.length(soak)} after {english.moment(shipped)}",
    )


def _steps_near_an_event(question: Question) -> Ruling | None:
    """What moves both planes brings metadata and docs before binaries, and a soak after them."""
    missing = _left_out(question)
    if not missing or not question.near:
        return None
    return Ruling(
        Outcome.BLOCKED,
        public="Near an event, a change of both planes needs the steps metadata, docs, binaries and soak;"
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


GATE = Gate("planes.order", Half.TECHNICAL, "the order of its steps", ask, boundaries)
