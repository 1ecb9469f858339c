"""The plugin in a preview: a mistake is shown and the server goes on."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer

from publisher.site.mkdocs.plugin import TidegatePlugin
from tests.site.htmltext import parse
from tests.support.own_site import small_site


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return small_site(tmp_path)


def preview(project: Path) -> tuple[MkDocsConfig, TidegatePlugin]:
    config = load_config(config_file=str(project / "mkdocs.yml"), site_dir=str(project / "out"))
    plugin = config.plugins["tidegate"]
    assert isinstance(plugin, TidegatePlugin)
    config.plugins.on_startup(command="serve", dirty=False)
    return config, plugin


def shown(project: Path, page: str = "index.html") -> str:
    return parse((project / "out" / page).read_text(encoding="utf-8")).text


def test_a_mistake_stands_above_the_last_good_pages_and_goes_when_it_is_mended(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    config, _ = preview(project)
    url = "http://127.0.0.1:8000/"
    build(config, serve_url=url)
    good = shown(project)
    policy = project / "content" / "policy.yaml"
    right = policy.read_text(encoding="utf-8")
    policy.write_text(right.replace("profile: team", "profile: <b>teem</b>"), encoding="utf-8")
    with caplog.at_level(logging.ERROR, "mkdocs"):
        build(config, serve_url=url)
    assert "policy.yaml" in caplog.text
    for page in ("index.html", "policy/index.html", "safety/index.html"):
        assert "The content has a problem" in shown(project, page)
        assert "<b>teem</b>" in shown(project, page)
    assert good.split("Current versions")[1] in shown(project)
    policy.write_text(right, encoding="utf-8")
    build(config, serve_url=url)
    assert shown(project) == good


def test_a_preview_that_starts_with_a_mistake_says_so_on_every_page(project: Path) -> None:
    (project / "content" / "policy.yaml").write_text("version: 1\n", encoding="utf-8")
    config, _ = preview(project)
    build(config, serve_url="http://127.0.0.1:8000/")
    assert "The content has a problem" in shown(project)
    assert "Not yet" in shown(project, "calendar/index.html")


def test_a_build_with_a_mistake_stops(project: Path, caplog: pytest.LogCaptureFixture) -> None:
    (project / "content" / "policy.yaml").write_text("version: 1\n", encoding="utf-8")
    config = load_config(config_file=str(project / "mkdocs.yml"), site_dir=str(project / "out"))
    config.plugins.on_startup(command="build", dirty=False)
    with caplog.at_level(logging.ERROR, "mkdocs"), pytest.raises(Abort):
        build(config)
    assert "policy.yaml" in caplog.text


def test_a_preview_watches_all_that_pages_are_made_from(project: Path) -> None:
    config, plugin = preview(project)
    build(config, serve_url="http://127.0.0.1:8000/")
    server = LiveReloadServer.__new__(LiveReloadServer)
    watched: list[str] = []
    server.watch = lambda path, *_, **__: watched.append(Path(path).name)  # type: ignore[method-assign]
    plugin.on_serve(server, config=config, builder=None)
    assert watched == ["content", "site_config", "templates"]


def test_a_preview_writes_nothing_into_the_content(project: Path) -> None:
    def content() -> set[Path]:
        return set((project / "content").rglob("*"))

    before = content()
    config, _ = preview(project)
    build(config, serve_url="http://127.0.0.1:8000/")
    assert content() == before


def test_a_preview_allows_the_script_that_reloads_it(project: Path) -> None:
    config, _ = preview(project)
    build(config, serve_url="http://127.0.0.1:8000/")
    page = (project / "out" / "index.html").read_text(encoding="utf-8")
    assert "default-src 'self' 'unsafe-inline' data:" in page
    assert "TIDEGATE-CONTENT" not in page


def test_the_sites_own_address_is_that_of_the_configuration(project: Path) -> None:
    config = load_config(config_file=str(project / "mkdocs.yml"), site_dir=str(project / "out"))
    config.plugins.on_startup(command="build", dirty=False)
    build(config)
    assert 'rel="canonical" href="https://updates.example.org/"' in (project / "out" / "index.html").read_text("utf-8")
