"""Attacks by somebody who may write into content: what a pull request could bring, and every command that reads it."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from tests.support.command import Publish, flat
from tests.support.own_site import small_site

KEY = (
    "-----BEGIN PRIVATE KEY-----\n"  # of nobody: the bytes from 0 to 31
    "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
    "-----END PRIVATE KEY-----\n"
)
PAGES = "content/pages"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """What a small site is built from, with a directory of keys beside it."""
    project = small_site(tmp_path)
    (project / "content/readings").mkdir()
    (project / "keys").mkdir()
    (project / "keys" / "timestamp.pem").write_text(KEY)
    return project


def link(place: str, target: str) -> Callable[[Path], None]:
    def attack(project: Path) -> None:
        (project / place).symlink_to(target)

    return attack


def file(place: str, content: str | bytes) -> Callable[[Path], None]:
    def attack(project: Path) -> None:
        (project / place).parent.mkdir(parents=True, exist_ok=True)
        (project / place).write_bytes(content if isinstance(content, bytes) else content.encode())

    return attack


def pipe(place: str) -> Callable[[Path], None]:
    return lambda project: os.mkfifo(project / place)


def endless(project: Path) -> None:
    (project / PAGES / "a").symlink_to(".")
    (project / PAGES / "b").symlink_to(".")


def moved(name: str) -> Callable[[Path], None]:
    def attack(project: Path) -> None:
        (project / name).rename(project / "elsewhere")
        (project / name).symlink_to("elsewhere")

    return attack


def listening(project: Path) -> None:
    here = Path.cwd()
    os.chdir(project / PAGES)  # the address of a socket has to be short
    try:
        server = socket.socket(socket.AF_UNIX)
        server.bind("s.md")
        server.close()
    finally:
        os.chdir(here)


LINKED = "is a link"
PRIVATE = "contains a private key (PEM)"
OTHER = "is not a page or a picture"
SVG = '<svg xmlns="http://www.w3.org/2000/svg">{}</svg>'

HANDED_OUT = "is a file that users run and trust, not a page"

ATTACKS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a-link-to-the-keys": (link(f"{PAGES}/k", "../../keys"), f"{PAGES}/k:1:1: {LINKED}"),
    "a-link-to-one-key": (link(f"{PAGES}/k.md", "../../keys/timestamp.pem"), LINKED),
    "a-link-to-the-environment": (link(f"{PAGES}/environ.md", "/proc/self/environ"), LINKED),
    "a-link-to-the-root": (link(f"{PAGES}/root", "/"), LINKED),
    "two-links-that-never-end": (endless, LINKED),
    "a-link-deep-below": (link(f"{PAGES}/help/k.png", "../../../keys/timestamp.pem"), LINKED),
    "a-link-that-leads-nowhere": (link(f"{PAGES}/gone.md", "nowhere"), LINKED),
    "a-link-to-a-page-beside-it": (link(f"{PAGES}/copy.md", "safety.md"), LINKED),
    "pages-themselves-a-link": (moved(PAGES), f"{PAGES}:1:1: {LINKED}"),
    "content-itself-a-link": (moved("content"), f"content {LINKED}"),
    "site-config-itself-a-link": (moved("site_config"), f"site_config {LINKED}"),
    "a-link-in-events": (link("content/events/k.yaml", "../../keys/timestamp.pem"), LINKED),
    "a-folder-of-releases-as-a-link": (link("content/releases/k", "../../keys"), LINKED),
    "a-link-in-readings": (link("content/readings/k.json", "/proc/self/environ"), LINKED),
    "a-link-in-site-config": (link("site_config/k", "../keys"), LINKED),
    "products-as-a-link": (moved("site_config/products.yaml"), f"site_config/products.yaml:1:1: {LINKED}"),
    "policy-as-a-link": (moved("content/policy.yaml"), f"content/policy.yaml:1:1: {LINKED}"),
    "a-pipe": (pipe(f"{PAGES}/p.md"), "it is not a plain file"),
    "a-pipe-in-events": (pipe("content/events/p.yaml"), "it is not a plain file"),
    "a-socket": (listening, "it is not a plain file"),
    "a-key-as-a-page": (file(f"{PAGES}/k.md", KEY), PRIVATE),
    "a-key-in-the-middle-of-a-page": (file(f"{PAGES}/k.md", f"# Help\n\nText.\n\n{KEY}"), PRIVATE),
    "a-key-as-a-picture": (file(f"{PAGES}/k.png", KEY), PRIVATE),
    "a-key-in-a-picture": (file(f"{PAGES}/k.png", b"\x89PNG\r\n\x1a\n" + KEY.encode()), PRIVATE),
    "a-key-in-site-config": (file("site_config/timestamp.pem", KEY), PRIVATE),
    "a-key-in-an-event": (file("content/events/k.yaml", KEY), PRIVATE),
    "a-key-as-readme": (file("content/README.md", KEY), PRIVATE),
    "git-attributes": (file("content/.gitattributes", "* export-ignore\n"), "is a hidden file"),
    "git-attributes-below": (file("content/events/.gitattributes", "* export-ignore\n"), "is a hidden file"),
    "a-hidden-folder-of-pages": (file(f"{PAGES}/.well-known/x.md", "# x"), "is a hidden file"),
    "a-script": (file(f"{PAGES}/assets/javascripts/bundle.a5f9d56c.min.js", "alert(1)"), "belongs to the theme"),
    "a-script-elsewhere": (file(f"{PAGES}/x.js", "alert(1)"), OTHER),
    "a-module": (file(f"{PAGES}/x.mjs", "alert(1)"), OTHER),
    "a-raw-page": (file(f"{PAGES}/x.html", "<script>alert(1)</script>"), OTHER),
    "a-raw-page-in-capitals": (file(f"{PAGES}/x.HTML", "<script>alert(1)</script>"), OTHER),
    "a-style": (file(f"{PAGES}/assets/tidegate.css", "*{}"), "belongs to the theme"),
    "a-theme-picture": (file(f"{PAGES}/Assets/favicon.svg", SVG.format("")), "belongs to the theme"),
    "the-search-index": (file(f"{PAGES}/search/search_index.json", "{}"), "belongs to the theme"),
    "a-page-of-search": (file(f"{PAGES}/search/index.md", "# x"), "belongs to the theme"),
    "a-feed": (file(f"{PAGES}/x.xml", "<x/>"), OTHER),
    "a-root-of-somebody-else": (
        file(f"{PAGES}/root.json", '{"signed": {}}'),
        HANDED_OUT,
    ),
    "a-client-of-somebody-else": (
        file(f"{PAGES}/tidegate.pyz", "#!/bin/sh"),
        HANDED_OUT,
    ),
    "a-pdf": (file(f"{PAGES}/x.pdf", "%PDF"), OTHER),
    "a-drawing-with-a-script": (
        file(f"{PAGES}/x.svg", SVG.format("<script>alert(1)</script>")),
        "not allowed in a drawing",
    ),
    "a-page-named-as-a-picture": (file(f"{PAGES}/x.png", "<script>alert(1)</script>"), "is not a png picture"),
    "a-name-with-markup": (file(f"{PAGES}/<img src=x onerror=alert(1)>.md", "# x"), "is not a valid name for a page"),
    "a-name-with-a-quote": (file(f'{PAGES}/a"onload=.md', "# x"), "is not a valid name for a page"),
    "a-name-that-turns-around": (file(f"{PAGES}/a\u202edm.md", "# x"), "an invisible character in its name"),
    "a-name-with-an-escape": (file("content/events/\x1b[2J.yaml", "x"), "an invisible character in its name"),
    "a-template-in-front-matter": (
        file(f"{PAGES}/x.md", "---\ntemplate: redirect.html\nlocation: https://evil.example/\n---\n# x\n"),
        "`template` is not a known key here",
    ),
    "an-author-in-front-matter": (
        file(f"{PAGES}/x.md", "---\nauthor: '\"><script>alert(1)</script>'\n---\n# x\n"),
        f"{PAGES}/x.md:2:1: `author` is not a known key here",
    ),
    "a-tag-in-front-matter": (file(f"{PAGES}/x.md", "---\ntitle: !!python/name:os.system\n---\n"), "is a YAML tag"),
    "front-matter-that-is-not-closed": (file(f"{PAGES}/x.md", "---\ntitle: x\n"), "does not close it"),
    "an-invisible-character-in-a-page": (file(f"{PAGES}/x.md", "# pay\u200bpal\n"), "(U+200B, zero width space)"),
    "a-huge-page": (file(f"{PAGES}/x.md", "x" * 300_000), "the file is larger than 256 KiB"),
    "a-huge-picture": (file(f"{PAGES}/x.png", bytes(6_000_000)), "the file is larger than 5 MiB"),
}


def written(project: Path) -> list[str]:
    return [name for name in ("out", "site-bucket") if (project / name).exists()]


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_by_content_is_refused_by_name_and_nothing_is_written(
    project: Path, publish: Publish, name: str
) -> None:
    assert publish("check", cwd=project).code == 0
    attack, words = ATTACKS[name]
    attack(project)
    for command in (["check"], ["render", "--to", "out"], ["build", "--to", "out"]):
        ran = publish(*command, cwd=project)
        assert ran.code == 1, command
        assert flat(words) in flat(ran.err)
        assert "BEGIN PRIVATE KEY" not in ran.out + ran.err
    assert written(project) == []


@pytest.mark.parametrize("name", ["a-link-to-the-keys", "two-links-that-never-end", "a-raw-page", "a-pipe"])
@pytest.mark.parametrize("address", [None, "http://127.0.0.1:8000/"])
def test_mkdocs_itself_does_not_follow_or_publish_it_either(
    project: Path, name: str, address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    ATTACKS[name][0](project)
    config = load_config(config_file="mkdocs.yml", site_dir=str(project / "out"))
    config.plugins.on_startup(command="serve" if address else "build", dirty=False)
    if address is None:
        with pytest.raises(Abort):
            build(config)
    else:
        build(config, serve_url=address)  # a preview goes on, and shows the problem instead
        assert "The content has a problem" in (project / "out/index.html").read_text("utf-8")
    built = b"".join(path.read_bytes() for path in (project / "out").rglob("*") if path.is_file())
    assert b"BEGIN PRIVATE KEY" not in built
    assert b"<script>alert(1)" not in built


@pytest.mark.parametrize(
    "attack", [link("templates/pages/k.jinja", "../../keys/timestamp.pem"), link("templates/theme/k", "../../keys")]
)
def test_a_link_among_the_templates_is_refused(project: Path, publish: Publish, attack: Callable[[Path], None]) -> None:
    attack(project)
    ran = publish("build", "--to", "out", cwd=project)
    assert ran.code == 1
    assert "is a link, and links are not followed" in flat(ran.err)
    assert written(project) == []


def test_a_key_among_the_files_of_the_theme_is_never_built(project: Path, publish: Publish) -> None:
    shutil.copy(project / "keys/timestamp.pem", project / "templates/theme/assets/k.txt")
    ran = publish("build", "--to", "out", cwd=project)
    assert ran.code == 1
    assert "templates/theme/assets/k.txt:1:1: contains a private key (PEM)" in flat(ran.err)
    assert written(project) == []


def test_an_overlay_is_read_by_the_same_rules(project: Path, publish: Publish) -> None:
    overlay = project / "private"
    (overlay / "events").mkdir(parents=True)
    (overlay / "events/k").symlink_to("../../keys")
    (overlay / "pages").mkdir()
    (overlay / "pages/x.html").write_text("<script>alert(1)</script>")
    ran = publish("check", "--content", "content", "--content", "private", cwd=project)
    assert ran.code == 1
    assert "private/events/k:1:1: is a link" in flat(ran.err)
    assert f"private/pages/x.html:1:1: {OTHER}" in flat(ran.err)


def test_client_and_root_are_handed_out_from_the_configuration(project: Path, publish: Publish) -> None:
    (project / "site_config/root.json").write_text('{"signed": {}}')
    (project / "site_config/tidegate.pyz").write_text("#!/usr/bin/env python3")
    assert publish("build", "--to", "site", cwd=project).code == 0
    for name in ("root.json", "tidegate.pyz"):
        assert (project / "site" / name).read_bytes() == (project / "site_config" / name).read_bytes()
    page = (project / "site/downloads/index.html").read_text()
    assert 'href="../tidegate.pyz"' in page and 'href="../root.json"' in page


def test_pictures_that_are_passive_are_published_beside_their_page(project: Path, publish: Publish) -> None:
    pages = project / PAGES
    (pages / "pictures").mkdir()
    (pages / "pictures/tide.svg").write_text(SVG.format('<path d="M0 0h9v9z"/>'))
    (pages / "pictures/tide.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(20))
    (pages / "pictures.md").write_text("# Pictures\n\n![A tide](pictures/tide.svg) ![A tide](pictures/tide.png)\n")
    ran = publish("build", "--to", "out", cwd=project)
    assert ran.code == 0, ran.err
    assert (project / "out/pictures/tide.svg").read_bytes() == (pages / "pictures/tide.svg").read_bytes()
    assert 'src="tide.png"' in (project / "out/pictures/index.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("404.md", "404.html"),
        ("POLICY.md", "POLICY/index.html is generated; rename POLICY.md"),
        ("README.md", "index.html is generated"),
        ("Safety.md", "is also made from another page"),
    ],
)
def test_a_page_takes_no_address_of_the_theme_or_of_another_page(
    project: Path, publish: Publish, page: str, words: str
) -> None:
    (project / PAGES / page).write_text("# Mine\n")
    ran = publish("build", "--to", "out", cwd=project)
    if page == "404.md":  # its address is 404/, so that it takes nothing
        assert ran.code == 0
        assert "Page not found." in (project / "out" / words).read_text("utf-8")
        return
    assert ran.code == 1
    assert flat(words) in flat(ran.err)
    assert written(project) == []
