"""The built site: strict, whole, and without a request to anybody else."""

from __future__ import annotations

import posixpath
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from publisher.content.load import load_catalog
from publisher.errors import ContentError, InputError
from publisher.site.mkdocs.build import build_site
from publisher.site.mkdocs.plugin import SiteSource
from publisher.site.templates import Templates
from tests.site.factory import FEED_SCHEMA, NOW, ROOT, TEMPLATES, catalog, deprecation, event, live, release
from tests.site.htmltext import Parsed, parse
from tests.site.test_text import NASTY
from tests.support.own_site import small_site

LOADS = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "link": ("href",),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "audio": ("src",),
    "video": ("src", "poster"),
    "embed": ("src",),
    "object": ("data",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
    "input": ("src",),
    "track": ("src",),
}
"""Attributes from which a browser loads something by itself."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's own content, with a bucket that offers something."""
    target = tmp_path_factory.mktemp("built") / "site"
    content = load_catalog([ROOT / "content"], ROOT / "site_config")
    now = content.sample.reference_time if content.sample else NOW
    build_site(
        ROOT / "mkdocs.yml", target, SiteSource(content, live("4.1.1", "btfs-node"), now, TEMPLATES, FEED_SCHEMA)
    )
    return target


@pytest.fixture(scope="module")
def pages(built: Path) -> dict[str, Parsed]:
    return {str(f.relative_to(built)): parse(f.read_text(encoding="utf-8")) for f in built.rglob("*.html")}


def test_every_kind_of_page_is_there(pages: dict[str, Parsed]) -> None:
    for path in ("", "releases/", "calendar/", "events/", "policy/", "deprecations/", "downloads/", "safety/", "feed/"):
        assert f"{path}index.html" in pages
    assert "404.html" in pages


def test_no_page_loads_anything_from_elsewhere(built: Path, pages: dict[str, Parsed]) -> None:
    for path, page in pages.items():
        for name, attributes in page.elements:
            if name == "link" and attributes.get("rel") in ("canonical", "prev", "next"):
                continue
            for attribute in LOADS.get(name, ()):
                assert not urlsplit(attributes.get(attribute, "")).netloc, (path, name, attributes)
            assert "style" not in attributes, (path, name)
            assert not [key for key in attributes if key.startswith("on")], (path, name)
    for file in built.rglob("*.css"):
        text = re.sub(r"/\*.*?\*/", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
        assert "@import" not in text, file
        for address in re.findall(r"url\(\s*[\"']?([^\"')]+)", text):
            assert address.startswith("data:") or not urlsplit(address).netloc, (file, address)
    for file in built.rglob("*.svg"):
        assert not re.search(r"(href|src)=[\"']?(https?:)?//", file.read_text(encoding="utf-8")), file


def test_every_page_has_the_content_policy_before_its_first_script(built: Path) -> None:
    for file in built.rglob("*.html"):
        text = file.read_text(encoding="utf-8")
        assert text.index("Content-Security-Policy") < text.index("<script"), file
        assert "TIDEGATE-CONTENT" not in text


def test_every_link_leads_to_a_page_and_an_anchor(pages: dict[str, Parsed], built: Path) -> None:
    anchors = {path: {a["id"] for _, a in page.elements if "id" in a} for path, page in pages.items()}
    for path, page in pages.items():
        if path == "404.html":
            continue
        for name, attributes in page.elements:
            link = urlsplit(attributes.get("href", ""))
            if name != "a" or link.netloc or link.scheme:
                continue
            folder = posixpath.dirname(path)
            target = posixpath.normpath(posixpath.join(folder, unquote(link.path))) if link.path else path
            if link.path.endswith("/") or target in (".", folder) or (built / target).is_dir():
                target = posixpath.normpath(posixpath.join(target, "index.html"))
            assert (built / target).is_file(), (path, attributes)
            if link.fragment and target in anchors:
                assert link.fragment in anchors[target] | {"__search", "__drawer"}, (path, attributes)


def test_pages_are_readable_by_everybody(pages: dict[str, Parsed]) -> None:
    for path, page in pages.items():
        names = [name for name, _ in page.elements]
        assert names.count("h1") == 1, path
        assert "main" in names, path
        for name, attributes in page.elements:
            if name == "img":
                assert "alt" in attributes, path
            if name == "svg" and (attributes.get("class", "").startswith("tg-") or "role" in attributes):
                assert {"aria-hidden", "aria-label"} & set(attributes), path
    assert pages["index.html"].elements[0] == ("html", {"lang": "en", "class": "no-js"})


def test_content_from_yaml_never_becomes_markup(tmp_path: Path) -> None:
    lines = [text for text in NASTY if text.strip()]
    odd = catalog(
        events=tuple(event(f"e{n}", title=text, summary=f"x {text}") for n, text in enumerate(lines)),
        releases=(release(notes={"symptoms": lines, "first_24h": lines, "body": "\n\n".join(lines)}),),
        deprecations=tuple(deprecation(f"d{n}", subject=text, replacement=text) for n, text in enumerate(lines)),
        sample="<script>alert(1)</script> | *x*",
        channel="</dd><script>alert(1)</script>",
    )
    build_site(ROOT / "mkdocs.yml", tmp_path / "site", SiteSource(odd, live(), NOW, TEMPLATES, FEED_SCHEMA))
    plain = catalog(events=(event(),), releases=(release(),))
    build_site(ROOT / "mkdocs.yml", tmp_path / "plain", SiteSource(plain, live(), NOW, TEMPLATES, FEED_SCHEMA))
    expected = _active(parse((tmp_path / "plain" / "releases" / "index.html").read_text(encoding="utf-8")))
    for file in (tmp_path / "site").rglob("*.html"):
        page = parse(file.read_text(encoding="utf-8"))
        assert _active(page) == expected, file
        for name, attributes in page.elements:
            assert not [key for key in attributes if key.startswith("on")], (file, name)
            assert not attributes.get("href", "").lower().startswith("javascript:"), (file, attributes)
    shown = parse((tmp_path / "site" / "releases" / "node" / "4.2.0" / "index.html").read_text(encoding="utf-8")).text
    for text in lines:
        assert " ".join(text.split()) in shown


def _active(page: Parsed) -> int:
    return sum(name in ("script", "style", "iframe", "object", "base") for name, _ in page.elements)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a small site is built from, and the site."""
    project = small_site(tmp_path_factory.mktemp("small") / "project")
    build_site(project / "mkdocs.yml", project / "out", source(project))
    return project


@pytest.fixture
def project(small: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(small, tmp_path, dirs_exist_ok=True)
    return tmp_path


def source(project: Path) -> SiteSource:
    content = load_catalog([project / "content"], project / "site_config")
    return SiteSource(content, None, NOW, Templates(project / "templates"), FEED_SCHEMA)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("content/pages/safety.md", "# A\n\n[x](nowhere.md)\n", "nowhere.md"),
        ("content/pages/safety.md", "# A\n\n[x](policy.md#nothing)\n", "#nothing"),
        ("content/pages/safety.md", "# A\n\n<script>x</script>\n", "<script"),
        ("content/pages/policy.md", "# Mine\n", "policy/index.html is generated; rename policy.md"),
    ],
)
def test_a_mistake_in_prose_stops_the_build_in_plain_words(project: Path, file: str, text: str, words: str) -> None:
    target = project / "out"
    before = (target / "index.html").read_bytes()
    (project / file).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        build_site(project / "mkdocs.yml", target, source(project))
    assert words in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert (target / "index.html").read_bytes() == before
    assert not [entry for entry in project.iterdir() if entry.name.startswith(".out")]


def test_a_wrong_name_of_data_is_told_with_its_place(project: Path) -> None:
    shutil.rmtree(project / "out")
    (project / "content/pages/safety.md").write_text("# A\n\n<!-- data: nothing -->\n", encoding="utf-8")
    with pytest.raises(ContentError, match=r"safety\.md:3:1: there is no data named nothing"):
        build_site(project / "mkdocs.yml", project / "out", source(project))
    assert not (project / "out").exists()


def test_a_missing_configuration_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no"):
        build_site(tmp_path / "mkdocs.yml", tmp_path / "out", SiteSource(catalog(), None, NOW, TEMPLATES, FEED_SCHEMA))
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# x")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\n")
    with pytest.raises(InputError, match="does not list the plugin tidegate"):
        build_site(tmp_path / "mkdocs.yml", tmp_path / "out", SiteSource(catalog(), None, NOW, TEMPLATES, FEED_SCHEMA))


def test_the_sitemap_is_the_same_on_every_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MkDocs dates each page by the day of the build, in the sitemap and in its packed copy."""

    def built(day: str) -> dict[str, bytes]:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", day)
        build_site(ROOT / "mkdocs.yml", tmp_path / day, SiteSource(catalog(), None, NOW, TEMPLATES, FEED_SCHEMA))
        return {file.name: file.read_bytes() for file in (tmp_path / day).glob("sitemap*")}

    first = built("1700000000")
    assert first == built("1700090000")
    assert list(first) == ["sitemap.xml"]
    assert b"<loc>https://updates.example.org/safety/</loc>" in first["sitemap.xml"]
