"""Advisories whose promised details are missing; `publish check` tells it as advice (R86)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from publisher.model.catalog import Catalog
from publisher.rules.lint.lint import Lint
from publisher.rules.unsafe_versions import PROMISE_FIX, broken_promises, promise_text


def missing_details(catalog: Catalog, now: datetime) -> Iterator[Lint]:
    """A lint for each promise that was not kept by `now`."""
    for advisory in broken_promises(catalog, now):
        yield Lint(advisory.id, promise_text(advisory), PROMISE_FIX)
