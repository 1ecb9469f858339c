"""What an example leaves for the people who take it over: addresses that belong to nobody, and notes to operators.

Nothing is published while one of them is left: a user would read somebody else's words, or nobody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from publisher.errors import Place, Problem
from publisher.model.config.endpoint import Endpoints
from publisher.model.configuration import Configuration

EXAMPLE_HOSTS = ("example.org", "example.com", "example.net", "example")
"""Names that belong to nobody (RFC 2606); `.test` is left for rehearsals."""

_LEFT = re.compile(r'<!-- Operators: (?P<note>.*?)\s*-->|class="tg-fill"', re.DOTALL)
"""A note to operators, or a paragraph that tells visitors that it is to be filled in."""


def placeholders(configuration: Configuration, config: Path, content: Sequence[Path] = ()) -> tuple[Problem, ...]:
    """What is still to be filled in, with its place; with demo keys nothing is."""
    return () if configuration.signers.demo else (*_addresses(configuration.endpoints, config), *_paragraphs(content))


def _addresses(endpoints: Endpoints, config: Path) -> Iterator[Problem]:
    file = config / "endpoints.yaml"
    lines = file.read_bytes().decode(errors="replace").splitlines()
    hosts = dict.fromkeys(urlsplit(address).hostname or "" for address in (endpoints.site, *endpoints.downloads))
    for host in hosts:
        if is_below(host, EXAMPLE_HOSTS):
            # A comment may name it too; the address in use comes after its scheme.
            line = next((number for number, text in enumerate(lines, start=1) if f"//{host}" in text), 1)
            yield Problem(
                f"still names an example address: {host}",
                Place(str(file), line),
                "write your own; they are signed, and clients download only from there",
            )


def _paragraphs(content: Sequence[Path]) -> Iterator[Problem]:
    for directory in content:
        for page in sorted((directory / "pages").rglob("*.md")):
            text = page.read_bytes().decode(errors="replace")
            for left in _LEFT.finditer(text):
                fix = " ".join((left["note"] or "replace this paragraph with your own words").split())
                yield Problem("is left from the example", Place(str(page), text.count("\n", 0, left.start()) + 1), fix)


def is_below(host: str, names: Sequence[str]) -> bool:
    """Whether a host is one of these names, or below one of them."""
    return any(f".{host}".endswith(f".{name}") for name in names)
