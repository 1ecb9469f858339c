"""Rows of a schedule: whatever stands in them, they become a file that says the same, or a reason."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publisher.content.event_file import event_text
from publisher.content.foreign.schedule import ReadSchedule, read_schedule
from publisher.content.load import load_catalog, load_item
from publisher.content.yaml_reader import parse
from publisher.model.catalog import Catalog
from publisher.model.config.schedule import ScheduleMapping
from publisher.model.content.event import Event
from publisher.model.values import format_time
from tests.support.forks import Forks, row
from tests.support.history import ANYTHING


@cache
def project() -> tuple[ScheduleMapping, Catalog]:
    with TemporaryDirectory() as directory:
        forks = Forks.made(Path(directory))
        forks.edit("forks.yaml", "starts: activation", "starts: activation\nends: end\nannounced: announced")
        estimate = "estimate: {seen: seen, as_of: as_of, spacing_seconds: s, earliest: from, latest: to}"
        forks.edit("forks.yaml", 'chain: "{network}"}', f'chain: "{{network}}",\n  {estimate}}}')
        channels = "    - {when: {network: sepolia}, products: [teku], versions: '25.1', channel: stable}\n"
        forks.edit("forks.yaml", "    - {channel: testnet}\n", f"{channels}    - {{channel: testnet}}\n")
        mapping = load_item(forks.base / "forks.yaml", ScheduleMapping).value
        return mapping, load_catalog([forks.base / "content"], forks.base / "site_config")


def read(*rows: Any) -> ReadSchedule:
    return read_schedule(rows, *project())


def scheduled(**fields: Any) -> Event:
    answer = read(row(**fields))
    assert len(answer.events) == 1, answer.remarks
    return answer.events[0].event


def written(event: Event) -> Event:
    """The event as its file is read again."""
    document, problems = parse(event_text(event).encode(), "event.yaml")
    assert document is not None
    assert problems == ()
    return Event.model_validate_json(json.dumps(document.data))


@pytest.mark.parametrize(
    ("fields", "starts", "ends"),
    [
        ({}, "2025-12-03T21:49:11Z", "2025-12-04T03:49:11Z"),
        ({"activation": 1764798551}, "2025-12-03T21:49:11Z", "2025-12-04T03:49:11Z"),
        ({"activation": "2025-12-03T23:49:11+02:00"}, "2025-12-03T21:49:11Z", "2025-12-04T03:49:11Z"),
        ({"activation": "2025-12-03"}, "2025-12-03T00:00:00Z", "2025-12-04T06:00:00Z"),
        ({"activation": "2025-12"}, "2025-12-01T00:00:00Z", "2026-01-01T06:00:00Z"),
        ({"end": "2025-12-05T00:00:00Z"}, "2025-12-03T21:49:11Z", "2025-12-05T00:00:00Z"),
        ({"end": "2025-12-05"}, "2025-12-03T21:49:11Z", "2025-12-06T00:00:00Z"),
    ],
)
def test_moments_days_months_and_seconds_are_read(fields: dict[str, Any], starts: str, ends: str) -> None:
    event = scheduled(**fields)
    assert (format_time(event.starts), format_time(event.ends)) == (starts, ends)


@pytest.mark.parametrize(
    ("versions", "network", "channels"),
    [
        ({"teku": "25.1.9"}, "sepolia", ["stable"]),
        ({"teku": "25.1"}, "sepolia", ["stable"]),
        ({"teku": "25.10.0"}, "sepolia", ["testnet"]),
        ({"prysm": "25.1.0"}, "sepolia", ["testnet"]),
        ({"teku": "25.1.0"}, "hoodi", ["testnet"]),
    ],
)
def test_a_release_line_is_chosen_by_network_product_and_version(
    versions: dict[str, str], network: str, channels: list[str]
) -> None:
    event = scheduled(network=network, min_versions=versions)
    assert [required.channel for required in event.requires] == channels


def test_of_two_versions_of_a_line_the_higher_counts() -> None:
    mapping, catalog = project()
    assert mapping.requirements is not None
    requirements = mapping.requirements.model_copy(update={"products": {"teku-fork": "teku"}})
    both = row(min_versions={"teku-fork": "25.12.0", "teku": "25.11.0"})
    answer = read_schedule([both], mapping.model_copy(update={"requirements": requirements}), catalog)
    assert [str(required.at_least) for required in answer.events[0].event.requires] == ["25.12.0"]
    assert answer.remarks[0].reason == "requires two versions of one release line; the higher one counts"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"activation": "2025-12-03T21:49:11"}, "has a time of day but no zone in `activation`"),
        ({"activation": "soon"}, "has no date in `activation`"),
        ({"activation": -1}, "has an impossible year in `activation`"),
        ({"end": "2025-12-01T00:00:00Z"}, "cannot be an event"),
        ({"announced": "2026-01-01T00:00:00Z"}, "cannot be an event"),
        ({"epoch": "411392"}, "has no whole number above 0 in `epoch`"),
        ({"fork": "a\nb"}, "has a character that nobody sees in `fork`"),
        ({"fork": "x" * 201}, "has no text of 1 to 200 characters in `fork`"),
        ({"fork": "../secret"}, "makes no id"),
        ({"fork": "con", "network": "mainnet", "epoch": True}, "has no whole number above 0 in `epoch`"),
        ({"seen": 1, "as_of": "2025-12-03", "s": 1, "from": "2025-12-03", "to": "2025-12-01"}, "has an estimate"),
    ],
)
def test_a_row_that_makes_no_event_is_left_out_with_a_reason(fields: dict[str, Any], reason: str) -> None:
    (remark,) = [remark for remark in read(row(**fields)).remarks if remark.left_out]
    assert remark.reason.startswith(reason)


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)


@given(title=TEXT, network=TEXT)
def test_whatever_a_text_is_its_file_says_the_same(title: str, network: str) -> None:
    mapping, catalog = project()
    free = mapping.model_copy(update={"id": "e-{epoch}", "source": None, "height": None})
    for scheduled_event in read_schedule([row(network, title)], free, catalog).events:
        assert written(scheduled_event.event) == scheduled_event.event


@given(st.dictionaries(st.sampled_from([*row(), "end", "announced", "seen", "as_of", "s", "from", "to"]), ANYTHING))
def test_whatever_stands_in_a_row_it_is_used_or_reported(fields: dict[str, Any]) -> None:
    answer = read(row() | fields)
    left_out = sum(remark.left_out for remark in answer.remarks)
    assert len(answer.events) + len(answer.cancelled) + left_out == 1
    for scheduled_event in answer.events:
        assert written(scheduled_event.event) == scheduled_event.event
    for remark in answer.remarks:
        assert (remark.id + remark.reason + remark.detail).isprintable()
