"""A kind of evidence: the name by which it is handed over, and what reads its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from pydantic import StringConstraints, ValidationError

from publisher.errors import InputError
from publisher.model.records.evidence import Facts

LONGEST = 1000
"""Characters of a text in a file of evidence; what a gate quotes of it has to fit into an entry of the ledger."""

EvidenceText = Annotated[str, StringConstraints(max_length=LONGEST)]
"""A text of a file of evidence."""


@dataclass(frozen=True)
class EvidenceKind:
    """One kind. It stands in a file of its own together with its facts, and in `kinds`."""

    name: str
    """Such as changes. Manifests name it, so it never changes."""
    read: Callable[[bytes, str], Facts]
    """Reads a file's bytes; the second argument is the name to report errors with. Pure. Raises InputError."""


def not_of_the_format(name: str, error: ValidationError, fix: str) -> InputError:
    """The first thing that is wrong with a file in JSON, with its place."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the file"
    return InputError(f"{name}: {where}: {first['msg'][0].lower()}{first['msg'][1:]}", fix=fix)
