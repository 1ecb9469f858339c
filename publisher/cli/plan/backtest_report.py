"""How a backtest is shown: the answer first, then products, the longest waits, and what was odd about the files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from statistics import mean, median

from publisher.cli.output.emit import Report, picked
from publisher.model.content.release import Necessity
from publisher.model.history.past import FileKind, History
from publisher.rules import english
from publisher.rules.backtest import Backtest, BacktestedRelease, Frozen, ProductAnswer
from publisher.text.terminal import hanging, wrapped

DAY = timedelta(days=1)

LONGEST = 8
"""So many waits are told in the text; --json has all."""

NOT_ASKED = (
    "Not checked, since history does not record them: notes, files, scenarios, maintenance, shifts."
    " A day without a time counts as the whole day."
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


@dataclass(frozen=True)
class BacktestReport(Report):
    """What one policy would have meant to history, or two of them side by side."""

    history: History
    asked: Sequence[Asked]

    def lines(self, width: int) -> list[str]:
        history = self.history
        first, *others = self.asked
        lines = [*(_two(history, first, others[0], width) if others else _one(history, first, width))]
        lines += ["", *wrapped(NOT_ASKED, width)]
        if history.unmapped:
            named = [f"{name} {count}" for name, count in history.unmapped.items()]
            lines += ["", *wrapped(f"Event types missing from the mapping: {english.listed(named)}.", width)]
        return [*lines, *_odd_rows(history, width)]

    def data(self) -> dict[str, object]:
        """For programs, everything; of two policies the first stands where one alone would."""
        history = self.history
        first, *others = self.asked
        value: dict[str, object] = {
            "releases_evaluated": len(history.releases),
            **_of_policy(first),
            "events": {
                "rows": history.event_rows,
                "used": len(history.events),
                "first": history.first_event,
                "last": history.last_event,
            },
            "release_rows": history.release_rows,
            "unmapped": dict(history.unmapped),
            "reported": [
                picked(remark, "file", "row", "id", "reason", "detail", "left_out") for remark in history.remarks
            ],
        }
        for second in others:
            value["second"] = _of_policy(second)
            value["differ"] = [answer.past.id for answer, _ in _differing(first.result, second.result)]
        return value


def _of_policy(asked: Asked) -> dict[str, object]:
    result = asked.result
    return {
        "policy": {
            "file": asked.file,
            **picked(result.policy, "version", "effective"),
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
        "products": [_product_value(product) for product in result.products],
        "releases": [_release_value(answer) for answer in result.answers],
    }


def _product_value(answer: ProductAnswer) -> dict[str, object]:
    return {
        "product": answer.product.id,
        "client_type": answer.product.client_type,
        "from": answer.start,
        "to": answer.end,
        "releases": len(answer.answers),
        "held": len(answer.held),
        "override_candidates": len(answer.override_candidates),
        "days": _in_days(answer.end - answer.start),
        **_frozen_value(answer.frozen),
        "by_class": {name: _frozen_value(frozen) for name, frozen in answer.by_class.items()},
    }


def _frozen_value(frozen: Frozen) -> dict[str, float]:
    return {
        "days_frozen": _in_days(frozen.total),
        "days_hard": _in_days(frozen.hard),
        "days_soft": _in_days(frozen.soft),
    }


def _release_value(answer: BacktestedRelease) -> dict[str, object]:
    release = answer.past.release
    return {
        "id": answer.past.id,
        "product": release.product,
        "version": answer.past.version,
        "date": answer.past.start.date().isoformat(),
        "change_class": release.change_class,
        "essential": release.necessity is Necessity.ESSENTIAL,
        "held": answer.held,
        "since": answer.since,
        "until": answer.until,
        "days_waited": _waited(answer),
        "rules": answer.rules,
        "events": answer.causes,
        "reasons": [verdict.reason for verdict in answer.stopped],
        "chance": round(answer.chance, 3),
        "override_candidate": answer.override_candidate,
    }


def _one(history: History, asked: Asked, width: int) -> Iterator[str]:
    result = asked.result
    answer = f"{english.counted(len(result.answers), 'release')}; {len(result.held) or 'none'} would have waited"
    how_long = f": {_days(_mean(result.held))} on average, {_longest(result.held):g} at most" if result.held else ""
    yield from wrapped(f"{answer}{how_long}.", width)
    yield from wrapped(f"Policy {asked.name}, applied to the whole history: {_against(history)}.", width)
    yield from wrapped(
        f"On an average day of the year around each release, about {result.by_chance:.0f} would have waited.",
        width,
    )
    yield from ("", *wrapped("Days are counted from a product's first release to its last.", width), "")
    yield "product              releases  waited  override    days    hard    soft"
    for product in result.products:
        days = (product.end - product.start, product.frozen.hard, product.frozen.soft)
        counts = f"{len(product.answers):>8} {len(product.held):>7} {len(product.override_candidates):>9}"
        yield f"{product.product.id:<20} {counts}{''.join(f'{_in_days(span):>8.0f}' for span in days)}"
    yield from _waits("The longest waits:", result.held, width)
    yield from _waits("Fixes that would have needed an override in a hard freeze:", result.override_candidates, width)


def _waits(heading: str, answers: Iterable[BacktestedRelease], width: int) -> Iterator[str]:
    longest = sorted(answers, key=lambda answer: (-answer.waited, answer.past.start, answer.past.id))
    if longest:
        yield from ("", heading)
    for answer in longest[:LONGEST]:
        yield from wrapped(_title(answer), width, indent=2)
        yield from wrapped(f"{_wait(answer)}: {', '.join(answer.causes)}", width, indent=6)
    yield from _more(longest)


def _two(history: History, first: Asked, second: Asked, width: int) -> Iterator[str]:
    mine, theirs = first.result, second.result
    differing = _differing(mine, theirs)
    yield from wrapped(
        f"{english.counted(len(mine.answers), 'release')}: {len(mine.held)} would have waited under the first"
        f" policy, {len(theirs.held)} under the second; they differ on {len(differing)}.",
        width,
    )
    yield from wrapped(f"Each policy is applied to the whole history: {_against(history)}.", width)
    for name, asked in (("First", first), ("Second", second)):
        held, fixes = asked.result.held, asked.result.override_candidates
        waits = f"{_days(_mean(held))} on average, {_longest(held):g} at most, {len(fixes)} by override only"
        yield from wrapped(f"{name}: {asked.name}; {waits}.", width)
    yield from ("", "product              releases       waited     days hard     days soft")
    for product, again in zip(mine.products, theirs.products, strict=True):
        pairs = (
            (len(product.held), len(again.held)),
            (_in_days(product.frozen.hard), _in_days(again.frozen.hard)),
            (_in_days(product.frozen.soft), _in_days(again.frozen.soft)),
        )
        columns = "  ".join(f"{a:>6.0f}{b:>6.0f}" for a, b in pairs)
        yield f"{product.product.id:<20} {len(product.answers):>8} {columns}"
    if differing:
        yield from ("", "Where they differ most:")
    for a, b in differing[:LONGEST]:
        yield from wrapped(_title(a), width, indent=2)
        yield from wrapped(f"first: {_wait(a)}; second: {_wait(b)}", width, indent=6)
    yield from _more(differing)


def _differing(first: Backtest, second: Backtest) -> list[tuple[BacktestedRelease, BacktestedRelease]]:
    """The releases to which two policies say something else, or until another moment; the most different first."""
    pairs = zip(first.answers, second.answers, strict=True)
    differing = [(a, b) for a, b in pairs if (a.since, a.until) != (b.since, b.until)]
    return sorted(differing, key=lambda pair: -abs(pair[0].waited - pair[1].waited))


def _more(answers: Sequence[object]) -> Iterator[str]:
    if len(answers) > LONGEST:
        yield f"  and {len(answers) - LONGEST} more; --json shows all"


def _odd_rows(history: History, width: int) -> Iterator[str]:
    kinds: tuple[tuple[FileKind, bool, str], ...] = (
        ("releases", True, "Releases left out, because the row ..."),
        ("releases", False, "Releases that count although the row ..."),
        ("events", True, "Events left out, because the row ..."),
        ("events", False, "Events that count although the row ..."),
    )
    for file, left_out, heading in kinds:
        reasons: dict[str, dict[int, str]] = {}
        for remark in history.remarks:
            if (remark.file, remark.left_out) == (file, left_out):
                reasons.setdefault(remark.reason, {})[remark.row] = remark.id
        if reasons:
            yield from ("", heading)
        for reason, rows in sorted(reasons.items(), key=lambda item: -len(item[1])):
            yield from hanging(f"{len(rows):>5}", f"{reason}: {english.few(list(rows.values()))}", width, 7)


def _against(history: History) -> str:
    used = english.counted(len(history.events), "event")
    span = f"from {english.day(history.first_event)} to {english.day(history.last_event)}"
    return f"{used} {span}; the file has {english.counted(history.event_rows, 'row')}"


def _title(answer: BacktestedRelease) -> str:
    release = answer.past.release
    kind = english.kind(release.change_class)
    return f"{release.product} {answer.past.version}, {kind} of {english.day(answer.past.start)}"


def _wait(answer: BacktestedRelease) -> str:
    return f"{_days(_waited(answer))}, until {_shortly(answer.until)}" if answer.until else "does not wait"


def _shortly(moment: datetime) -> str:
    return english.day(moment) if moment.time() == time.min else english.moment(moment)


def _mean(answers: Sequence[BacktestedRelease]) -> float:
    return round(mean(map(_waited, answers)), 1) if answers else 0.0


def _longest(answers: Sequence[BacktestedRelease]) -> float:
    return max(map(_waited, answers), default=0.0)


def _waited(answer: BacktestedRelease) -> float:
    return _in_days(answer.waited)


def _days(number: float) -> str:
    return f"{number:g} day{'' if number == 1 else 's'}"


def _in_days(span: timedelta) -> float:
    return round(span / DAY, 2)
