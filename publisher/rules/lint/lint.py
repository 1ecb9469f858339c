"""What advice on content is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Lint:
    """Something that is valid and unwise, and what would be wiser."""

    about: str
    """The part of the content: policy, the id of an event, PRODUCT or PRODUCT@VERSION."""
    what: str
    fix: str
