"""How a backtest is shown: the answer first, then products, the longest waits, and what was odd about the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from statistics import mean, median

from publisher.cli.output.verdicts import wrapped
from publisher.model.content.release import Necessity
from publisher.model.history.past import FileKind, History
from publisher.model.values import format_time
from publisher.rules import english
from publisher.rules.backtest import Answer, Backtest, Frozen, ProductAnswer

DAY = timedelta(days=1)

LONGEST = 8
"""So many waits are told in the text; --json has all."""

NOT_ASKED = (
    "Not asked, since history does not tell: notes, files, scenarios, maintenance, shifts. A day without an hour"
    " counts from its first moment to its last."
)


@dataclass(frozen=True)
class Asked:
    """One policy, where it stands, and what it would have meant."""

    file: Path
    digest: str
    result: Backtest

    @property
    def name(self) -> str:
        """version 2 (content/policy.yaml)"""
        return f"version {self.result.policy.version} ({self.file})"


def as_json_value(history: History, asked: Sequence[Asked]) -> dict[str, object]:
    """Everything, for machines; of two policies the first stands where one alone would."""
    first, *others = asked
    value: dict[str, object] = {
        "releases_evaluated": len(history.releases),
        **_of_policy(first),
        "events": {
            "rows": history.event_rows,
            "used": len(history.events),
            "first": format_time(history.first_event),
            "last": format_time(history.last_event),
        },
        "release_rows": history.release_rows,
        "unmapped": dict(history.unmapped),
        "reported": [
            {
                "file": one.file,
                "row": one.row,
                "id": one.id,
                "reason": one.reason,
                "detail": one.detail,
                "left_out": one.left_out,
            }
            for one in history.remarks
        ],
    }
    for other in others:
        value["second"] = _of_policy(other)
        value["differ"] = [one.past.id for one, _ in _differing(first.result, other.result)]
    return value


def _of_policy(asked: Asked) -> dict[str, object]:
    result = asked.result
    return {
        "policy": {
            "file": str(asked.file),
            "version": result.policy.version,
            "effective": format_time(result.policy.effective),
            "digest": asked.digest,
        },
        "held": len(result.held),
        "held_by_chance": round(result.by_chance, 1),
        "override_candidates": len(result.override_candidates),
        "days_waited": {
            "mean": _mean(result.held),
            "median": round(median(map(_waited, result.held)), 2) if result.held else 0.0,
            "longest": _longest(result.held),
        },
        "products": [_product_value(one) for one in result.products],
        "releases": [_release_value(one) for one in result.answers],
    }


def _product_value(one: ProductAnswer) -> dict[str, object]:
    return {
        "product": one.product.id,
        "client_type": one.product.client_type,
        "from": format_time(one.start),
        "to": format_time(one.end),
        "releases": len(one.answers),
        "held": len(one.held),
        "override_candidates": len(one.override_candidates),
        "days": _in_days(one.end - one.start),
        **_frozen_value(one.frozen),
        "by_class": {name: _frozen_value(frozen) for name, frozen in one.by_class.items()},
    }


def _frozen_value(frozen: Frozen) -> dict[str, float]:
    return {
        "days_frozen": _in_days(frozen.total),
        "days_hard": _in_days(frozen.hard),
        "days_soft": _in_days(frozen.soft),
    }


def _release_value(one: Answer) -> dict[str, object]:
    release = one.past.release
    return {
        "id": one.past.id,
        "product": release.product,
        "version": one.past.version,
        "date": one.past.start.date().isoformat(),
        "change_class": release.change_class,
        "essential": release.necessity is Necessity.ESSENTIAL,
        "held": one.held,
        "since": format_time(one.since) if one.since else None,
        "until": format_time(one.until) if one.until else None,
        "days_waited": _waited(one),
        "rules": list(one.rules),
        "events": list(one.causes),
        "reasons": [verdict.reason for verdict in one.stopped],
        "chance": round(one.chance, 3),
        "override_candidate": one.override_candidate,
    }


def report(history: History, asked: Sequence[Asked], width: int) -> list[str]:
    """The answer as lines of at most `width` columns, but for words that are longer."""
    lines = [*_one(history, asked[0], width)] if len(asked) == 1 else [*_two(history, asked[0], asked[1], width)]
    lines += ["", *wrapped(NOT_ASKED, width)]
    if history.unmapped:
        named = [f"{name} {count}" for name, count in history.unmapped.items()]
        lines += ["", *wrapped(f"Event types that the mapping does not name: {english.listed(named)}.", width)]
    return [*lines, *_odd_rows(history, width)]


def _one(history: History, asked: Asked, width: int) -> Iterator[str]:
    result = asked.result
    answer = (
        f"{english.counted(len(result.answers), 'release')}, {len(result.held) or 'none'} of them would have waited"
    )
    how_long = f": {_days(_mean(result.held))} on average, {_longest(result.held):g} at most" if result.held else ""
    yield from wrapped(f"{answer}{how_long}.", width)
    yield from wrapped(f"Policy {asked.name}, as if it had always held. {_against(history)}", width)
    yield from wrapped(
        f"On any other day of the year around each of them, about {result.by_chance:.0f} would have waited.",
        width,
    )
    yield from ("", *wrapped("Days are those from a product's first release to its last.", width), "")
    yield "product              releases  waited  override    days    hard    soft"
    for one in result.products:
        days = (one.end - one.start, one.frozen.hard, one.frozen.soft)
        counts = f"{len(one.answers):>8} {len(one.held):>7} {len(one.override_candidates):>9}"
        yield f"{one.product.id:<20} {counts}{''.join(f'{_in_days(span):>8.0f}' for span in days)}"
    yield from _waits("The longest waits:", result.held, width)
    yield from _waits(
        "Fixes that only an override would have let through a hard freeze:", result.override_candidates, width
    )


def _waits(heading: str, answers: Iterable[Answer], width: int) -> Iterator[str]:
    longest = sorted(answers, key=lambda one: (-one.waited, one.past.start, one.past.id))
    if longest:
        yield from ("", heading)
    for one in longest[:LONGEST]:
        yield from wrapped(_title(one), width, indent=2)
        yield from wrapped(f"{_wait(one)}: {', '.join(one.causes)}", width, indent=6)
    yield from _more(longest)


def _two(history: History, first: Asked, second: Asked, width: int) -> Iterator[str]:
    one, other = first.result, second.result
    differing = _differing(one, other)
    yield from wrapped(
        f"{english.counted(len(one.answers), 'release')}: {len(one.held)} of them would have waited under the first"
        f" policy, {len(other.held)} under the second; they differ on {len(differing)}.",
        width,
    )
    yield from wrapped(f"Each policy as if it had always held. {_against(history)}", width)
    for name, asked in (("First", first), ("Second", second)):
        held, fixes = asked.result.held, asked.result.override_candidates
        waits = f"{_days(_mean(held))} on average, {_longest(held):g} at most, {len(fixes)} by override only"
        yield from wrapped(f"{name}: {asked.name}; {waits}.", width)
    yield from ("", "product              releases       waited     days hard     days soft")
    for mine, theirs in zip(one.products, other.products, strict=True):
        pairs = (
            (len(mine.held), len(theirs.held)),
            (_in_days(mine.frozen.hard), _in_days(theirs.frozen.hard)),
            (_in_days(mine.frozen.soft), _in_days(theirs.frozen.soft)),
        )
        columns = "  ".join(f"{a:>6.0f}{b:>6.0f}" for a, b in pairs)
        yield f"{mine.product.id:<20} {len(mine.answers):>8} {columns}"
    if differing:
        yield from ("", "Where they differ most:")
    for a, b in differing[:LONGEST]:
        yield from wrapped(_title(a), width, indent=2)
        yield from wrapped(f"first: {_wait(a)}; second: {_wait(b)}", width, indent=6)
    yield from _more(differing)


def _differing(one: Backtest, other: Backtest) -> list[tuple[Answer, Answer]]:
    """The releases to which two policies say something else, or until another moment; the most different first."""
    pairs = zip(one.answers, other.answers, strict=True)
    found = [(a, b) for a, b in pairs if (a.since, a.until) != (b.since, b.until)]
    return sorted(found, key=lambda pair: -abs(pair[0].waited - pair[1].waited))


def _more(told: Sequence[object]) -> Iterator[str]:
    if len(told) > LONGEST:
        yield f"  and {len(told) - LONGEST} more; --json has all"


def _odd_rows(history: History, width: int) -> Iterator[str]:
    kinds: tuple[tuple[FileKind, bool, str], ...] = (
        ("releases", True, "Releases left out, since the row ..."),
        ("releases", False, "Releases that count although the row ..."),
        ("events", True, "Events left out, since the row ..."),
        ("events", False, "Events that count although the row ..."),
    )
    for file, left_out, heading in kinds:
        found: dict[str, dict[int, str]] = {}
        for one in history.remarks:
            if (one.file, one.left_out) == (file, left_out):
                found.setdefault(one.reason, {})[one.row] = one.id
        if found:
            yield from ("", heading)
        for reason, rows in sorted(found.items(), key=lambda item: -len(item[1])):
            first, *others = wrapped(f"{reason}: {english.few(list(rows.values()))}", width, indent=7)
            yield from (f"{len(rows):>5}{first[5:]}", *others)


def _against(history: History) -> str:
    used = english.counted(len(history.events), "event")
    span = f"from {english.day(history.first_event)} to {english.day(history.last_event)}"
    return f"It met {used} {span}; the file has {english.counted(history.event_rows, 'row')}."


def _title(one: Answer) -> str:
    release = one.past.release
    return (
        f"{release.product} {one.past.version}, {english.kind(release.change_class)} of {english.day(one.past.start)}"
    )


def _wait(one: Answer) -> str:
    return f"{_days(_waited(one))}, until {_shortly(one.until)}" if one.until else "does not wait"


def _shortly(moment: datetime) -> str:
    return english.day(moment) if moment.time() == time.min else english.moment(moment)


def _mean(answers: Sequence[Answer]) -> float:
    return round(mean(map(_waited, answers)), 1) if answers else 0.0


def _longest(answers: Sequence[Answer]) -> float:
    return max(map(_waited, answers), default=0.0)


def _waited(answer: Answer) -> float:
    return _in_days(answer.waited)


def _days(number: float) -> str:
    return f"{number:g} day{'' if number == 1 else 's'}"


def _in_days(span: timedelta) -> float:
    return round(span / DAY, 2)
