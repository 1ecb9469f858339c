"""The MkDocs plugin: puts the generated pages beside the prose, and watches what they are made from.

Pages exist in memory only; nothing is written into `docs_dir`, which MkDocs watches. While `mkdocs serve` runs, a
mistake in the content is shown on every page, over the last pages that were fine, and the server goes on.

MkDocs starts this by itself, so it is an edge like a command: it loads the content and reads the clock, unless
`publish build` has handed it a `Source`.
"""

from __future__ import annotations

import html
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from mkdocs.config import config_options as option
from mkdocs.config.base import Config
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.utils import get_relative_url

from publisher.content.load import load_catalog
from publisher.content.pages import read_handed_out, read_pages
from publisher.content.safe_directory import read_tree
from publisher.content.schemas import schema_of
from publisher.errors import ContentError, TidegateError
from publisher.model.allowed_markup import html_problem
from publisher.model.catalog import Catalog
from publisher.model.records.channel_state import ChannelState
from publisher.model.records.feed_format import Feed
from publisher.site.directory_writer import read_files
from publisher.site.mkdocs import csp
from publisher.site.render import CALENDARS, fill_prose, render_site
from publisher.site.templates import Templates

if TYPE_CHECKING:
    from jinja2 import Environment
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.nav import Navigation
    from mkdocs.structure.pages import Page
    from mkdocs.utils.templates import TemplateContext

log = logging.getLogger("mkdocs.plugins.tidegate")


@dataclass(frozen=True)
class SiteSource:
    """What the pages are made from."""

    catalog: Catalog
    state: ChannelState | None
    now: datetime
    templates: Templates
    feed_schema: Mapping[str, Any] = field(default_factory=lambda: schema_of(Feed, closed=False, nulls=True))
    calendars_before: Mapping[str, bytes] = field(default_factory=dict)
    """Calendars as they were published before, by path."""
    handed_out: Mapping[str, bytes] = field(default_factory=dict)
    """Client and root that users take from the site, by name."""


class TidegateConfig(Config):  # type: ignore[no-untyped-call] # MkDocs has no types
    """The plugin's options in mkdocs.yml; all paths are seen from the directory of that file."""

    content = option.ListOfItems(option.Type(str), default=["content"])
    """Content directories; further ones are private overlays."""
    site_config = option.Type(str, default="site_config")
    """Directory of products, channels, endpoints and signers."""
    templates = option.Type(str, default="templates")
    """Directory of templates."""


class TidegatePlugin(BasePlugin[TidegateConfig]):  # type: ignore[no-untyped-call] # the same
    """Generates the site's pages."""

    def __init__(self) -> None:
        self.failure: TidegateError | None = None
        """What stopped a build; MkDocs itself passes on no more than its words."""
        self._given: SiteSource | None = None
        self._source: SiteSource | None = None
        self._last_good: dict[str, bytes] = {}
        self._problem = ""
        self._serving = False
        self._place = Path()
        self._pages: dict[str, bytes] = {}
        self._nothing = TemporaryDirectory(prefix="tidegate-pages-")
        """Where MkDocs looks for pages: it follows links, so it never walks the content itself."""
        self._scripts: csp.ThemeScripts | None = None

    def use(self, source: SiteSource | None) -> None:
        """Build from this instead of loading the content; for `publish build`. None takes it back."""
        self._given = source

    def on_startup(self, *, command: Literal["build", "gh-deploy", "serve"], dirty: bool) -> None:
        """Its presence also makes MkDocs keep this object between the rebuilds of `serve`."""
        self._serving = command == "serve"
        self._source, self._last_good, self.failure = None, {}, None

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Load the content. The site's own address comes from endpoints.yaml, so that it stands in one place."""
        self._problem = ""
        if config.docs_dir != self._nothing.name:  # a rebuild may come with the same configuration
            self._place, config.docs_dir = _short(Path(config.docs_dir)), self._nothing.name
        try:
            self._refuse_links(config)
            self._source = self._given or self._load(config)
            self._pages = {**read_pages(self._place), **self._source.handed_out}
        except TidegateError as error:
            self._fail(error)
        if self._source is not None and not config.site_url:
            config.site_url = self._source.catalog.endpoints.site + "/"
        return config

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Add the pages of prose and every generated file; none may take a place of the theme's or of another."""
        if self._source is not None and not self._problem:
            try:
                self._last_good = render_site(
                    self._source.catalog,
                    self._source.state,
                    self._source.now,
                    self._source.templates,
                    self._source.feed_schema,
                    self._source.calendars_before,
                    self._pages.keys(),
                )
            except TidegateError as error:
                self._fail(error)
        generated = self._last_good or _empty_pages(config, self._pages)
        theirs = {file.dest_uri.lower(): "belongs to the theme" for file in files}
        prose = [self._file(config, path, content) for path, content in self._pages.items()]
        made = [self._file(config, path, content) for path, content in generated.items()]
        taken = theirs | {file.dest_uri.lower(): "is generated" for file in made}
        for file in prose:
            if whose := taken.get(file.dest_uri.lower()):
                raise PluginError(f"{file.dest_uri} {whose}; rename {file.src_uri} in {self._place}")
            taken[file.dest_uri.lower()] = "is also made from another page"
        for file in (*prose, *made):
            files.append(file)
        return files

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Know the theme's own scripts before the first page is finished."""
        self._scripts = csp.ThemeScripts(config.theme.dirs, env, config)
        return env

    def on_page_markdown(self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Fill the data into pages of prose."""
        if self._source is None or page.file.src_uri in self._last_good:
            return markdown
        source, path = self._source, str(self._place / page.file.src_uri)
        try:
            return fill_prose(path, markdown, source.catalog, source.state, source.now, source.templates)
        except TidegateError as error:
            self._fail(error)
        return markdown

    def on_page_content(self, content: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """Refuse a page that would run or load something."""
        if markup := html_problem(content):
            raise PluginError(
                f"{page.file.src_uri} contains {markup!r}; pages may only have text, links and pictures from this site"
            )
        return content

    def on_page_context(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> TemplateContext:
        """Tell the theme about a problem in the content."""
        words: dict[str, Any] = {**context, "tidegate_problem": html.escape(self._problem)}
        return cast("TemplateContext", words)

    @event_priority(-100)
    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """Last of all, when the page's scripts are final."""
        return self._finish(output, page.file.src_uri, get_relative_url(".", page.url))

    @event_priority(-100)
    def on_post_template(self, output_content: str, *, template_name: str, config: MkDocsConfig) -> str:
        """The same for pages of the theme, such as 404.html, which MkDocs addresses from the root."""
        if not template_name.endswith(".html"):
            return output_content
        return self._finish(output_content, template_name, urlsplit(config.site_url or "/").path)

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Leave only what is the same on every day: the packed sitemap holds the day of the build."""
        (Path(config.site_dir) / "sitemap.xml.gz").unlink(missing_ok=True)

    def on_serve(self, server: LiveReloadServer, *, config: MkDocsConfig, builder: Any) -> LiveReloadServer:
        """Reload when anything changes that pages are made from."""
        for directory in self._directories(config):
            if directory.is_dir():
                server.watch(str(directory))
        return server

    def _file(self, config: MkDocsConfig, path: str, content: bytes) -> File:
        # Not in the navigation by name, and dot-directories would be left out without a level.
        level = InclusionLevel.INCLUDED if path in _in_navigation(config) else InclusionLevel.NOT_IN_NAV
        return File.generated(config, path, content=content, inclusion=level)

    def _finish(self, output: str, name: str, base_url: str) -> str:
        assert self._scripts is not None
        # `serve` adds a script to each page, whose hash cannot be known here.
        if self._serving:
            return output.replace(csp.PLACEHOLDER, "default-src 'self' 'unsafe-inline' data:")
        try:
            return self._scripts.finish(output, base_url)
        except ValueError as error:
            raise PluginError(f"{name} {error}") from None

    def _refuse_links(self, config: MkDocsConfig) -> None:
        """MkDocs and Jinja would follow a link among the templates."""
        if problems := read_tree(_short(self._directories(config)[-1])).problems:
            raise ContentError(problems)

    def _directories(self, config: MkDocsConfig) -> list[Path]:
        root = Path(config.config_file_path or "mkdocs.yml").resolve().parent
        names = [*self.config.content, self.config.site_config, self.config.templates]
        return [root / name for name in names]

    def _load(self, config: MkDocsConfig) -> SiteSource:
        *content, site_config, templates = self._directories(config)
        catalog = load_catalog([_short(directory) for directory in content], _short(site_config))
        now = catalog.sample.reference_time if catalog.sample else datetime.now(UTC).replace(microsecond=0)
        return SiteSource(
            catalog,
            None,
            now,
            Templates(_short(templates)),
            calendars_before=read_files(Path(config.site_dir), CALENDARS),
            handed_out=read_handed_out(_short(site_config)),
        )

    def _fail(self, error: TidegateError) -> None:
        """Stop a build; keep a preview alive and say what is wrong."""
        if not self._serving:
            self.failure = error
            raise PluginError(str(error)) from error
        self._problem = str(error)
        log.error("%s", error)


def _short(directory: Path) -> Path:
    """As people would write it from where they stand, so that messages stay readable."""
    here = Path.cwd()
    return directory.relative_to(here) if directory.is_relative_to(here) else directory


def _in_navigation(config: MkDocsConfig) -> frozenset[str]:
    def paths(item: Any) -> list[str]:
        if isinstance(item, str):
            return [item]
        values = item.values() if isinstance(item, dict) else item
        return [path for value in values for path in paths(value)]

    return frozenset(paths(config.nav or []))


def _empty_pages(config: MkDocsConfig, pages: Mapping[str, bytes]) -> dict[str, bytes]:
    """What a preview shows until the content is right for the first time: the problem itself, above these words."""
    words = b"# Not yet\n\nThis page appears as soon as the content is right. The problem stands above.\n"
    return {path: words for path in _in_navigation(config) if path.endswith(".md") and path not in pages}
