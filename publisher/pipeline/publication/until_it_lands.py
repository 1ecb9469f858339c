"""A change that must reach clients, whoever else publishes in the same minute."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from publisher.errors import StorageConflict
from publisher.pipeline.bucket import Bucket
from publisher.pipeline.objects.writing import Written
from publisher.storage.protocol import Storage

TRIES = 20
"""Each lost race means that somebody else's change has landed; so many in a row are no race any more."""

Planned = TypeVar("Planned")


def until_it_lands(
    storage: Storage,
    trusted_root: bytes,
    plan: Callable[[Bucket], Planned],
    apply: Callable[[Planned], Written],
) -> tuple[Planned, Written]:
    """Plan on what is live and apply it; when somebody else was faster, begin anew on what is live then.

    Raises StorageConflict when others were faster `TRIES` times in a row, and whatever else stops the change.
    """
    written = Written()
    for remaining in reversed(range(TRIES)):
        planned = plan(Bucket(storage, trusted_root))
        try:
            return planned, written.then(apply(planned))
        except StorageConflict as error:
            if remaining == 0:
                raise StorageConflict(
                    f"others published {TRIES} times in a row while this was tried; the last time: {error.what}",
                    fix="find what publishes in a loop, then run the command again",
                ) from error
    raise AssertionError("unreachable")
