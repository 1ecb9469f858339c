"""Security: the page, security.json, release pages and the home page; nothing of what is not public (R81, R86, R96)."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

import jsonschema
import pytest

from publisher.content.schemas import schema_of
from publisher.model.catalog import Catalog
from publisher.model.content.advisory import Advisory
from publisher.model.records.advisories import SECURITY_FILE, ProductAdvisories, SecurityFile, security_file
from publisher.model.records.channel_state import ChannelState, Withdrawal
from publisher.site.outputs.security import signed_advisories
from publisher.wire.version import Version
from tests.site.factory import NOW, advisory, at, catalog, live, page, product, release, render
from tests.site.htmltext import from_markdown

OLD = release("4.0.0", shipped_at=at(-60), planned_for=None)
FIX = release("4.1.0", shipped_at=at(-2), planned_for=None)
COMING = release("4.2.0")


def given(
    *advisories: Advisory, floor: str | None = "4.1.0", releases: tuple[Any, ...] = (OLD, FIX, COMING)
) -> Catalog:
    products = (product(min_secure=floor) if floor else product(), product("desktop", name="Desktop client"))
    return catalog(advisories=advisories, releases=releases, products=products)


def text(content: Catalog, path: str = "security.md", state: ChannelState | None = None, now: datetime = NOW) -> str:
    return from_markdown(page(content, path, state, now).split("---\n", 2)[2]).text


def test_r86_an_advisory_says_what_to_do_what_is_affected_and_what_fixes_it() -> None:
    shown = text(given(advisory(cves=["CVE-2026-12345"])))
    for words in (
        "The newest problem: The port is open, in Storage node before 4.1.0.",
        "severity high fixed",
        "published 18 November 2026, CVE-2026-12345",
        "What to do Close the port, then update.",
        "Affected Storage node before 4.1.0",
        "Fixed in 4.1.0",
        "What an attacker can do Anybody can stop the node.",
        "Details We publish them after Monday 30 November 2026, 12:00 UTC, so that you have time to update.",
    ):
        assert words in shown, words


def test_the_newest_comes_first() -> None:
    older = advisory("older", title="An older one", published=at(-30))
    shown = text(given(older, advisory()))
    assert shown.index("Anybody can stop") < shown.rindex("An older one")
    assert shown.startswith("Security The newest problem: The port is open")


def test_ranges_are_listed_each() -> None:
    ranges = [{"from": "4.0.0", "before": "4.0.5"}, {"from": "4.1.0", "before": "4.1.2"}]
    shown = text(given(advisory(affected=ranges, fixed_in=["4.1.2"]), releases=(OLD, FIX, release("4.1.2"))))
    assert "Affected Storage node from 4.0.0, before 4.0.5 and from 4.1.0, before 4.1.2" in shown
    shown = text(given(advisory(affected=[{"from": "4.1.0"}], fixed_in=None, none_yet_because="It is being tested.")))
    assert "Affected Storage node 4.1.0 and later" in shown


def test_without_a_fix_the_reason_is_given() -> None:
    shown = text(given(advisory(fixed_in=None, none_yet_because="It is being tested.")))
    assert "no fix yet" in shown
    assert "Fixed in None yet. It is being tested." in shown


def test_a_fix_that_is_not_out_is_called_so() -> None:
    shown = text(given(advisory(affected=[{"before": "4.2.0"}], fixed_in=["4.2.0"])))
    assert "severity high fix announced" in shown
    assert "Fixed in 4.2.0 (not out yet)" in shown


def test_details_stay_back_until_the_promised_moment() -> None:
    content = given(advisory(details="The check was *skipped*.", details_url="https://example.org/report"))
    early, later = render(content), render(content, now=NOW + timedelta(days=10))
    for path in ("security.md", SECURITY_FILE):
        assert b"skipped" not in early[path]
        assert b"example.org/report" not in early[path]
        assert b"skipped" in later[path]
        assert b"example.org/report" in later[path]


def test_r86_a_promise_that_passed_is_called_late() -> None:
    shown = text(given(advisory()), now=NOW + timedelta(days=10))
    assert "details late" in shown
    assert "Details Late. We promised them for Monday 30 November 2026, 12:00 UTC." in shown
    assert "Late." not in text(given(advisory(details="It was skipped.")), now=NOW + timedelta(days=10))
    assert "Details None are planned." in text(given(advisory(security_details_after=None)))


def test_every_unsafe_version_is_listed_with_every_reason() -> None:
    older = release("3.9.0", shipped_at=at(-90), planned_for=None)
    withdrawn = Withdrawal(product="node", channel="stable", version=Version.parse("4.0.1"), at=NOW)
    gone = Withdrawal(product="node", channel="stable", version=Version.parse("4.0.0"), at=NOW)
    state = live().model_copy(update={"withdrawn": (gone, withdrawn)})
    content = given(advisory(affected=[{"from": "4.0.0", "before": "4.1.0"}]), releases=(older, OLD, FIX, COMING))
    shown = text(content, state=state)
    unsafe = shown[shown.index("Unsafe versions") :]
    assert "All versions before 4.1.0 are no longer secure. Run 4.1.0 instead." in unsafe
    rows = unsafe[unsafe.index("Version Why") : unsafe.index("Desktop client")]
    assert [rows.index(version) for version in ("4.0.1", "4.0.0", "3.9.0")] == sorted(
        rows.index(version) for version in ("4.0.1", "4.0.0", "3.9.0")
    )
    first, second = rows.index("4.0.0"), rows.index("3.9.0")
    assert "Taken back from Stable on Friday 20 November 2026, 12:00 UTC. Update to 4.1.0." in rows[:first]
    for reason in ("Below the security floor.", "The port is open", "Taken back from Stable"):
        assert reason in rows[first:second]
    assert "Below the security floor." in rows[second:]
    assert "The port is open" not in rows[second:]
    assert "Desktop client None known." in unsafe


def test_what_the_channel_offers_is_not_recommended_when_it_is_unsafe_itself() -> None:
    shown = text(given(advisory(affected=[{"before": "4.2.0"}], fixed_in=["4.2.0"]), floor=None))
    assert "4.1.0, the newest on Stable, is one of them. Follow the advice until a fix is out." in shown
    assert "instead." not in shown


def test_nothing_known_is_said() -> None:
    shown = text(given(floor=None))
    assert "No advisories have been published." in shown
    assert "Storage node None known." in shown


def test_r86_the_page_of_an_affected_release_says_first_what_to_do() -> None:
    content = given(advisory())
    parsed = from_markdown(page(content, "releases/node/4.0.0.md").split("---\n", 2)[2])
    first = parsed.text.index("The port is open Close the port, then update. Storage node before 4.1.0.")
    assert first < parsed.text.index("No longer secure")
    assert first < parsed.text.index("Optional or not?")
    assert ("a", {"href": "../../../security/#open-port"}) in parsed.elements
    assert "The port is open" not in text(content, "releases/node/4.1.0.md")


def test_an_affected_version_is_marked_wherever_it_is_listed() -> None:
    content = given(advisory(affected=[{"before": "4.2.0"}], fixed_in=["4.2.0"], severity="low"), floor=None)
    assert "4.1.0 newest on record security problem" in text(content, "index.md")
    assert "4.1.0 security problem is the newest on record" in text(content, "downloads.md")
    assert "Security problem." in text(content, "releases/index.md")
    home = text(content, "index.md")
    assert "since 18 November 2026 security problem The port is open" in home


@pytest.mark.parametrize(
    ("severity", "days", "shown"),
    [("critical", 0, True), ("high", 27.9, True), ("high", 28, False), ("medium", 0, False), ("low", 0, False)],
)
def test_the_home_page_begins_with_a_severe_problem_for_a_month(severity: str, days: float, shown: bool) -> None:
    home = text(given(advisory(severity=severity)), "index.md", now=NOW + timedelta(days=days))
    alarm = "The port is open Close the port, then update."
    assert (alarm in home) is shown
    if shown:
        assert home.index(alarm) < home.index("Product Run this")


def test_security_json_is_what_the_targets_say() -> None:
    content = given(
        advisory(), advisory("second", product="desktop", fixed_in=None, none_yet_because="It is being tested.")
    )
    files, targets = render(content), signed_advisories(content, NOW)
    assert list(targets) == ["desktop", "node"]
    assert files[SECURITY_FILE] == security_file(targets.values())
    whole = json.loads(files[SECURITY_FILE])
    assert whole["products"] == [json.loads(target) for target in targets.values()]
    schema = schema_of(SecurityFile, closed=False, nulls=True)
    jsonschema.validate(whole, schema)
    for target in targets.values():
        assert ProductAdvisories.model_validate_json(target).to_bytes() == target


def test_signed_bytes_say_exactly_this() -> None:
    [target] = signed_advisories(catalog(advisories=(advisory(fixed_in=["4.1.0"]),)), NOW).values()
    assert target.decode() == (
        '{"advisories":[{"affected":[{"before":"4.1.0"}],"cves":[],"fixed_in":["4.1.0"],"id":"open-port",'
        '"published":"2026-11-18T12:00:00Z","security_details_after":"2026-11-30T12:00:00Z","severity":"high",'
        '"summary":"Anybody can stop the node.","title":"The port is open",'
        '"what_to_do":"Close the port, then update."}],"format":"tidegate-advisories/1","product":"node"}\n'
    )


def test_the_same_advisories_have_the_same_bytes_in_any_order_and_at_any_moment() -> None:
    first, two = advisory(), advisory("second", published=at(-1))
    forwards = signed_advisories(given(first, two), NOW)
    assert forwards == signed_advisories(given(two, first), NOW + timedelta(days=3))
    digest = hashlib.sha256(forwards["node"]).hexdigest()
    assert digest != hashlib.sha256(signed_advisories(given(first), NOW)["node"]).hexdigest()


@pytest.mark.parametrize(
    "hidden",
    [
        {"visibility": "internal"},
        {"visibility": "embargoed", "embargoed_until": at(1), "published": at(1)},
        {"published": at(1)},
    ],
)
def test_r96_nothing_of_an_advisory_is_told_before_its_time(hidden: dict[str, Any]) -> None:
    content = given(advisory("zebra-port", title="Zebra", **hidden), floor=None)
    for path, body in render(content).items():
        assert b"Zebra" not in body, path
        assert b"zebra" not in body, path
        assert b"> security problem<" not in body, path
        assert b"tg-ahead--stop" not in body, path
    [empty] = [target for name, target in signed_advisories(content, NOW).items() if name == "node"]
    assert json.loads(empty)["advisories"] == []
    later = signed_advisories(content, NOW + timedelta(days=1))["node"]
    assert (b"Zebra" in later) is (hidden.get("visibility") != "internal")


@pytest.mark.parametrize("target", [b"{", b"[]", b"{}", b'"node"', b"\xff"])
def test_what_is_no_target_makes_no_file(target: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        security_file([target])


def test_a_version_with_a_problem_stays_supported_until_its_support_ends() -> None:
    content = given(advisory(affected=[{"before": "4.2.0"}], fixed_in=["4.2.0"]), floor=None)
    shown = text(content, "releases/index.md")
    assert "Storage node 4.1.0 18 November 2026 no end planned security problem" in shown
    old = catalog(
        advisories=(advisory(affected=[{"before": "4.2.0"}], fixed_in=["4.2.0"]),),
        releases=(OLD, FIX, COMING),
        products=(product(min_supported="4.1.0"),),
    )
    assert "not supported" in text(old, "releases/index.md")
