"""A computer that runs `tidegate` against published files, without a network: what it asks, is told, and keeps."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface

from publisher.client import cli
from publisher.client.network import http
from publisher.wire.errors import Code
from tests.support.project import Project, tree

HOST, MIRROR = "https://dl.btfs.test", "https://mirror.btfs.test/tidegate"
"""The channel's address, and the other one that the tests' project pins."""
CHUNK = 64 * 1024


class Wire(FetcherInterface):
    """Answers for the hosts of a channel with files of directories, or with what an attacker sends instead."""

    def __init__(self, bucket: Path) -> None:
        self.hosts = {HOST: bucket, MIRROR: bucket}
        self.instead: dict[str, Callable[[], Iterator[bytes]]] = {}
        """Path, or the end of one -> what is sent in place of that file."""
        self.before: Callable[[str], None] = lambda _path: None
        """Called with the path before a file is answered."""
        self.asked: list[str] = []
        """The paths asked for, below the host."""
        self.sent = 0
        """How many bytes the client took."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        base = next(base for base in self.hosts if url.startswith(f"{base}/"))
        path = url.removeprefix(f"{base}/")
        self.asked.append(path)
        self.before(path)
        for chunk in self._answer(base, path):
            self.sent += len(chunk)
            yield chunk

    def _answer(self, base: str, path: str) -> Iterator[bytes]:
        for end, answer in self.instead.items():
            if path.endswith(end):
                yield from answer()
                return
        file = self.hosts[base] / path
        if not file.is_file():
            raise DownloadHTTPError(f"{base}/{path} was answered with status 404", 404)
        data = file.read_bytes()
        yield from (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))


@dataclass
class Ran:
    """How a command ended."""

    exit_code: int
    answer: dict[str, Any]

    @property
    def offers(self) -> str | None:
        """The version that is offered."""
        return self.answer["release"] and str(self.answer["release"]["version"])


@dataclass
class Machine:
    """One computer: its state, its downloads, its clock."""

    base: Path
    wire: Wire
    now: datetime
    product: str = "node"
    current: str = "0.9.0"
    """The version that runs."""
    channel: str = "stable"
    platform: str = "linux-amd64"

    @property
    def state(self) -> Path:
        return self.base / "state"

    @property
    def downloads(self) -> Path:
        return self.base / "downloads"

    def kept(self) -> dict[str, bytes]:
        """Everything that the client has on the disk, by path."""
        return {f"{name}/{path}": data for name in ("state", "downloads") for path, data in self._files(name).items()}

    def _files(self, name: str) -> dict[str, bytes]:
        directory = self.base / name
        return tree(directory) if directory.exists() else {}

    def run(self, command: str, *words: str) -> tuple[int, str, str]:
        """`tidegate COMMAND`, with this machine's options: exit code, output, errors."""
        options = {
            "url": HOST,
            "root": str(self.base / "root.json"),
            "product": self.product,
            "channel": self.channel,
            "platform": self.platform,
            "state": str(self.state),
            "current": self.current,
        } | ({"to": str(self.downloads)} if command == "download" else {})
        given = [word for name, value in options.items() for word in (f"--{name}", value)]
        out, errors = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(errors):
            patch.setattr(http, "fetcher_for", lambda *_args, **_options: self.wire)
            patch.setattr(cli, "wall_clock", lambda: self.now)
            code = cli.main([command, *given, *words])
        return code, out.getvalue(), errors.getvalue()

    def check(self) -> Ran:
        """What `tidegate check` says."""
        code, out, _ = self.run("check", "--json")
        return Ran(code, json.loads(out))

    def download(self) -> Ran:
        """What `tidegate download` says."""
        code, out, _ = self.run("download", "--json")
        return Ran(code, json.loads(out))

    def offered(self) -> str | None:
        """The version that a check offers; the check must succeed."""
        ran = self.check()
        assert ran.answer["ok"], ran.answer
        return ran.offers

    def refuses(self, words: str, code: Code = Code.NOT_VERIFIED, *, exit_code: int = 4, newer: str = "") -> None:
        """Assert that the client refuses for this reason, twice, and that all it keeps has the bytes it had.

        `newer` is a pattern for files that may come or change: metadata that verified before the refusal, never older.
        """
        before = self.kept()
        ran = self.download()
        error = ran.answer["error"]
        assert error is not None, ran.answer
        assert (ran.exit_code, error["code"]) == (exit_code, code), error
        assert re.search(words, error["what"]), error
        assert error["fix"]
        assert ran.answer["release"] is None
        self._keeps(before, newer)
        again, out, errors = self.run("download")
        assert (again, out) == (exit_code, "")
        assert re.search(words, errors)
        assert errors.splitlines()[-1] == ran.answer["verdict"]
        self._keeps(before, newer)

    def _keeps(self, before: dict[str, bytes], newer: str) -> None:
        after = self.kept()
        changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
        assert not [path for path in changed if not newer or not re.fullmatch(newer, path)]
        assert not [path for path in changed if path not in after]
        for path in changed & before.keys():
            numbers, newer_numbers = _numbers(before[path]), _numbers(after[path])
            assert not [role for role, number in numbers.items() if newer_numbers.get(role, 0) < number]


def _numbers(kept: bytes) -> dict[str, int]:
    """Role -> version, of metadata or of the record of what was seen."""
    data = json.loads(kept)
    if "signed" in data:
        return {data["signed"]["_type"]: data["signed"]["version"]}
    return {role: seen["version"] for role, seen in data["roles"].items()}


def machine_for(project: Project, base: Path, **options: Any) -> Machine:
    """A new computer that trusts the project's first root."""
    return machine_of(project.bucket, project.root, base, project.now, **options)


def machine_of(bucket: Path, root: bytes, base: Path, now: datetime, **options: Any) -> Machine:
    """A new computer that trusts this root, and is answered from this bucket."""
    base.mkdir()
    (base / "root.json").write_bytes(root)
    return Machine(base, Wire(bucket), now, **options)
