"""The site as a pure function: (Catalog, ChannelState, moment, templates) -> {path: bytes}.

Paths end in .md for pages (Markdown with front matter, which any generator can build), in .json and .ics for
data. Nothing internal or embargoed is in any of them.
"""

from __future__ import annotations

import html
import json
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from publisher.errors import ContentError, Place, Problem
from publisher.model.catalog import Catalog
from publisher.model.records.advisories import SECURITY_FILE
from publisher.model.records.channel_state import ChannelState, MitigationList
from publisher.model.values import format_time
from publisher.site.brakes import hold_views
from publisher.site.outputs.calendar_json import quarter_as_data
from publisher.site.outputs.holds_json import holds_as_data
from publisher.site.outputs.ics import to_ics
from publisher.site.outputs.ready import ready_as_data, ready_ics
from publisher.site.outputs.security import security_as_file
from publisher.site.page_model import Page, Scene
from publisher.site.pages import (
    calendar,
    downloads,
    events,
    feed_reference,
    home,
    incidents,
    ready,
    reference,
    releases,
    security,
)
from publisher.site.public import public_catalog
from publisher.site.readiness import cancelled_events, requirement_views
from publisher.site.templates import Templates
from publisher.site.text import escape

PROSE = ("safety.md", "help/first-24-hours.md", "help/words.md")
"""Pages of prose in `content/pages` that generated pages link to. Their absence breaks a strict build, as it should."""

DECISIONS = "data/decisions.json"

HOLDS = "data/holds.json"

MITIGATIONS = "data/mitigations.json"

CALENDAR_DATA, CALENDAR_ICS = "data/calendar.json", "calendar.ics"

READY_DATA, READY_ICS = "ready/ready.json", "ready/ready.ics"

CALENDARS = (CALENDAR_ICS, READY_ICS)
"""Files that are made from the ones that they replace."""


def render_site(
    catalog: Catalog,
    state: ChannelState | None,
    now: datetime,
    templates: Templates,
    feed_schema: Mapping[str, Any],
    calendars_before: Mapping[str, bytes] = MappingProxyType({}),
    beside: Collection[str] = (),
) -> dict[str, bytes]:
    """Every generated file of the site at `now`, sorted by path.

    `state` is what a bucket verifiably offers; without it the content alone says what is current.
    `feed_schema` is the feed's JSON Schema; it is published, and its page is made from it. `calendars_before` are
    those of CALENDARS that the site had before, by path; `beside` are the files in content/pages, by path.
    Raises ContentError when a template is broken.
    """
    scene = Scene(public_catalog(catalog, now), state, now)
    requirements, cancelled = requirement_views(scene), cancelled_events(scene)
    pages = [
        *home.pages(scene, requirements),
        *ready.pages(scene, requirements, cancelled),
        *security.pages(scene),
        *releases.pages(scene),
        *calendar.pages(scene),
        *events.pages(scene),
        *incidents.pages(scene),
        *reference.pages(scene),
        *downloads.pages(scene, beside),
        *feed_reference.pages(scene, feed_schema),
    ]
    known = (
        {page.path for page in pages}
        | set(PROSE)
        | set(beside)
        | {feed_reference.SCHEMA, DECISIONS, HOLDS, MITIGATIONS, CALENDAR_DATA, CALENDAR_ICS, READY_DATA, READY_ICS}
        | {SECURITY_FILE}
    )
    common = _common(scene)
    files = {page.path: _render(page, known, common, templates) for page in pages}
    files[feed_reference.SCHEMA] = _json(
        {"$id": f"{scene.catalog.endpoints.site}/{feed_reference.SCHEMA}", **feed_schema}
    )
    files[DECISIONS] = _json(_decisions(scene))
    files[HOLDS] = _json(holds_as_data(scene))
    files[MITIGATIONS] = _json(_mitigations(scene))
    files[CALENDAR_DATA] = _json(quarter_as_data(scene.quarter, scene.catalog, scene.state))
    files[CALENDAR_ICS] = to_ics(scene.quarter, scene.catalog, now, calendars_before.get(CALENDAR_ICS))
    files[READY_DATA] = _json(ready_as_data(scene, requirements, cancelled))
    files[READY_ICS] = ready_ics(scene, requirements, cancelled, calendars_before.get(READY_ICS))
    files[SECURITY_FILE] = security_as_file(scene.catalog, now)
    return dict(sorted(files.items()))


def fill_prose(
    path: str, markdown: str, catalog: Catalog, state: ChannelState | None, now: datetime, templates: Templates
) -> str:
    """A page of prose with each `<!-- data: NAME -->` filled, and the sample's notice. Raises ContentError."""
    scene = Scene(public_catalog(catalog, now), state, now)
    context = {**_common(scene), **reference.fragment_context(scene)}
    front, body = _split_front_matter(markdown)

    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name not in reference.FRAGMENTS:
            line = markdown[: markdown.index(match[0])].count("\n") + 1
            fix = f"choose from {', '.join(reference.FRAGMENTS)}"
            raise ContentError((Problem(f"there is no data named {name}", Place(path, line), fix),))
        return templates.render(f"fragment-{name}.md.jinja", context, _linker(path, {path}))

    notice = templates.render("notice.md.jinja", context, _linker(path, {path})) if catalog.sample else ""
    return f"{front}{notice}{_DATA.sub(replace, body)}"


_DATA = re.compile(r"<!-- data: ([a-z-]+) -->")

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)


def _split_front_matter(markdown: str) -> tuple[str, str]:
    match = _FRONT_MATTER.match(markdown)
    return (match[0], markdown[match.end() :]) if match else ("", markdown)


def _decisions(scene: Scene) -> dict[str, Any]:
    return {
        "format": "tidegate-decisions/1",
        "at": format_time(scene.now),
        "decisions": [
            decision.model_dump(mode="json", exclude_none=True)
            for decisions in scene.decisions.values()
            for decision in decisions
        ],
        "withdrawn": [entry.model_dump(mode="json") for entry in scene.state.withdrawn] if scene.state else None,
    }


def _mitigations(scene: Scene) -> dict[str, Any]:
    """data/mitigations.json; the schema mitigations-1.json describes it."""
    live = scene.state.mitigations if scene.state else None
    running = tuple(item for item in live if scene.now < item.until) if live is not None else None
    whole = MitigationList(at=scene.now, mitigations=running)
    return {"mitigations": None, **whole.model_dump(mode="json", by_alias=True, exclude_none=True)}


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _common(scene: Scene) -> dict[str, Any]:
    return {
        "now": scene.now,
        "sample": scene.catalog.sample,
        "scene": scene,
        "holds": hold_views(scene),
        "site": scene.catalog.endpoints.site,
    }


def _render(page: Page, known: Iterable[str], common: dict[str, Any], templates: Templates) -> bytes:
    context = {**common, **page.context, "page": page}
    body = templates.render(page.template, context, _linker(page.path, known))
    # Escaped here because themes print a title as HTML; JSON strings are YAML strings too.
    front = {
        "title": html.escape(_plain(page.title)),
        "description": html.escape(_plain(page.description)),
        "hide": ["navigation"] if page.contents else ["navigation", "toc"],
    }
    lines = "".join(f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in front.items())
    return f"---\n{lines}---\n\n{body.strip()}\n".encode()


def _plain(text: str) -> str:
    """Without what nobody sees; `escape` knows what that is."""
    return html.unescape(escape(text))


def _linker(source: str, known: Iterable[str]) -> Callable[..., Markup]:
    """Makes relative links from one page to another, both named by source path; refuses one that leads nowhere."""
    base = address(source)
    targets = known if isinstance(known, set) else set(known)

    def to(path: str, anchor: str = "") -> Markup:
        if path not in targets:
            raise LookupError(f"{source} links to {path}, which is not part of the site")
        there = address(path)
        relative = posixpath.relpath("/" + there, "/" + base) + ("/" if there.endswith("/") or not there else "")
        return Markup(html.escape(quote(relative, safe="/.-_~") + anchor))

    return to


def address(path: str) -> str:
    """Where a source path is read, relative to the root: releases/index.md -> releases/, policy.md -> policy/."""
    if not path.endswith(".md"):
        return path
    stem = path.removesuffix(".md")
    return "" if stem == "index" else f"{stem.removesuffix('/index')}/"
