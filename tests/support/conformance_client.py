"""`tests/conformance/client` as the conformance suite uses it, in the process of the test or in one of its own."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tuf.api.metadata import Metadata

from tests.support.command import ROOT
from tests.support.system import need

EXECUTABLE = ROOT / "tests" / "conformance" / "client"


class RefusedError(Exception):
    """The client ended with 1; the text is what it wrote to standard error."""


@dataclass(frozen=True)
class ConformanceClient:
    """One client of one repository."""

    directory: Path
    url: str
    """The address of the repository's server."""
    as_process: bool = False

    @property
    def metadata_dir(self) -> Path:
        return self.directory / "metadata"

    @property
    def files_dir(self) -> Path:
        return self.directory / "files"

    @property
    def versions(self) -> dict[str, int]:
        """The version of each role that the client trusts. Raises for a .json that is no metadata."""
        return {
            unquote(path.name.removesuffix(".json")): Metadata[Any].from_file(str(path)).signed.version
            for path in self.metadata_dir.iterdir()
            if path.name.endswith(".json")
        }

    @property
    def files(self) -> dict[str, bytes]:
        """What it has downloaded, by target path."""
        paths = self.files_dir.iterdir() if self.files_dir.exists() else ()
        return {unquote(path.name): path.read_bytes() for path in paths}

    def init(self, root: bytes) -> None:
        initial = self.directory / "initial_root"
        initial.write_bytes(root)
        self.run("--metadata-dir", str(self.metadata_dir), "init", str(initial))

    def refresh(self, *, days: int = 0) -> None:
        """Update the metadata, by a clock that is `days` ahead."""
        self.run(*self._metadata_options(), "refresh", days=days)

    def download(self, *targets: str, days: int = 0) -> None:
        """Download these targets, by a clock that is `days` ahead."""
        names = [word for target in targets for word in ("--target-name", target)]
        place = ["--target-base-url", f"{self.url}/targets", "--target-dir", str(self.files_dir)]
        self.run(*self._metadata_options(), *names, *place, "download", days=days)

    def run(self, *words: str, days: int = 0) -> None:
        """Run the client. Raises RefusedError if it ends with 1; any other end but 0 fails the test."""
        code, output, errors = self._in_process(words, days) if self.as_process or days else _in_this_process(words)
        assert code in (0, 1), errors
        assert output == ""
        assert "Traceback" not in errors, errors
        assert "unexpected error" not in errors, errors
        assert bool(errors) == bool(code)
        if code:
            raise RefusedError(errors)

    def _metadata_options(self) -> list[str]:
        return ["--metadata-dir", str(self.metadata_dir), "--metadata-url", f"{self.url}/metadata"]

    def _in_process(self, words: tuple[str, ...], days: int) -> tuple[int, str, str]:
        clock = [str(need("faketime")), "-f", f"+{days}d"] if days else []
        ran = subprocess.run(
            [*clock, str(EXECUTABLE), *words], cwd="/", capture_output=True, text=True, timeout=120, check=False
        )
        return ran.returncode, ran.stdout, ran.stderr


@cache
def _main() -> Callable[[tuple[str, ...]], int]:
    loader = SourceFileLoader("conformance_client", str(EXECUTABLE))
    spec = spec_from_loader(loader.name, loader)
    assert spec is not None
    module = module_from_spec(spec)
    loader.exec_module(module)
    main: Callable[[tuple[str, ...]], int] = module.main
    return main


def _in_this_process(words: tuple[str, ...]) -> tuple[int, str, str]:
    output, errors = StringIO(), StringIO()
    with redirect_stdout(output), redirect_stderr(errors):
        try:
            code = _main()(words)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else -1
    return code, output.getvalue(), errors.getvalue()
