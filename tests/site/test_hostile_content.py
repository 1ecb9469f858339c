"""One hostile corpus through every way by which text of content and configuration reaches a page.

The ways: fields of YAML (plain text and Markdown), readings of programs, pages of prose (front matter, headings, raw
HTML, attribute lists, links, data marks), names of files, and addresses. Each is filled with the corpus at once; what
comes out may differ from the honest site in words alone, never in what a browser would run, load or follow by itself.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import markdown
import pytest
from icalendar import Calendar
from pydantic import BaseModel

from publisher.content.load import load_catalog
from publisher.content.schemas import CONTENT
from publisher.content.yaml_reader import parse as parse_yaml
from publisher.errors import InputError
from publisher.model.allowed_markup import html_problem
from publisher.site.mkdocs.build import build_site
from publisher.site.mkdocs.plugin import SiteSource
from publisher.site.templates import Templates
from publisher.text.markdown import problem_of
from tests.site.factory import FEED_SCHEMA, NOW, ROOT
from tests.site.htmltext import Parsed, parse
from tests.support.own_site import small_site

CORPUS = (
    "<script>alert(1)</script>",
    "\"'></title></head><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    '0;url=https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<base href="https://evil.example/">',
    '<div id="__config">{"base": "https://evil.example/"}</div>',
    "--><svg/onload=alert(1)><!--",
    "]]><iframe src=https://evil.example/>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/x.png)",
    '[x]: https://evil.example/ "x"',
    "{: onclick=alert(1) style=color:red }",
    "{{ 7 * 191 }}{% include '/etc/passwd' %}{# x #}",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
    "<!-- data: official-hosts --><!-- TIDEGATE-CONTENT-SECURITY-POLICY -->",
    'content="TIDEGATE-CONTENT-SECURITY-POLICY"',
    "BEGIN:VEVENT SUMMARY:x ATTACH:https://evil.example/ ;x=y:z,\\n\\nEND:VCALENDAR",
    "=cmd|' /C calc'!A0",
)
LINE = " ".join(CORPUS[:8])[:470]

MODELS: dict[str, type[BaseModel]] = {
    "events": CONTENT["event"],
    "releases": CONTENT["release"],
    "deprecations": CONTENT["deprecation"],
    "maintenance": CONTENT["maintenance"],
    "monitors": CONTENT["monitor"],
    "scenarios": CONTENT["scenario"],
    "signals": CONTENT["signal"],
    "sprints": CONTENT["sprint"],
}
CONFIGURATION = {"products.yaml": CONTENT["products"], "channels.yaml": CONTENT["channels"]}
MARKDOWN = ("summary", "body", "migration")
NAMES_OF_PEOPLE = re.compile(r"[A-Z]\w+( [A-Z]\w+)?")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what our own site is built from."""
    directory = tmp_path_factory.mktemp("hostile") / "project"
    for name in ("content", "site_config", "templates"):
        shutil.copytree(ROOT / name, directory / name)
    shutil.copyfile(ROOT / "mkdocs.yml", directory / "mkdocs.yml")
    return directory


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every text in parsed YAML with the path to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, (*path, index))


def put(data: Any, path: tuple[Any, ...], text: str) -> None:
    for part in path[:-1]:
        data = data[part]
    data[path[-1]] = text


def is_valid(model: type[BaseModel], data: Any) -> bool:
    try:
        model.model_validate_json(json.dumps(data))
    except ValueError:
        return False
    return True


def poisoned(file: Path, model: type[BaseModel], number: int) -> int:
    """Write the corpus into each field of a file that takes it; gives how many did."""
    document, problems = parse_yaml(file.read_bytes(), str(file))
    assert document is not None, problems
    data, count = document.data, 0
    for path, honest in leaves(data):
        if NAMES_OF_PEOPLE.fullmatch(honest):
            continue  # names and codes that other files refer to
        # Markdown fields refuse HTML, so they get each line in turn that they do take.
        turn = number % len(CORPUS)
        for text in (LINE, *CORPUS[turn:], *CORPUS[:turn]):
            put(data, path, text)
            if is_valid(model, data) and (path[-1] not in MARKDOWN or problem_of(text) is None):
                count, number = count + 1, number + 1
                break
        else:
            put(data, path, honest)
    file.write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
    return count


PROSE = """---
title: {line}
description: {line}
hide: [navigation]
---

# Words {heading}

{paragraphs}

[a link](https://example.org/?x=<script>alert(1)</script> "{title}")
"""


def build(project: Path, to: Path) -> dict[str, Parsed]:
    content = load_catalog([project / "content"], project / "site_config")
    templates = Templates(project / "templates")
    now = content.sample.reference_time if content.sample else NOW
    build_site(project / "mkdocs.yml", to, SiteSource(content, None, now, templates, FEED_SCHEMA))
    return {str(file.relative_to(to)): parse(file.read_text(encoding="utf-8")) for file in to.rglob("*.html")}


def shape(page: Parsed) -> set[tuple[str, str]]:
    """Elements that run, load, or lead away by themselves, with the attributes that decide what."""
    active = {"script", "style", "iframe", "object", "embed", "base", "form", "img", "link", "input", "video", "math"}
    found: set[tuple[str, str]] = set()
    for name, attributes in page.elements:
        if name in active:
            found.add((name, attributes.get("src", attributes.get("rel", ""))))
        if name == "meta" and "http-equiv" in attributes:
            found.add((name, attributes["http-equiv"].lower()))
        found |= {(name, key) for key in attributes if key.startswith("on") or key in ("style", "srcdoc")}
        if attributes.get("id", "").startswith("__"):
            found.add((name, attributes["id"]))
    return found


def scripts_of(to: Path) -> set[str]:
    return {
        script
        for file in to.rglob("*.html")
        for script in re.findall(r"'sha256-[^']+'", file.read_text(encoding="utf-8"))
    }


@pytest.fixture(scope="module")
def sites(project: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The honest site, and the same one with the corpus in every field that takes it."""
    places = tmp_path_factory.mktemp("built")
    build(project, places / "honest")
    changed = dict.fromkeys((*MODELS, *CONFIGURATION), 0)
    for folder, model in MODELS.items():
        for number, file in enumerate(sorted((project / "content" / folder).rglob("*.yaml"))):
            changed[folder] += poisoned(file, model, number)
    for name, model in CONFIGURATION.items():
        changed[name] = poisoned(project / "site_config" / name, model, 0)
    assert all(count > 1 for count in changed.values()), changed
    harmless = [text for text in CORPUS if not re.search(r"<[a-z/]|javascript:|{:|data:|evil\.example", text)]
    page = PROSE.format(
        line=json.dumps(LINE),
        heading=" ".join(re.sub(r"<", "&lt;", text) for text in CORPUS[:6]),
        paragraphs="\n\n".join([*harmless, *(f"`{text}`" for text in CORPUS), *(f"    {text}" for text in CORPUS)]),
        title="&quot;&gt;&lt;script&gt;alert(1)",
    ).replace('<script>alert(1)</script> "', '%3Cscript%3E "')
    (project / "content/pages/help/words.md").write_text(page, encoding="utf-8")
    build(project, places / "hostile")
    return places / "honest", places / "hostile"


@pytest.mark.system
def test_no_field_of_content_brings_anything_active_into_a_page(sites: tuple[Path, Path]) -> None:
    honest, hostile = sites
    allowed = {path: shape(parse((honest / path).read_text("utf-8"))) for path in _pages(honest)}
    assert set(allowed) == set(_pages(hostile))
    for path, expected in allowed.items():
        page = parse((hostile / path).read_text("utf-8"))
        assert shape(page) <= expected, path
        for name, attributes in page.elements:
            target = attributes.get("href", "").strip().lower()
            assert not re.match(r"[a-z]+:", target) or target.startswith(("https:", "http:", "mailto:")), (path, target)
            assert name != "meta" or "evil.example" not in attributes.get("content", "") or "name" in attributes
        assert "1337" not in page.text, path
        assert "root:" not in page.text, path


@pytest.mark.system
def test_no_field_of_content_adds_a_script_to_the_policy(sites: tuple[Path, Path]) -> None:
    honest, hostile = sites
    assert scripts_of(hostile) <= scripts_of(honest)
    for path in _pages(hostile):
        policies = [a for _, a in parse((hostile / path).read_text("utf-8")).elements if "http-equiv" in a]
        assert [one["http-equiv"] for one in policies] == ["Content-Security-Policy"], path
        assert policies[0]["content"].startswith("default-src 'none'; script-src 'self'")


@pytest.mark.system
def test_the_corpus_is_shown_as_the_characters_that_it_is(sites: tuple[Path, Path]) -> None:
    _, hostile = sites
    text = "".join(parse((hostile / path).read_text("utf-8")).text for path in _pages(hostile))
    for line in CORPUS[:5]:
        assert line in text


@pytest.mark.system
def test_data_files_stay_data(sites: tuple[Path, Path]) -> None:
    honest, hostile = sites
    for file in hostile.rglob("*.json"):
        json.loads(file.read_text("utf-8"))
    calendar = Calendar.from_ical((hostile / "calendar.ics").read_bytes())
    plain = Calendar.from_ical((honest / "calendar.ics").read_bytes())
    assert len(calendar.events) == len(plain.events)
    assert {key for event in calendar.events for key in event} <= {key for event in plain.events for key in event}


def _pages(site: Path) -> list[str]:
    return sorted(str(file.relative_to(site)) for file in site.rglob("*.html"))


RAW = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<meta http-equiv="refresh" content="0;url=https://evil.example/">',
    '<base href="https://evil.example/">',
    '<div id="__config">{}</div>',
    '<form action="https://evil.example/"></form>',
    "<iframe src=https://evil.example/></iframe>",
    "<style>*{display:none}</style>",
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    '<svg onload="alert(1)"></svg>',
    "# A heading {: onclick=alert(1) }",
    "A paragraph\n{: style=position:fixed }",
    "A paragraph\n{: #__search }",
    "A paragraph\n{: data-md-component=announce }",
    "A paragraph\n{: .md-overlay }",
    "[x](javascript:alert(1))",
    "[x](data:text/html,x)",
    "[x][y]\n\n[y]: javascript:alert(1)",
    "![x](https://evil.example/x.png)",
    "![x](//evil.example/x.png)",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<details ontoggle=alert(1) open>x</details>",
)


@pytest.mark.parametrize("markup", RAW)
def test_markup_that_could_act_is_found_in_what_markdown_makes_of_it(markup: str) -> None:
    extensions = ["attr_list", "def_list", "tables", "toc"]
    assert html_problem(markdown.markdown(f"Before\n\n{markup}\n\nAfter", extensions=extensions)) is not None


def test_a_page_with_such_markup_is_refused_by_name_and_nothing_is_written(tmp_path: Path) -> None:
    project = small_site(tmp_path / "project")
    (project / "content/pages/help/words.md").write_text("# Words\n\nA paragraph\n{: #__search }\n", "utf-8")
    with pytest.raises(InputError, match=r"help/words\.md contains 'id=\"__search\"'"):
        build(project, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("title", ["template: redirect.html", "title: <script>alert(1)</script>", "location: x"])
def test_lines_that_look_like_front_matter_of_another_kind_are_text(tmp_path: Path, title: str) -> None:
    directory = small_site(tmp_path / "project")
    words = title.replace("<", "&lt;")
    (directory / "content/pages/help/words.md").write_text(f"{words}\nauthor: x\n\n# Words\n", encoding="utf-8")
    page = build(directory, tmp_path / "out")["help/words/index.html"]
    assert f"{title} author: x" in page.text
    assert "author" not in {attributes.get("name") for _, attributes in page.elements}
