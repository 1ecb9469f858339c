"""`publish schema`: JSON Schemas of content, configuration and what is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from publisher.cli.output.emit import Report, answering, picked
from publisher.content.schemas import schema_files
from publisher.errors import InputError


@click.command("schema")
@click.option(
    "--to",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("schemas"),
    show_default=True,
    help="Directory to write into.",
)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when a file is missing, outdated or extra.")
@answering
def command(to: Path, check: bool) -> Report:
    """Write the JSON Schemas that let editors complete and check content.

    Each content file names its schema in its first line, for editors that know the YAML language server.
    """
    files = schema_files()
    there = {file.name: file.read_bytes() for file in sorted(to.glob("*.json"))} if to.is_dir() else {}
    stale = sorted(name for name, text in files.items() if there.get(name) != text)
    extra = sorted(set(there) - set(files))
    if check and (stale or extra):
        raise InputError(
            f"outdated in {to}: {', '.join([*stale, *extra])}",
            fix=f"run `publish schema --to {to}`" + (f" and remove {', '.join(extra)}" if extra else ""),
        )
    if not check and stale:
        try:
            to.mkdir(parents=True, exist_ok=True)
            for name in stale:
                (to / name).write_bytes(files[name])
        except OSError as error:
            raise InputError(f"{error.filename or to} cannot be written: {error.strerror}") from None
    return SchemaReport(to, sorted(files), () if check else stale, extra)


@dataclass(frozen=True)
class SchemaReport(Report):
    """Which schemas were written."""

    directory: Path
    files: Sequence[str]
    written: Sequence[str]
    unknown: Sequence[str]

    def lines(self, width: int) -> Iterator[str]:
        if self.written:
            yield f"Wrote {', '.join(self.written)} to {self.directory}."
        else:
            yield f"All {len(self.files)} schemas in {self.directory} are current."
        if self.unknown:
            yield f"Unknown files, left alone: {', '.join(self.unknown)}."

    def data(self) -> dict[str, object]:
        return picked(self, "directory", "files", "written", "unknown")
