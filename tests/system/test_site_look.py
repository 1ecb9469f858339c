"""The pages in a browser: accessible by axe, and within the width of any screen, in light and in dark."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from publisher.content.load import load_catalog
from publisher.model.records.channel_state import Hold, Withdrawal
from publisher.model.records.notice import NoticeFile
from publisher.site.mkdocs.build import build_site
from publisher.site.mkdocs.plugin import SiteSource
from publisher.site.mkdocs.preview import make_server
from publisher.wire.feed_words import BrakeKind, WithdrawalAction
from publisher.wire.version import Version
from tests.site.factory import NOW, ROOT, TEMPLATES, live
from tests.support.browser import Page, browser
from tests.support.javascript import axe

pytestmark = pytest.mark.system

PAGES = (
    "", "ready/", "releases/", "releases/btfs-node/4.2.0/", "releases/btfs-node/4.0.1/", "calendar/", "events/",
    "events/btt-listing-sample/", "policy/", "deprecations/", "overrides/", "downloads/", "safety/", "feed/",
    "help/words/", "nowhere/at/all/", "security/", "releases/btfs-node/4.0.0/", "releases/web-dashboard/2.8.0/",
    "incidents/", "releases/desktop-client/7.4.1/", "releases/desktop-client/7.3.0/",
)  # fmt: skip

BEFORE = NOW - timedelta(hours=2)

HELD = Hold(
    product="desktop-client",
    channel="stable",
    version=Version.parse("7.4.1"),
    platforms=("windows-amd64",),
    id="a" * 64,
    notice=NoticeFile(
        kind=BrakeKind.HOLD,
        product="desktop-client",
        channel="stable",
        version=Version.parse("7.4.1"),
        platforms=("windows-amd64",),
        at=BEFORE,
        because="The installer removes the shortcuts of other programs.",
        next_update=NOW - timedelta(hours=1),
    ),
)
"""On hold on one system, and the promised update has not come."""

WITHDRAWN = Withdrawal(
    product="desktop-client",
    channel="stable",
    version=Version.parse("7.3.0"),
    at=BEFORE,
    taken_back=False,
    id="b" * 64,
    notice=NoticeFile(
        kind=BrakeKind.WITHDRAWAL,
        product="desktop-client",
        channel="stable",
        version=Version.parse("7.3.0"),
        at=BEFORE,
        because="Wallets of the old format are opened twice.",
        action=WithdrawalAction.STOP,
    ),
)

VIOLATIONS = """axe.run().then(({violations}) => violations.flatMap((found) =>
    found.nodes.map((node) => `${found.id}: ${node.html.slice(0, 120)}: ${node.failureSummary}`)))"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the sample; one product has something to download, one has a hold and a withdrawal."""
    catalog = load_catalog([ROOT / "content"], ROOT / "site_config")
    assert catalog.sample is not None
    target = tmp_path_factory.mktemp("look") / "site"
    node, client = live("4.1.1", "btfs-node"), live("7.4.1", "desktop-client")
    brakes = {"holds": (HELD,), "withdrawn": (WITHDRAWN,), "previous": live("7.4.0", "desktop-client").live}
    state = node.model_copy(update={"live": (*node.live, *client.live), **brakes})
    build_site(ROOT / "mkdocs.yml", target, SiteSource(catalog, state, catalog.sample.reference_time, TEMPLATES))
    return target


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = make_server(site, site.parent / "bucket", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> str:
    return axe(tmp_path_factory.mktemp("axe"))


def violations(tab: Page, judge: str) -> Any:
    tab.evaluate(f"{judge};0")
    return tab.evaluate(VIOLATIONS)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing(tab: Page, address: str, judge: str, page: str, scheme: str) -> None:
    tab.show(address + page, 1280, scheme)
    shown = tab.evaluate("document.body.dataset.mdColorScheme")
    assert shown == {"light": "default", "dark": "slate"}[scheme]
    assert violations(tab, judge) == []


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("page", PAGES)
def test_no_page_is_wider_than_the_screen(tab: Page, address: str, page: str, width: int) -> None:
    tab.show(address + page, width, "light")
    assert tab.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_previews_error_banner_can_be_read(tab: Page, site: Path, address: str, judge: str, scheme: str) -> None:
    """What main.html shows during `mkdocs serve`, put into a built page as the theme puts it there."""
    template = (ROOT / "templates/theme/main.html").read_text(encoding="utf-8")
    banner = re.search(r'<section class="tg-problem".*?</section>', template, re.DOTALL)
    assert banner is not None
    said = html.escape("content/events/a.yaml:3:1: there is no event type b\n    -> known: exchange-listing")
    text = banner[0].replace("{{ tidegate_problem }}", said)
    page = (site / "index.html").read_text(encoding="utf-8")
    place = '<div data-md-component="announce">'
    shown = f'{place}<aside class="md-banner"><div class="md-banner__inner md-grid md-typeset">{text}</div></aside>'
    assert place in page
    (site / "broken.html").write_text(page.replace(place, shown, 1), encoding="utf-8")
    tab.show(address + "broken.html", 1280, scheme)
    assert "there is no event type" in tab.evaluate("document.querySelector('.md-banner').innerText")
    assert violations(tab, judge) == []
