"""Versions below a floor are marked wherever they are listed, and the support matrix says what is supported (R86)."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.model.catalog import Catalog
from publisher.model.records.channel_state import Withdrawal
from publisher.wire.version import Version
from tests.site.factory import NOW, at, catalog, deprecation, event, live, page, product, release
from tests.site.htmltext import from_markdown

RELEASES = tuple(
    release(version, shipped_at=at(-days), planned_for=None, events=["listing"])
    for version, days in (("3.9.0", 90), ("4.0.0", 60), ("4.1.0", 30))
)
END = deprecation("before-4", versions_below="4.0.0", earliest_removal=at(-1), announced=at(-200))
NEXT_END = deprecation("before-4-1", versions_below="4.1.0", earliest_removal=at(100))


def content(*deprecations: Any, **floors: str) -> Catalog:
    return catalog(
        events=(event(),), releases=RELEASES, deprecations=deprecations, products=(product(**floors),), sample=None
    )


def said(given: Catalog, path: str, **state: Any) -> str:
    return from_markdown(page(given, path, live().model_copy(update=state) if state else None)).text


def matrix(given: Catalog, **state: Any) -> str:
    text = said(given, "releases/index.md", **state)
    return text[text.index("Which versions are supported") :]


def test_without_a_word_about_support_everything_is_supported() -> None:
    text = matrix(content())
    for version, released in (
        ("3.9.0", "22 August 2026"),
        ("4.0.0", "21 September 2026"),
        ("4.1.0", "21 October 2026"),
    ):
        assert f"Storage node {version} {released} no end planned supported" in text


def test_a_pre_release_is_not_in_the_matrix() -> None:
    beta = release("4.2.0-beta.1", shipped_at=at(-5), planned_for=None)
    assert "beta" not in matrix(catalog(releases=(*RELEASES, beta), events=(event(),)))


def test_a_version_is_deprecated_until_its_end_and_then_not_supported() -> None:
    text = matrix(content(END, NEXT_END, min_supported="4.0.0"))
    assert "Storage node 3.9.0 22 August 2026 19 November 2026 not supported" in text
    assert "Storage node 4.0.0 21 September 2026 28 February 2027 deprecated" in text
    assert "Storage node 4.1.0 21 October 2026 no end planned supported" in text


def test_the_security_floor_and_a_withdrawal_stand_before_support() -> None:
    withdrawal = Withdrawal(product="node", channel="stable", version=Version.parse("4.0.0"), at=NOW)
    text = matrix(content(min_secure="4.1.0"), withdrawn=(withdrawal,))
    assert "Storage node 4.0.0 21 September 2026 20 November 2026 taken back" in text
    assert "Storage node 3.9.0 22 August 2026 ended not secure" in text


@pytest.mark.parametrize(("field", "word"), [("min_secure", "not secure"), ("min_supported", "not supported")])
@pytest.mark.parametrize(
    "path", ["index.md", "releases/index.md", "releases/node/4.1.0.md", "downloads.md", "events/listing.md"]
)
def test_r86_what_is_below_a_floor_is_marked_on_every_page_that_lists_it(path: str, field: str, word: str) -> None:
    chip = f'tg-chip--stop">{word}</span>'
    assert chip in page(content(**{field: "4.1.1"}), path)
    assert chip not in page(content(), path)


def test_the_page_of_an_unsupported_version_says_so_first() -> None:
    given = content(min_supported="4.0.0")
    old = said(given, "releases/node/3.9.0.md")
    assert "No longer supported Storage node 4.1.0 has replaced this one. Versions before 4.0.0 are no longer" in old
    assert "No longer supported" not in said(given, "releases/node/4.0.0.md")
    for path in ("releases/index.md", "downloads.md"):
        assert "Supported from 4.0.0: older versions get no fixes and no help." in said(given, path)


def test_a_deprecation_of_versions_names_them() -> None:
    text = said(content(END), "deprecations.md")
    assert "Which versions All before 4.0.0." in text
    assert "Ended ahead" in text
    ended = said(content(END, min_supported="4.0.0"), "deprecations.md")
    assert "Ended no longer supported" in ended
    assert "ahead" not in ended
    assert "Supported until at least Thursday 19 November 2026, 12:00 UTC" in text
