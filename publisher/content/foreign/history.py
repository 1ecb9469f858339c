"""Two foreign files and a mapping -> the history that a backtest is asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from publisher.content.catalog_items import Item
from publisher.content.foreign.events import import_events
from publisher.content.foreign.releases import import_releases
from publisher.content.foreign.rows import read_rows
from publisher.errors import ContentError, InputError, Problem
from publisher.model.content.policy import Policy
from publisher.model.history.mapping import Mapping
from publisher.model.history.past import History, Remark
from publisher.text.suggest import did_you_mean


def read_history(events_file: Path, releases_file: Path, mapping: Mapping) -> History:
    """Everything usable of the two files, and a remark on the rest. Raises InputError or ContentError without any."""
    event_rows, release_rows = read_rows(events_file, "events"), read_rows(releases_file, "releases")
    events, releases = import_events(event_rows, mapping.events), import_releases(release_rows, mapping.releases)
    for file, usable, remarks in (
        (events_file, events.events, events.remarks),
        (releases_file, releases.releases, releases.remarks),
    ):
        if not usable:
            raise _nothing_usable(file, remarks)
    return History(
        products=releases.products,
        releases=releases.releases,
        events=events.events,
        unmapped=events.unmapped,
        remarks=(*releases.remarks, *events.remarks),
        event_rows=len(event_rows),
        release_rows=len(release_rows),
    )


def _nothing_usable(file: Path, remarks: Sequence[Remark]) -> InputError:
    reasons = Counter(remark.reason for remark in remarks if remark.left_out)
    summary = "; ".join(f"{count} of them: {reason}" for reason, count in reasons.most_common(3))
    return InputError(
        f"no row of {file} can be used ({summary})",
        fix="check that it is the right file, and that the mapping lists its fields and words",
    )


def refuse_unknown_types(mapping: Item[Mapping], history: History, policies: Iterable[tuple[Path, Policy]]) -> None:
    """Raise ContentError when the mapping leads to types of event that a policy has no band for."""
    used = {past.event.type for past in history.events}
    problems = tuple(problem for file, policy in policies for problem in _unknown(mapping, used, file, policy))
    if problems:
        raise ContentError(problems)


def _unknown(mapping: Item[Mapping], used: set[str], file: Path, policy: Policy) -> Iterator[Problem]:
    for index, kind in enumerate(mapping.value.events.types):
        if kind.type in used - policy.event_types:
            yield Problem(
                f"{file} has no event type {kind.type}",
                mapping.place("events", "types", index, "type"),
                did_you_mean(kind.type, policy.event_types),
            )
