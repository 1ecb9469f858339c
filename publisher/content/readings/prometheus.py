"""What Prometheus's HTTP API answered to a query, saved as it came -> readings.

    {"status": "success", "data": {"resultType": "matrix", "result": [
        {"metric": {}, "values": [[1793779200, "21"], [1793865600.5, "14"]]}]}}

A range query gives `values` of resultType matrix, an instant query one `value` of resultType vector. Samples are pairs
of seconds since 1970 and a number as text (https://prometheus.io/docs/prometheus/latest/querying/api/).

A program writes these files, so the first mistake of a file is told: the others are mostly the same one again.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from publisher.content.text_encoding import Refused, text_of
from publisher.errors import Place, Problem
from publisher.model.content.monitor import Reading
from publisher.model.values import YEARS, format_time
from publisher.rules.english import listed
from publisher.wire import strict_json

_SAVE = "save the unchanged response of /api/v1/query or /api/v1/query_range: curl -fsS -o FILE URL"
_STRANGE = "is not a response of Prometheus to a query"
_SHOWN = 3
"""Of so many series the labels are named."""


def readings(content: bytes, file: str) -> tuple[Reading, ...]:
    """The measurements of the one series in a file, oldest first, cut to whole seconds.

    Samples that are NaN or infinite are left out: dividing by nothing measures nothing. What waits for a measurement
    then goes on waiting. Raises Refused.
    """
    place = Place(file)
    samples = _samples(_series(_json(content, file), place), place)
    measured = [_reading(sample, number, place) for number, sample in enumerate(samples, start=1)]
    for number, (earlier, later) in enumerate(pairwise(measured), start=2):
        if later.at <= earlier.at:
            what = f"sample {number} is not later than the one before it, of {format_time(earlier.at)}"
            fix = "ask in steps of whole seconds; Prometheus gives the oldest sample first"
            raise Refused(Problem(what, place, fix))
    return tuple(reading for reading in measured if math.isfinite(reading.value))


def _json(content: bytes, file: str) -> Any:
    text = text_of(content, file, smaller="ask for a shorter time, or use longer steps")
    if not text.strip():
        fix = "ask again; with curl -f -o FILE a failure does not change the file"
        raise Refused(Problem("the file is empty", Place(file), fix))
    try:
        return strict_json.loads(text)
    except json.JSONDecodeError as error:
        place = Place(file, error.lineno, error.colno)
        raise Refused(Problem("is not JSON from here on", place, _SAVE)) from None
    except ValueError as error:
        raise Refused(Problem(f"is not JSON: {error}", Place(file), _SAVE)) from None


def _series(answer: Any, place: Place) -> Mapping[str, Any]:
    """The one series of an answer."""
    match answer:
        case {"status": "error", "error": str(message)}:
            what, fix = f"Prometheus answered with an error: {_plain(message)}", "correct the query, and ask again"
        case {"status": "success", "warnings": [message, *_]}:
            what = f"Prometheus warns that its answer may be wrong: {_plain(str(message))}"
            fix = "correct the query, or ask again once Prometheus can answer all of it"
        case {"status": "success", "data": {"resultType": "scalar" | "string" as kind}}:
            what, fix = (
                f"contains a {kind}, but one series is needed",
                "ask without scalar(), or put vector() around it",
            )
        case {"status": "success", "data": {"resultType": "matrix" | "vector", "result": list(result)}}:
            match result:
                case [dict(series)]:
                    return series
                case []:
                    what = "contains no series: nothing in Prometheus matches the query"
                    fix = "check the metric's name and labels, and the time in the query"
                case _:
                    what = f"contains {len(result)} series, but one is needed: {_named(result)}"
                    fix = "put the query in sum(...), avg(...) or max(...), or give the labels of one of them"
        case _:
            what, fix = _STRANGE, _SAVE
    raise Refused(Problem(what, place, fix))


def _samples(series: Mapping[str, Any], place: Place) -> list[Any]:
    """The samples of a series, as they stand there."""
    match series:
        case {"histogram": _} | {"histograms": _}:
            fix = "ask for a number: histogram_quantile(0.99, ...), histogram_count(...), histogram_sum(...)"
            raise Refused(Problem("contains histograms, but numbers are needed", place, fix))
        case {"values": list(samples)}:
            return samples
        case {"value": sample}:
            return [sample]
        case _:
            raise Refused(Problem(_STRANGE, place, _SAVE))


def _reading(sample: Any, number: int, place: Place) -> Reading:
    match sample:
        case [int() | float() as seconds, str(number_text)]:
            at, value = _moment(seconds), _number(number_text)
        case _:
            raise Refused(Problem(f"sample {number} is not a time and a value", place, _SAVE))
    if at is None:
        what = f"sample {number} is outside the years {YEARS[0]} to {YEARS[-1]}: {seconds}"
        fix = "save the unchanged response; Prometheus counts seconds since 1970, not milliseconds"
        raise Refused(Problem(what, place, fix))
    if value is None:
        raise Refused(Problem(f"sample {number} has a value that is not a number: {_plain(number_text)}", place, _SAVE))
    return Reading(at=at, value=value)


def _moment(seconds: float) -> datetime | None:
    """Seconds since 1970 as a moment of the years that content can name."""
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return at if at.year in YEARS else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _named(several: Sequence[Any]) -> str:
    """The first few series by their labels, as Prometheus writes them: failed_syncs{region="eu"}."""
    names = []
    for series in several[:_SHOWN]:
        labels = series["metric"] if isinstance(series, dict) and isinstance(series.get("metric"), dict) else {}
        pairs = ", ".join(f"{name}={json.dumps(value)}" for name, value in labels.items() if name != "__name__")
        names.append(_plain(f"{labels.get('__name__', '')}{{{pairs}}}"))
    more = len(several) - len(names)
    return listed([*names, f"{more} more"] if more else names)


def _plain(text: str) -> str:
    """One line of bounded length that no terminal takes for a command."""
    return textwrap.shorten("".join(char if char.isprintable() else " " for char in text), 200, placeholder=" ...")
