"""publish build --units: the timer of the site, and what its runs say while nothing has changed"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from publisher.cli.inputs import Project
from publisher.cli.options import this_machine
from publisher.cli.output.emit import Report
from publisher.pipeline.timer.timer import SITE_ENVIRONMENT, SITE_EVERY, SITE_TIMER, site_units, write_units
from publisher.rules import english
from publisher.storage.open import directory_of
from publisher.text.terminal import whole, wrapped


@dataclass(frozen=True)
class UnchangedReport(Report):
    """That nothing was built, since the signed site still says what the channel does."""

    def lines(self, width: int) -> list[str]:
        return wrapped("The channel is as when its site was signed; nothing was built.", width)

    def data(self) -> dict[str, object]:
        return {"directory": None, "upload": None, "unchanged": True}


def write_site_units(
    directory: Path, site: str, channel: str, places: Iterable[tuple[str, Path]], project: Project
) -> SiteUnitsReport:
    """The options are repeated with absolute paths. Raises InputError, StorageConflict."""
    here = Path.cwd()
    stores = {"--upload": site, "--channel-bucket": channel}
    lying = {option: directory_of(url) for option, url in stores.items()}
    paths = [*places, *(("--content", path) for path in project.content), ("--config", project.config)]
    words = [
        *(word for option, url in stores.items() for word in (option, _absolute(url, lying[option], here))),
        "--if-changed",
        *(str(word) for option, path in paths for word in (option, here / path)),
    ]
    bucket, pages = (
        here / path if path is not None else None for path in (lying["--channel-bucket"], lying["--upload"])
    )
    files = site_units(this_machine(here, tuple(words), bucket), pages)
    return SiteUnitsReport(directory, tuple(files), write_units(directory, files))


def _absolute(url: str, path: Path | None, here: Path) -> str:
    return str(here / path) if path is not None else url


@dataclass(frozen=True)
class SiteUnitsReport(Report):
    """What the timer needs, and how it is installed."""

    directory: Path
    names: tuple[str, ...]
    written: Sequence[Path]

    def lines(self, width: int) -> list[str]:
        """For people; commands stay on a line each."""
        secrets = f"Passphrases and credentials of the identity `site` go into {SITE_ENVIRONMENT}. Then:"
        return [
            *wrapped(f"Every {english.length(SITE_EVERY)}, in {whole(self.directory)}:", width),
            *(f"  {name}" for name in self.names),
            *wrapped(secrets, width),
            f"  sudo install -m 644 {shlex.quote(str(self.directory))}/tidegate-site.* /etc/systemd/system/",
            f"  sudo systemctl daemon-reload && sudo systemctl enable --now {SITE_TIMER}",
        ]

    def data(self) -> dict[str, object]:
        return {"every_seconds": int(SITE_EVERY.total_seconds()), "written": self.written}
