"""What `why` and `plan` share: the options of a command that asks about PRODUCT@VERSION in a channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from publisher.cli.changes import changes_option
from publisher.cli.inputs import at_option, content_options, json_option

F = TypeVar("F", bound=Callable[..., Any])


def asking_options(function: F) -> F:
    """PRODUCT@VERSION --channel --changes --at --content --config --json"""
    for decorate in (json_option, content_options, at_option, changes_option):
        function = decorate(function)
    function = click.option("--channel", help="Release channel.  [default: the first that the release names]")(function)
    return click.argument("release", metavar="PRODUCT@VERSION")(function)
