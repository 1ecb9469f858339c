"""The table above the home page: what to run, what is known against it, and what comes next, by the rules of `plan`."""

from __future__ import annotations

import pytest

from publisher.content.load import load_catalog
from publisher.model.catalog import Catalog
from publisher.model.records.channel_state import ChannelState, Withdrawal
from publisher.model.records.evidence import Evidence
from publisher.rules import english
from publisher.rules.calendar.advice import AdviceKind, plan
from publisher.rules.evaluate import evaluate
from publisher.rules.freeze.timeline import RESOLUTION
from publisher.site.page_model import Scene
from publisher.site.public import public_catalog
from publisher.wire.version import Version
from tests.site.factory import NOW, ROOT, at, catalog, event, live, page, product, release
from tests.site.htmltext import from_markdown

SAMPLE = load_catalog([ROOT / "content"], ROOT / "site_config")
OLD = release("4.1.0", shipped_at=at(-20), planned_for=None)


def table(content: Catalog, state: ChannelState | None = None) -> str:
    """The words of the home page up to the banner."""
    said = from_markdown(
        page(content, "index.md", state, content.sample.reference_time if content.sample else NOW)
    ).text
    return said[: said.index("We don’t ship around events")]


def test_it_stands_above_everything_else() -> None:
    said = from_markdown(page(catalog(releases=(OLD,)), "index.md").split("---\n", 2)[2]).text
    assert said.strip().startswith("What to run now As of Friday 20 November 2026, 12:00 UTC.")
    assert said.index("Known problems") < said.index("Nothing is on hold") < said.index("Current versions")


@pytest.mark.parametrize("state", [None, live("4.1.1", "btfs-node")])
def test_r94_next_and_not_before_when_are_what_plan_and_why_say(state: ChannelState | None) -> None:
    """At the date shown only what must be fixed on any date stops the release; just before it, more did."""
    assert SAMPLE.sample is not None
    now = SAMPLE.sample.reference_time
    scene, said = Scene(public_catalog(SAMPLE, now), state, now), table(SAMPLE, state)
    compared = 0
    for item in SAMPLE.releases:
        opens = scene.earliest.get(item.id)
        if opens is None or len(item.channels) != 1:
            continue
        (channel,) = item.channels
        known = Evidence.of_channel(state, item.product, channel)
        advice = plan(SAMPLE, item, channel, now, known)
        assert not opens.moved or advice.options[0].kind not in (AdviceKind.KEEP, AdviceKind.SHIP_NOW), item.id
        assert opens.moved or advice.options[0].kind in (AdviceKind.KEEP, AdviceKind.SHIP_NOW), item.id
        assert opens.moment is not None
        mend = {verdict.rule for verdict in advice.mend}
        for moment, stopped in ((opens.moment, False), (opens.moment - RESOLUTION, True)):
            decision = evaluate(SAMPLE, item, channel, moment, known)
            stops = {verdict.rule for verdict in decision.verdicts if verdict.outcome.stops} - mend
            assert bool(stops) is (stopped and opens.moved) or not opens.moved, (item.id, moment)
        if f"{item.version} not before {english.near(opens.moment, now)}" in said:
            compared += 1
    assert compared >= 1


def test_the_first_release_that_can_ship_is_next_and_says_why_it_waits() -> None:
    content = catalog(
        events=(event(),),
        releases=(OLD, release("4.2.0"), release("5.0.0", planned_for=at(60)), release("4.0.5", planned_for=at(0.5))),
    )
    said = table(content)
    assert "Storage node Stable 4.1.0 since 31 October 2026 none 4.2.0 not before Saturday 28 November" in said
    assert "Because of A pair opens." in said


def test_r96_an_event_that_is_not_public_is_named_by_neutral_words() -> None:
    hidden = event(title="Leak", visibility="internal", public_title="Reserved days")
    said = table(catalog(events=(hidden,), releases=(OLD, release("4.2.0"))))
    assert "4.2.0 not before Saturday 28 November, 00:00 UTC" in said
    assert "Reserved days" in said
    assert "Leak" not in said


def test_nothing_out_nothing_announced() -> None:
    assert "Storage node Stable nothing is out yet – nothing announced" in table(catalog())


@pytest.mark.parametrize(
    ("floors", "words"),
    [
        ({"min_secure": "4.1.1"}, "since 31 October 2026 not secure nothing announced"),
        ({"min_supported": "4.1.1"}, "since 31 October 2026 not supported nothing announced"),
        ({"min_secure": "4.1.0", "min_supported": "4.1.0"}, "since 31 October 2026 none nothing announced"),
    ],
)
def test_what_is_below_a_floor_is_marked(floors: dict[str, str], words: str) -> None:
    assert words in table(catalog(releases=(OLD,), products=(product(**floors),)))


def test_what_was_taken_back_is_known_against_it() -> None:
    withdrawal = Withdrawal(product="node", channel="stable", version=Version.parse("4.2.0"), at=NOW, id="a" * 64)
    state = live().model_copy(update={"withdrawn": (withdrawal,)})
    said = table(catalog(releases=(OLD, release("4.2.0"))), state)
    assert "If you run 4.2.0: Taken back from Stable on Friday 20 November 2026, 12:00 UTC. Go back to 4.1.0." in said


def test_the_first_box_of_a_waiting_release_has_its_date_the_reason_and_what_to_run_until_then() -> None:
    content = catalog(events=(event(),), releases=(OLD, release("4.2.0")))
    said = from_markdown(page(content, "releases/node/4.2.0.md")).text
    box = said[said.index("Earliest: Saturday 28 November, 00:00 UTC Why") : said.index("Optional or not?")]
    assert 'Soft freeze around "A pair opens"' in box
    assert "Until then Run 4.1.0 from Stable." in box


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        (at(40), "Planned for Wednesday 30 December, 12:00 UTC What blocks it Nothing known."),
        (None, "It can ship now What blocks it Nothing. It is out once it has been approved and published."),
        (at(-1), "It can ship now What blocks it Nothing."),
    ],
)
def test_the_first_box_of_a_release_that_nothing_stops(planned: str | None, words: str) -> None:
    said = from_markdown(
        page(catalog(releases=(release("4.2.0", planned_for=planned),)), "releases/node/4.2.0.md")
    ).text
    assert words in said
    assert "Until then Nothing is out in Stable yet." in said


def test_the_first_box_says_what_must_be_fixed_whatever_the_date() -> None:
    content = catalog(releases=(OLD, release("4.0.5", planned_for=at(3))))
    said = from_markdown(page(content, "releases/node/4.0.5.md")).text
    assert "Planned for Monday 23 November, 12:00 UTC Why To be fixed first:" in said
