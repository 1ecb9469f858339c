"""`publish import events` where the event is there already: what moves, and what people wrote stays."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from publisher.content.load import load_catalog, load_item
from publisher.errors import InputError
from publisher.model.config.schedule import ScheduleMapping
from publisher.model.values import format_time
from publisher.pipeline.plan.import_events import check_import, plan_import
from tests.support.command import Publish, flat
from tests.support.forks import Forks, answer, event, imported, reported, row, run


def test_what_people_wrote_stays_byte_for_byte(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row())
    forks.edit("content/events/mainnet-fulu.yaml", "2025-12-03T21:49:11Z", "2025-12-03T21:49:11Z  # at night, again")
    forks.edit("content/events/mainnet-fulu.yaml", "score: 5, because: Nodes", "score: 4, because: Few nodes")
    forks.edit("content/events/mainnet-fulu.yaml", "summary: |", "comms_lead: Faye   # asked her\nsummary: |")
    forks.edit("content/events/mainnet-fulu.yaml", "The fulu upgrade", "PeerDAS: the upgrade")
    before = forks.event("mainnet-fulu").read_text()
    forks.write(
        row(activation="2026-02-03T21:49:11Z", epoch=411392, min_versions={"lighthouse": "8.0.1", "prysm": "7.0.0"})
    )
    value = answer(publish, forks)
    assert forks.event("mainnet-fulu").read_text() == (
        before.replace("starts: 2025-12-03", "starts: 2026-02-03")
        .replace("ends: 2025-12-04", "ends: 2026-02-04")
        .replace('"8.0.0"', '"8.0.1"')
        .replace(
            "comms_lead",
            '  - {product: prysm, channel: stable, at_least: "7.0.0", audiences: [hosts]}\ncomms_lead',
        )
    )
    assert value["changed"][0]["what"] == [
        "starts 2026-02-03T21:49:11Z instead of 2025-12-03T21:49:11Z",
        "ends 2026-02-04T03:49:11Z instead of 2025-12-04T03:49:11Z",
        "requires lighthouse stable 8.0.1 instead of 8.0.0",
        "requires prysm stable 7.0.0",
    ]
    assert reported(value) == [(1, "requires a version that the schedule does not", False)]


@pytest.mark.parametrize("written", ["block", "flow", "windows"])
def test_other_ways_to_write_the_same_are_edited_too(publish: Publish, forks: Forks, written: str) -> None:
    imported(publish, forks, row(min_versions={"teku": "25.11.0"}))
    file = forks.event("mainnet-fulu")
    text = file.read_text()
    item = '  - {product: teku, channel: stable, at_least: "25.11.0", audiences: [hosts]}\n'
    assert item in text
    if written == "block":
        text = text.replace(
            item, "- product: teku\n  channel: stable\n  at_least: '25.11.0'  # theirs\n  audiences:\n  - hosts\n"
        )
    elif written == "flow":
        text = text.replace(
            f"requires:\n{item}", f"requires: [\n  {item.removeprefix('  - ').rstrip()},  # theirs\n]\n"
        )
    else:
        text = text.replace("\n", "\r\n")
    file.write_bytes(text.encode())
    forks.write(row(min_versions={"teku": "25.12.0", "prysm": "7.0.0"}))
    answer(publish, forks)
    after = file.read_bytes().decode()
    assert [(each.product, str(each.at_least)) for each in event(forks, "mainnet-fulu").requires] == [
        ("teku", "25.12.0"),
        ("prysm", "7.0.0"),
    ]
    assert ("# theirs" in after) == (written != "windows")
    assert after.count("\r\n") == (after.count("\n") if written == "windows" else 0)
    assert answer(publish, forks)["changed"] == []


@pytest.mark.parametrize(("start", "frozen"), [("2025-11-25T21:49:11Z", True), ("2025-12-20T21:49:11Z", False)])
def test_a_date_that_moves_by_three_days_is_kept_where_its_freeze_has_begun(
    publish: Publish, forks: Forks, start: str, frozen: bool
) -> None:
    imported(publish, forks, row(activation=start))
    moved = start.replace("-25T", "-28T").replace("-20T", "-23T")
    forks.write(row(activation=moved))
    value = answer(publish, forks)
    assert value["changed"][0]["what"][0] == f"starts {moved} instead of {start}"
    after = event(forks, "mainnet-fulu")
    assert format_time(after.starts) == moved
    assert len(after.revisions) == frozen
    if frozen:
        revision = after.revisions[0]
        assert revision.starts is not None
        assert revision.ends is not None
        assert format_time(revision.until) == "2025-11-20T12:00:00Z"
        assert format_time(revision.starts) == start
        assert revision.because == "Schedule forks moved it to Friday 28 November 2025, 21:49 UTC."
    assert answer(publish, forks)["unchanged"] == ["mainnet-fulu"]


def test_a_second_move_is_added_to_the_first(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row(activation="2025-11-25T21:49:11Z"))
    imported(publish, forks, row(activation="2025-11-28T21:49:11Z"))
    forks.edit("content/sample.yaml", "2025-11-20", "2025-11-22")
    imported(publish, forks, row(activation="2025-12-01T21:49:11Z"))
    assert [revision.starts and revision.starts.day for revision in event(forks, "mainnet-fulu").revisions] == [25, 28]


def test_two_moves_at_one_moment_are_left_to_people(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row(activation="2025-11-25T21:49:11Z"))
    imported(publish, forks, row(activation="2025-11-28T21:49:11Z"))
    before = forks.files()
    forks.write(row(activation="2025-12-01T21:49:11Z"), row("sepolia", "electra"))
    value = answer(publish, forks)
    assert value["reported"][0]["detail"] == "`revisions` must be in the order of `until`, oldest first"
    assert forks.files() == before | {
        "content/events/sepolia-electra.yaml": forks.event("sepolia-electra").read_bytes()
    }


def test_a_fork_that_was_cancelled_upstream_is_cancelled_here(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row(activation="2025-11-25T21:49:11Z"), row("sepolia", activation="2026-06-01T00:00:00Z"))
    forks.write(
        row(status="cancelled", activation=None), row("sepolia", status="cancelled"), row("hoodi", status="cancelled")
    )
    value = answer(publish, forks)
    assert [change["what"] for change in value["changed"]] == [["status cancelled instead of planned"]] * 2
    assert reported(value) == [(3, "was cancelled before it had a file", True)]
    near, far = event(forks, "mainnet-fulu"), event(forks, "sepolia-fulu")
    assert (near.status, far.status) == ("cancelled", "cancelled")
    assert [revision.status for revision in near.revisions] == ["planned"]
    assert far.revisions == ()
    assert answer(publish, forks)["unchanged"] == ["mainnet-fulu", "sepolia-fulu"]
    # Whoever takes a cancellation back upstream finds people's file as it is.
    forks.write(row(), row("sepolia"))
    value = answer(publish, forks)
    assert value["changed"] == []
    assert {reason for _, reason, _ in reported(value)} == {
        "has the status cancelled in its file, which stays as it is"
    }


ESTIMATE = "estimate: {seen: head, as_of: at, spacing_seconds: slot, earliest: from, latest: to}"


def estimated(**fields: Any) -> dict[str, Any]:
    """Fields of a row whose epoch is expected about six hours after the moment at which the tests live."""
    known = {
        "activation": None,
        "epoch": 918,
        "head": 900,
        "at": "2025-11-20T00:00:00Z",
        "slot": 3600,
        "from": "2025-11-20T13:00:00Z",
        "to": "2025-11-20T20:00:00Z",
    }
    return known | fields


def test_r18_an_estimate_becomes_a_trigger_and_is_kept_up_to_date(publish: Publish, forks: Forks) -> None:
    forks.edit("forks.yaml", 'chain: "{network}"}', f'chain: "{{network}}",\n  {ESTIMATE}}}')
    estimate = estimated(**{"epoch": 1000, "from": "2025-11-24T00:00:00Z", "to": "2025-11-24T08:00:00Z"})
    imported(publish, forks, row(**estimate))
    first = event(forks, "mainnet-fulu")
    assert first.trigger is not None
    assert (first.trigger.height, first.trigger.seen, first.trigger.chain) == (1000, 900, "mainnet")
    assert format_time(first.starts) == "2025-11-24T04:00:00Z"
    assert "epoch" not in first.summary
    later = estimate | {"head": 910, "at": "2025-11-20T11:00:00Z", "from": "2025-11-24T01:00:00Z"}
    forks.write(row(**later))
    value = answer(publish, forks)
    second = event(forks, "mainnet-fulu")
    assert second.trigger is not None
    assert (second.trigger.seen, format_time(second.starts)) == (910, "2025-11-24T05:00:00Z")
    assert [revision.trigger for revision in second.revisions] == [first.trigger]
    assert value["changed"][0]["what"][-1] == "trigger epoch 1000 seen at 910 instead of epoch 1000 seen at 900"
    assert answer(publish, forks)["unchanged"] == ["mainnet-fulu"]
    forks.write(row(**later | {"activation": "2025-11-26T05:00:00Z", "head": None}), row("sepolia"))
    assert reported(answer(publish, forks)) == [
        (1, "has no whole estimate; its summary names the height", False),
        (1, "has a date in the schedule, and waits for a block or an epoch by its file", True),
    ]


def test_a_height_that_changes_is_left_to_people(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row())
    forks.edit("content/events/mainnet-fulu.yaml", "411392", "411,392")
    assert answer(publish, forks)["reported"] == []
    before = forks.files()
    forks.write(row(epoch=41139))
    value = answer(publish, forks)
    assert reported(value) == [(1, "has a summary that does not name its block or epoch", False)]
    assert forks.files() == before


def test_a_requirement_raised_in_a_running_freeze_needs_an_override(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row(activation="2025-11-25T21:49:11Z"))
    before = forks.files()
    forks.write(row(activation="2025-11-25T21:49:11Z", min_versions={"lighthouse": "8.0.1"}))
    ran = run(publish, forks)
    assert ran.code == 1
    assert "mainnet-fulu now requires lighthouse stable 8.0.1 instead of 8.0.0" in flat(ran.err)
    assert "add an override of freeze.hard" in flat(ran.err)
    assert forks.files() == before


def test_a_running_freeze_that_would_end_earlier_is_refused_with_what_to_write(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row(activation="2025-11-25T21:49:11Z"))
    content, config = [forks.base / "content"], forks.base / "site_config"
    before = load_catalog(content, config)
    mapping = load_item(forks.base / "forks.yaml", ScheduleMapping).value
    now = before.sample.reference_time if before.sample else None
    assert now is not None
    plan = plan_import([row(activation="2025-11-24T21:49:11Z")], mapping, before, content, now)
    check_import(plan, before, content, config, now)
    (change,) = plan.changes
    cut = change.after.index("revisions:")
    silent = replace(
        change,
        event=change.event.model_copy(update={"revisions": ()}),
        after=change.after[:cut] + change.after[change.after.index("source:") :],
    )
    with pytest.raises(InputError) as refused:
        check_import(replace(plan, changes=(silent,)), before, content, config, now)
    assert refused.value.what.startswith("a running freeze would end earlier:\n  mainnet-fulu: the hard freeze")
    assert refused.value.fix == (
        "write what was known into the event by hand, and run it again: under `revisions:` of mainnet-fulu - {until:"
        " 2025-11-20T12:00:00Z, because: ..., starts: 2025-11-25T21:49:11Z, ends: 2025-11-26T03:49:11Z}"
    )


def test_an_event_of_a_private_overlay_is_kept_up_to_date_there(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row())
    private = forks.base / "private/events/2025"
    private.mkdir(parents=True)
    forks.event("mainnet-fulu").rename(private / "mainnet-fulu.yaml")
    forks.write(row(activation="2025-12-06T21:49:11Z"), row("sepolia"))
    both = ("--content", "content", "--content", "private")
    value = answer(publish, forks, *both)
    assert [change["file"] for change in value["changed"]] == ["private/events/2025/mainnet-fulu.yaml"]
    assert [change["file"] for change in value["created"]] == ["content/events/sepolia-fulu.yaml"]
    assert "starts: 2025-12-06T21:49:11Z" in (private / "mainnet-fulu.yaml").read_text()
    assert answer(publish, forks, *both)["changed"] == []


def test_a_schedule_in_which_all_is_cancelled_is_no_error(publish: Publish, forks: Forks) -> None:
    forks.write(row(status="cancelled"))
    value = answer(publish, forks)
    assert (value["created"], value["changed"], value["written"]) == ([], [], False)
    assert reported(value) == [(1, "was cancelled before it had a file", True)]


def test_several_versions_of_a_line_are_left_to_people_unless_one_is_that_of_the_schedule(
    publish: Publish, forks: Forks
) -> None:
    imported(publish, forks, row(min_versions={"teku": "25.11.0"}))
    mine = '  - {product: teku, channel: stable, at_least: "25.12.0", audiences: [exchanges]}\n'
    forks.edit("content/events/mainnet-fulu.yaml", "summary:", f"{mine}summary:")
    before = forks.files()
    assert answer(publish, forks)["reported"] == []
    forks.write(row(min_versions={"teku": "25.11.1"}))
    value = answer(publish, forks)
    reason = "requires several versions of a release line, and none is that of the schedule"
    assert [(remark["reason"], remark["detail"]) for remark in value["reported"]] == [(reason, "teku stable 25.11.1")]
    assert forks.files() == before


@pytest.mark.parametrize("status", ["happened", "cancelled"])
def test_an_event_that_people_have_closed_stays_so(publish: Publish, forks: Forks, status: str) -> None:
    imported(publish, forks, row())
    forks.edit("content/events/mainnet-fulu.yaml", "source:", f"status: {status}\nsource:")
    before = forks.files()
    forks.write(row(activation="2026-12-03T21:49:11Z"), row("sepolia", status="cancelled"))
    value = answer(publish, forks)
    reason = f"has the status {status} in its file, which stays as it is"
    assert reported(value) == [(1, reason, False), (2, "was cancelled before it had a file", True)]
    forks.write(row(status="cancelled"))
    assert answer(publish, forks)["changed"] == []
    assert forks.files() == before


def test_a_file_with_a_byte_order_mark_keeps_it(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row())
    file = forks.event("mainnet-fulu")
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    before = file.read_bytes()
    forks.write(row(activation="2025-12-13T21:49:11Z"))
    answer(publish, forks)
    assert file.read_bytes() == before.replace(b"2025-12-03", b"2025-12-13").replace(b"2025-12-04", b"2025-12-14")
