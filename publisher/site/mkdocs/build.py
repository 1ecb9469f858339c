"""Building the site with MkDocs, strictly: a warning is an error, and errors are plain words."""

from __future__ import annotations

import logging
from pathlib import Path

from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort, MkDocsException

from publisher.errors import InputError
from publisher.site.directory_writer import replace_directory
from publisher.site.mkdocs.plugin import SiteSource, TidegatePlugin


def build_site(config_file: Path, target: Path, source: SiteSource) -> None:
    """Build the site of `config_file` from `source` into `target`, which is replaced as a whole.

    Raises InputError with everything that MkDocs complained about; `target` then stays as it was.
    """
    if not config_file.is_file():
        raise InputError(f"there is no {config_file}", fix="run this in the directory of mkdocs.yml")
    replace_directory(target, lambda directory: _run(config_file, directory, source))


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


def _run(config_file: Path, directory: Path, source: SiteSource) -> None:
    collector = _Collector()
    logger = logging.getLogger("mkdocs")
    propagate = logger.propagate
    logger.addHandler(collector)
    logger.propagate = False
    plugin: TidegatePlugin | None = None
    try:
        config = load_config(config_file=str(config_file), site_dir=str(directory), strict=True)
        plugin = next(
            (candidate for candidate in config.plugins.values() if isinstance(candidate, TidegatePlugin)), None
        )
        if plugin is None:
            raise InputError(f"{config_file} does not list the plugin tidegate", fix="add it under `plugins:`")
        plugin.use(source)
        config.plugins.on_startup(command="build", dirty=False)
        try:
            build(config)
        finally:
            config.plugins.on_shutdown()
    except (MkDocsException, Abort) as error:
        if plugin is not None and plugin.failure is not None:
            raise plugin.failure from None
        lines = collector.lines or [str(error)]
        raise InputError("the site was not built:\n" + "\n".join(f"  {line}" for line in lines)) from None
    finally:
        if plugin is not None:
            plugin.use(None)  # MkDocs keeps the object for whatever this process builds next
        logger.removeHandler(collector)
        logger.propagate = propagate
