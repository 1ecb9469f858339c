"""Walks through README as a newcomer does: its blocks as they stand, typed into one shell, in a fresh directory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.command import ROOT
from tests.support.terminal import converse

PASSPHRASE = "five six random words"

_LEAD = re.compile(r"^(?:#{2,3} (?P<heading>.+)|\*\*(?P<bold>[^*]+?)[.?]?\*\*.*)$")
_FILE = re.compile(r"^# (\S+\.yaml)$", re.MULTILINE)
_QUESTIONS = (
    (re.compile(r"[Pp]assphrase[^\n]*: $"), PASSPHRASE),
    (re.compile(r"digest \(([0-9a-f]{8})\.\.\.\): $"), r"\1"),
)
"""What a person is asked on the way, and answers."""


@dataclass(frozen=True)
class Block:
    """A block of code."""

    language: str
    text: str


def blocks(heading: str) -> dict[str, list[Block]]:
    """Blocks of a chapter of README, by the subheading or the bold words that they stand under."""
    chapter = (ROOT / "README.md").read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert chapter, f"README has no chapter {heading}"
    found: dict[str, list[Block]] = {}
    lead, language, lines = heading, "", list[str]()
    for line in chapter.splitlines():
        if line.startswith("```"):
            if language:
                found.setdefault(lead, []).append(Block(language, "\n".join(lines)))
            language, lines = line[3:] if not language else "", []
        elif language:
            lines.append(line)
        elif (match := _LEAD.match(line)) is not None:
            lead = match["heading"] or match["bold"]
    return found


@dataclass
class Newcomer:
    """Somebody with a shell, whose working directory and variables last from block to block."""

    base: Path
    instead: Mapping[str, str]
    """What README can only name by example -> what it is here."""
    environment: Mapping[str, str]

    @property
    def _state(self) -> Path:
        return self.base / "shell-state"

    @classmethod
    def with_checkout(cls, base: Path, instead: Mapping[str, str], environment: Mapping[str, str]) -> Newcomer:
        """In a fresh checkout, after `make demo` has installed everything."""
        checkout = base / "tidegate"
        for name in ("content", "site_config", "templates", "schemas"):
            shutil.copytree(ROOT / name, checkout / name)
        shutil.copy(ROOT / "mkdocs.yml", checkout)
        (checkout / ".venv").symlink_to(sys.prefix)
        return cls(checkout, instead, environment)

    @property
    def here(self) -> Path:
        """The working directory."""
        ran = subprocess.run(["bash", "-c", f"{self._restored()}\npwd"], capture_output=True, text=True, check=True)
        return Path(ran.stdout.strip())

    def follow(self, blocks: list[Block], *, without: str = "") -> str:
        """Type shell blocks, and write the files of YAML blocks; `without` is a line's beginning that is left out."""
        assert blocks
        assert not without or any(line.startswith(without) for block in blocks for line in block.text.split("\n"))
        said = ""
        for block in blocks:
            if block.language == "yaml":
                self._write(block.text)
            else:
                lines = block.text.split("\n")
                said += self.type("\n".join(line for line in lines if not without or not line.startswith(without)))
        return said

    def type(self, text: str) -> str:
        """Run lines in the shell, at a terminal. Returns what they said; every one has to succeed."""
        script = f"{self._restored()}\nset -e\n{self._here(text)}\nset +e\n{self._keep()}"
        code, said = converse(["bash", "--norc", "-c", script], self.base, {**os.environ, **self.environment}, _answer)
        assert code == 0, f"{text}\n{said}"
        assert "Traceback" not in said
        return said

    def _here(self, text: str) -> str:
        for example, real in self.instead.items():
            text = text.replace(example, real)
        return text

    def _write(self, text: str) -> None:
        """Files of a YAML block, each under its name in a comment."""
        names = list(_FILE.finditer(text))
        assert names, text
        for match, after in zip(names, [*names[1:], None], strict=True):
            file = self.here / match[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(self._here(text[match.end() : after.start() if after else None].strip()) + "\n")

    def _restored(self) -> str:
        return f"[ ! -f '{self._state}' ] || . '{self._state}'"

    def _keep(self) -> str:
        return f"""{{ export -p; printf 'cd %q\\ncd %q\\n' "${{OLDPWD:-$PWD}}" "$PWD"; }} > '{self._state}'"""


def _answer(text: str) -> str | None:
    for question, answer in _QUESTIONS:
        if (asked := question.search(text)) is not None:
            return asked.expand(answer)
    return None
