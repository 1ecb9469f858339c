"""What checks across files share: names that must exist, stand once, and be the file's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePath

from publisher.content.catalog_items import Item, M
from publisher.errors import Place, Problem
from publisher.text.suggest import did_you_mean


def exists(word: str, known: Iterable[str], what: str, place: Place) -> Iterator[Problem]:
    """A problem with the nearest known word when `word` is none of them."""
    choices = set(known)
    if word not in choices:
        yield Problem(f"there is no {what} {word}", place, did_you_mean(word, choices))


def once(names: Sequence[str], what: str, item: Item[M], *path: str | int) -> Iterator[Problem]:
    """A problem for each name of the list at `path` that stands there a second time."""
    for index, name in enumerate(names):
        if name in names[:index]:
            yield Problem(f"{what} {name} appears twice", item.place(*path, index), "keep one of them")


def file_named(expected: str, place: Place) -> Iterator[Problem]:
    """An item's file carries its id, so that people find it and git shows its history."""
    name = PurePath(place.file).name
    if name != f"{expected}.yaml":
        stem = PurePath(name).stem
        other = f", or write {stem} here" if stem.isdigit() or not expected.isdigit() else ""
        yield Problem(f"{expected} is in a file named {name}", place, f"name the file {expected}.yaml{other}")
