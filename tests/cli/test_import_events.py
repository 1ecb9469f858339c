"""`publish import events`: what a schedule writes, what it leaves alone, and that it writes nothing where it fails."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from publisher.content.load import load_catalog, load_item
from publisher.errors import InputError
from publisher.model.config.schedule import ScheduleMapping
from publisher.pipeline.plan.import_events import check_import, plan_import
from tests.support.command import ROOT, Publish, flat
from tests.support.forks import Forks, answer, event, imported, row, run

REAL = ROOT.parent / "shared/data/fork_requirements.json"


def test_a_row_becomes_a_file_that_people_can_edit(publish: Publish, forks: Forks) -> None:
    forks.write(row())
    ran = run(publish, forks)
    assert ran.code == 0, ran.err
    assert ran.out.splitlines()[:2] == [
        "1 row of forks; events: 1 new, 0 changed, 0 unchanged.",
        "  content/events/mainnet-fulu.yaml (new)",
    ]
    assert forks.event("mainnet-fulu").read_text() == (
        """\
# yaml-language-server: $schema=../../schemas/event.json
id: mainnet-fulu
title: fulu on mainnet
type: mainnet-upgrade
ecosystem: ethereum
starts: 2025-12-03T21:49:11Z
ends: 2025-12-04T03:49:11Z
severity: {score: 5, because: Nodes that were not updated leave the network.}
lead_time: {score: 4, because: "Announced a month ahead, or more."}
impact: {client_load: 1, node_churn: 2, support_traffic: 2, compatibility_risk: 3}
requires:
  - {product: lighthouse, channel: stable, at_least: "8.0.0", audiences: [hosts]}
  - {product: teku, channel: stable, at_least: "25.11.0", audiences: [hosts]}
summary: |
  The fulu upgrade activates on mainnet.

  It starts at epoch 411392 of mainnet.
source: https://example.org/forks/mainnet/fulu
schedule: forks
"""
    )
    assert publish("check", cwd=forks.base).code == 0


def test_a_second_run_changes_nothing(publish: Publish, forks: Forks) -> None:
    rows = (row(), row("sepolia", min_versions={"teku": "25.9.3", "lighthouse": "8.0.0-rc.0"}))
    imported(publish, forks, *rows)
    before = forks.files()
    value = answer(publish, forks)
    assert forks.files() == before
    assert (value["created"], value["changed"], value["written"]) == ([], [], False)
    assert value["unchanged"] == ["mainnet-fulu", "sepolia-fulu"]


def test_a_dry_run_shows_what_it_would_write(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row())
    before = forks.files()
    forks.write(row(activation="2025-12-06T21:49:11Z"), row("sepolia"))
    ran = run(publish, forks, "--dry-run")
    assert ran.code == 0
    assert forks.files() == before
    for line in (
        "--- content/events/mainnet-fulu.yaml",
        "-starts: 2025-12-03T21:49:11Z",
        "+starts: 2025-12-06T21:49:11Z",
        "--- /dev/null",
        "+++ content/events/sepolia-fulu.yaml",
        "+id: sepolia-fulu",
        "Nothing was written.",
    ):
        assert line in ran.out.splitlines()
    value = answer(publish, forks, "--dry-run")
    assert not value["written"]
    assert "+starts: 2025-12-06T21:49:11Z" in value["changed"][0]["difference"]


def test_an_event_that_the_schedule_no_longer_has_is_reported_and_stays(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row(), row("sepolia"))
    before = forks.files()
    forks.write(row())
    assert answer(publish, forks)["missing"] == ["sepolia-fulu"]
    assert "No longer in the schedule, and left as they are: sepolia-fulu." in flat(run(publish, forks).out)
    assert forks.files() == before


def test_rows_that_cannot_be_used_are_told_one_by_one_and_the_rest_counts(publish: Publish, forks: Forks) -> None:
    forks.write(
        row(min_versions={"lighthouse": "8.0.0", "tysm": "0.49.0", "grandine": "2.0.0.rc0", "teku": 25.11}),
        row("sepolia", "electra"),
        row("sepolia", "electra"),
        row("hoodi", layer="execution"),
        row("hoodi", "electra", activation=None),
        row("holesky", min_versions={"prysm": "v8.0.0-rc.1"}),
        row("gnosis", status="proposed"),
        ["not", "an", "object"],
    )
    value = answer(publish, forks)
    assert [change["event"] for change in value["created"]] == ["mainnet-fulu", "holesky-fulu"]
    assert [(r["row"], r["reason"], r["detail"], r["left_out"]) for r in value["reported"]] == [
        (1, "requires a client that is no product here", "tysm 0.49.0; did you mean prysm?", False),
        (
            1,
            "requires a version that cannot be one here",
            "grandine 2.0.0.rc0: '2.0.0.rc0' is not a version like 4.1.0 or 4.1.0-rc.1",
            False,
        ),
        (1, "requires a version that is no text", "teku 25.11; put it in quotes", False),
        (2, "has the id of another row, so that none of them counts", "rows 2 and 3", True),
        (3, "has the id of another row, so that none of them counts", "rows 2 and 3", True),
        (4, "fits no entry of `types` in the mapping", "", True),
        (5, "has no `activation`", "", True),
        (6, "requires a pre-release, which its finished version meets too", "prysm v8.0.0-rc.1", False),
        (8, "is not an object with fields", "a list", True),
    ]
    assert [str(each.at_least) for each in event(forks, "holesky-fulu").requires] == ["8.0.0-rc.1"]
    said = flat(run(publish, forks).out)
    assert "Rows left out, because the row ... 2 has the id of another row, so that none of them counts: row 2" in said
    assert "row 1, mainnet-fulu: tysm 0.49.0; did you mean prysm?" in said


def test_a_second_row_of_an_id_leaves_its_event_as_it_is(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row(), row("sepolia"))
    before = forks.files()
    forks.write(row(activation="2026-01-01T00:00:00Z"), row(activation="2026-02-01T00:00:00Z"), row("sepolia"))
    value = answer(publish, forks)
    assert (value["changed"], value["missing"], forks.files()) == ([], [], before)


def test_clients_that_are_not_ours_and_others_of_another_name_are_mapped(publish: Publish, forks: Forks) -> None:
    forks.edit(
        "forks.yaml",
        "  field: min_versions\n",
        "  field: min_versions\n  products: {lh: lighthouse}\n  not_ours: [tysm]\n",
    )
    forks.write(row(min_versions={"lh": "8.0.0", "tysm": "0.49.0"}))
    value = answer(publish, forks)
    assert value["reported"] == []
    assert [each.product for each in event(forks, "mainnet-fulu").requires] == ["lighthouse"]


@pytest.mark.parametrize(
    ("old", "new", "reason", "detail"),
    [
        (
            "type: mainnet-upgrade",
            "type: mainnet-upgrad",
            "has a type that the policy does not know",
            "mainnet-upgrad; did you mean mainnet-upgrade?",
        ),
        (
            "type: mainnet-upgrade",
            "type: conference",
            "requires versions, which the policy allows no event of its type",
            "conference",
        ),
        (
            "channel: stable",
            "channel: stabel",
            "requires a version of a channel that the product does not have",
            "lighthouse 8.0.0, channel stabel; did you mean stable?",
        ),
    ],
)
def test_what_the_policy_or_the_products_do_not_know_is_told(
    publish: Publish, forks: Forks, old: str, new: str, reason: str, detail: str
) -> None:
    forks.edit("forks.yaml", old, new)
    forks.write(row(min_versions={"lighthouse": "8.0.0"}), row("sepolia"))
    value = answer(publish, forks)
    remark = value["reported"][0]
    assert (remark["row"], remark["reason"], remark["detail"]) == (1, reason, detail)
    assert event(forks, "sepolia-fulu").requires
    if not remark["left_out"]:
        assert event(forks, "mainnet-fulu").requires == ()


@pytest.mark.parametrize("change", ["hand-written", "another type", "another schedule"])
def test_a_file_that_was_not_imported_is_left_alone(publish: Publish, forks: Forks, change: str) -> None:
    imported(publish, forks, row())
    file = "content/events/mainnet-fulu.yaml"
    if change == "another type":
        forks.edit(file, "type: mainnet-upgrade", "type: conference")
        text = forks.event("mainnet-fulu").read_text()
        start, end = text.index("requires:"), text.index("summary:")
        forks.event("mainnet-fulu").write_text(text[:start] + text[end:])
    else:
        forks.edit(file, "schedule: forks\n", "schedule: others\n" if change == "another schedule" else "")
    before = forks.files()
    forks.write(row(activation="2026-01-01T00:00:00Z"), row("sepolia", "electra"))
    value = answer(publish, forks)
    after = forks.files()
    assert after.pop("content/events/sepolia-electra.yaml")
    assert after == before
    (remark,) = value["reported"]
    assert remark["left_out"]
    assert remark["reason"] == (
        "has the id of an event of another type or ecosystem, which stays as it is"
        if change == "another type"
        else "has the id of an event that was not imported from this schedule, which stays as it is"
    )
    if change == "hand-written":
        assert remark["detail"] == f"to have it kept up to date, add `schedule: forks` to {file}"


def test_nothing_is_written_that_check_would_refuse(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row())
    release = forks.base / "content/releases/lighthouse/8.0.0.yaml"
    release.parent.mkdir(parents=True)
    release.write_text(
        'product: lighthouse\nversion: "8.0.0"\nchannels: [stable]\nchange_class: feature\nsentence: For the fork.\n'
        "for_event: mainnet-fulu\nnotes: {action: required, restart: service, symptoms: [], first_24h: [Check it.]}\n"
        "artifacts: [{file: lighthouse.tar.gz, platform: linux-amd64}]\n"
    )
    assert publish("check", cwd=forks.base).code == 0
    before = forks.files()
    forks.write(row(status="cancelled"), row("sepolia"))
    ran = run(publish, forks)
    assert ran.code == 1
    assert "Nothing was written, since the content would then have problems:" in ran.err
    assert "content/releases/lighthouse/8.0.0.yaml:6:1: event mainnet-fulu was cancelled" in ran.err
    assert forks.files() == before
    ran = run(publish, forks, "--json")
    assert json.loads(ran.out)["problems"][0]["file"] == "content/releases/lighthouse/8.0.0.yaml"


def test_a_file_that_came_out_otherwise_than_meant_is_not_written(publish: Publish, forks: Forks) -> None:
    content, config = [forks.base / "content"], forks.base / "site_config"
    before = load_catalog(content, config)
    mapping = load_item(forks.base / "forks.yaml", ScheduleMapping).value
    assert before.sample is not None
    plan = plan_import([row()], mapping, before, content, before.sample.reference_time)
    wrong = replace(plan.changes[0], after=plan.changes[0].after.replace("score: 5", "score: 4"))
    with pytest.raises(InputError, match="cannot be edited line by line"):
        check_import(replace(plan, changes=(wrong,)), before, content, config, before.sample.reference_time)


@pytest.mark.skipif(not REAL.exists(), reason="the collected data is not here")
def test_the_real_requirements_of_two_forks_on_three_networks(publish: Publish, forks: Forks) -> None:
    shutil.copy(REAL, forks.base / "forks.json")
    value = answer(publish, forks)
    assert [change["event"] for change in value["created"]] == [
        f"{network}-{fork}" for network in ("mainnet", "sepolia", "hoodi") for fork in ("electra", "fulu")
    ]
    assert not any(remark["left_out"] for remark in value["reported"])
    requires = {each.product: str(each.at_least) for each in event(forks, "hoodi-fulu").requires}
    assert requires == {
        "lighthouse": "8.0.0-rc.2",
        "lodestar": "1.35.0",
        "nimbus": "25.9.2",
        "prysm": "6.1.3",
        "teku": "25.10.0",
    }
    assert publish("check", cwd=forks.base).code == 0
    assert answer(publish, forks)["unchanged"] == [change["event"] for change in value["created"]]
