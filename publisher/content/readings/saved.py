"""Readings that a program has saved (content/readings/), laid over those that people typed (R12, R22, R84)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from publisher.content.catalog_items import Item, Loaded
from publisher.content.links.checks import exists
from publisher.errors import Place, Problem
from publisher.model.content.monitor import Monitor, Reading
from publisher.model.content.risk_register import Signal
from publisher.model.values import format_time


@dataclass(frozen=True)
class Saved:
    """What one file holds; its name is the id of a monitor or a signal."""

    file: str
    readings: tuple[Reading, ...]

    @property
    def id(self) -> str:
        """Whose readings they are."""
        return PurePath(self.file).stem


def with_readings(loaded: Loaded, saved: Sequence[Saved]) -> Loaded:
    """Monitors with all their readings by time, and signals with the newest; typed or saved."""
    by_id = {file.id: file.readings for file in saved}
    return replace(
        loaded,
        monitors=[_monitor(item, by_id.get(item.value.id, ())) for item in loaded.monitors],
        signals=[_signal(item, by_id.get(item.value.id, ())) for item in loaded.signals],
    )


def _monitor(item: Item[Monitor], saved: Sequence[Reading]) -> Item[Monitor]:
    by_time = {reading.at: reading for reading in (*item.value.readings, *saved)}
    readings = tuple(by_time[moment] for moment in sorted(by_time))
    return replace(item, value=item.value.model_copy(update={"readings": readings}))


def _signal(item: Item[Signal], saved: Sequence[Reading]) -> Item[Signal]:
    if not saved or saved[-1].at <= item.value.sampled_at:
        return item
    newest = saved[-1]
    return replace(item, value=item.value.model_copy(update={"value": newest.value, "sampled_at": newest.at}))


def readings_problems(loaded: Loaded, saved: Sequence[Saved]) -> Iterator[Problem]:
    """Everything that is wrong between the files, the items that they are of, and what was typed there."""
    yield from _names(loaded, saved)
    typed = {(ident, reading.at): (reading.value, place) for ident, reading, place in _typed(loaded)}
    for file in saved:
        for reading in file.readings:
            value, place = typed.get((file.id, reading.at), (reading.value, Place(file.file)))
            if value != reading.value:
                what = (
                    f"{value:.15g} was typed for {format_time(reading.at)}, but {file.file} says {reading.value:.15g}"
                )
                yield Problem(what, place, "keep the right one, and remove the other")


def _names(loaded: Loaded, saved: Sequence[Saved]) -> Iterator[Problem]:
    """Each file is the one file of one monitor or signal."""
    monitors, signals = ({item.value.id for item in items} for items in (loaded.monitors, loaded.signals))
    files: dict[str, str] = {}
    for file in saved:
        place = Place(file.file)
        if not {"monitors", "signals"} & loaded.incomplete:
            yield from exists(file.id, monitors | signals, "monitor or signal", place)
        if file.id in monitors & signals:
            what = f"{file.id} is both a monitor and a signal, so it is unclear whose readings these are"
            yield Problem(what, place, "give one of them another id")
        if file.id in files:
            yield Problem(f"readings of {file.id} are already in {files[file.id]}", place, "keep one of these files")
        files.setdefault(file.id, file.file)


def _typed(loaded: Loaded) -> Iterator[tuple[str, Reading, Place]]:
    """What people typed: of which monitor or signal, what was measured, and where it stands."""
    for monitor in loaded.monitors:
        for index, reading in enumerate(monitor.value.readings):
            yield monitor.value.id, reading, monitor.place("readings", index, "value")
    for signal in loaded.signals:
        reading = Reading(at=signal.value.sampled_at, value=signal.value.value)
        yield signal.value.id, reading, signal.place("value")
