"""How commands answer: each makes one report, which is printed for people or as JSON and says the exit code."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any, ClassVar

import click

from publisher.errors import TidegateError
from publisher.model.values import format_time
from publisher.text.terminal import terminal_width, wrapped


class Report(ABC):
    """What a command has done or found."""

    widest: ClassVar[int] = 100
    """Columns that its lines have at most, however wide the terminal is."""
    says_ok: ClassVar[bool] = True
    """Whether its JSON begins with `ok`; a format of its own does not, and its command always ends with 0."""

    @property
    def error(self) -> TidegateError | None:
        """What people read on standard error after the lines; programs have all of it in the data."""
        return None

    @property
    def exit_code(self) -> int:
        return 0 if self.error is None else self.error.exit_code

    @abstractmethod
    def lines(self, width: int) -> Iterable[str]:
        """The answer for people, as lines of at most `width` columns, but for words that are longer."""

    @abstractmethod
    def data(self) -> Mapping[str, object]:
        """The same for programs."""


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
"""--json"""


def answering(command: Callable[..., Report | None]) -> Callable[..., None]:
    """--json, and the report that a command returns is printed, unless it has printed a format of its own."""

    @json_option
    @wraps(command)
    def answer(*, as_json: bool, **options: Any) -> None:
        if (report := command(**options)) is not None:
            emit(report, as_json=as_json)

    return answer


def for_programs() -> bool:
    """Whether the command that runs was given --json, so that standard output is not for people."""
    return bool(click.get_current_context().params.get("as_json"))


def emit(report: Report, *, as_json: bool) -> None:
    """Print a report and leave with its exit code, which `ok` in the JSON says too. Raises its error, and Exit."""
    code = report.exit_code
    if as_json:
        print_json({"ok": code == 0, **report.data()} if report.says_ok else report.data())
    else:
        click.echo("\n".join(report.lines(terminal_width(report.widest))))
        if report.error is not None:
            raise report.error
    if code != 0:
        raise click.exceptions.Exit(code)


def print_json(value: object) -> None:
    """JSON to standard output, keys in a fixed order."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def picked(value: object, *names: str) -> dict[str, object]:
    """Some attributes of a value by their own names, for programs."""
    return {name: getattr(value, name) for name in names}


def _plain(value: object) -> str:
    """What JSON has no type for: moments, versions, paths."""
    return format_time(value) if isinstance(value, datetime) else str(value)


def say(text: str) -> None:
    """A sentence to people, as the answer of a command that has none for programs."""
    click.echo("\n".join(wrapped(text, terminal_width())))


def notice(text: str) -> None:
    """A remark to people on standard error, beside the answer."""
    click.echo("\n".join(wrapped(text, terminal_width())), err=True)
