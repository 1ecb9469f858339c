"""`publish import events` with mappings that are wrong, and with rows that mean harm."""

from __future__ import annotations

import pytest

from tests.support.command import Publish, flat
from tests.support.forks import FILES, Forks, answer, event, imported, row, run


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"{network}-{fork}"', '"fork"', "forks.yaml:3:1: `id` names no field"),
        ('"{network}-{fork}"', '"{network}-{fork"', "forks.yaml:3:1: `id` has a brace that encloses no field"),
        (
            "https://example.org/forks/{network}/{fork}",
            '"https://{network}.org/x"',
            "forks.yaml:7:1: `source` must begin",
        ),
        ("lasts: 6 h", "lasts: 0 h", "`lasts`"),
        ("starts: activation", "begins: activation", "`begins`"),
        ("audiences: [hosts]", "audiences: [hots]", "`audiences`"),
    ],
)
def test_a_mapping_is_strict_and_says_where(publish: Publish, forks: Forks, old: str, new: str, problem: str) -> None:
    forks.edit("forks.yaml", old, new)
    forks.write(row())
    ran = run(publish, forks)
    assert ran.code == 1
    assert problem in ran.err, ran.err
    assert "forks.yaml:" in ran.err
    assert "->" in ran.err
    assert not (forks.base / "content/events").exists()


def test_check_reads_the_mappings_of_the_configuration_too(publish: Publish, forks: Forks) -> None:
    (forks.base / "site_config/schedules").mkdir()
    mapping = forks.base / "site_config/schedules/forks.yaml"
    (forks.base / "forks.yaml").rename(mapping)
    assert publish("check", cwd=forks.base).code == 0
    forks.edit("site_config/schedules/forks.yaml", "starts: activation", "begins: activation")
    ran = publish("check", cwd=forks.base)
    assert ran.code == 1
    assert "site_config/schedules/forks.yaml:8:1: `begins` is not a known key here" in flat(ran.err)


HOSTILE = {
    "yaml": row("x", 'fulu"\nstatus: happened\nfoo: "'),
    "quotes": row("sepolia", 'a": {b: [c, #d]} & *e !f %g @h `i` \\ '),
    "traversal": row("../../../etc", "passwd"),
    "absolute": row("/etc", "cron"),
    "control": row("main\x00net", "f\x1b[31mulu"),
    "bidi": row("main\u202enet", "fulu"),
    "surrogate": row("main\ud800net", "fulu"),
    "device": row("con", "fulu") | {"fork": "x" * 100},
    "empty": row("", ""),
    "deep": row("mainnet", {"a": [[[[]]]]}),
    "key": row("sepolia", "-----BEGIN PRIVATE KEY-----"),
    "huge number": row("sepolia", 10**40),
    "date": row("sepolia", activation="9999-99-99T99:99:99Z"),
    "seconds": row("sepolia", activation=10**17),
    "ends": row("sepolia", activation=True),
    "epoch": row("sepolia", epoch=-1),
    "versions": row("sepolia", "electra", min_versions={"teku": "1." * 40000, "prysm\u202e": "1", "../x": "9"}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_row_harms_nobody(publish: Publish, forks: Forks, name: str) -> None:
    forks.write(row(), HOSTILE[name])
    ran = run(publish, forks)
    assert ran.code == 0, ran.err
    assert not any(char in ran.out for char in "\x00\x1b\u202e")
    assert {path.name for path in forks.base.parent.iterdir()} == {"project"}
    written = {name for name in forks.files() if name not in FILES}
    assert written - {"content/events/mainnet-fulu.yaml"} <= {
        f"content/events/sepolia-{fork}.yaml" for fork in ("electra", "fulu")
    }
    assert event(forks, "mainnet-fulu").status == "planned"
    assert publish("check", cwd=forks.base).code == 0


def test_a_number_that_is_none_makes_the_whole_file_unreadable(publish: Publish, forks: Forks) -> None:
    forks.write(row(), row(float("inf"), float("nan")))
    ran = run(publish, forks)
    assert ran.code == 1
    assert "is not valid JSON" in flat(ran.err)
    assert not (forks.base / "content/events").exists()


def test_words_of_a_schedule_are_text_and_never_markup(publish: Publish, forks: Forks) -> None:
    forks.edit("forks.yaml", 'id: "{network}-{fork}"', 'id: "{network}-{epoch}"')
    fork = "*free* `coins` _now_ & here"
    imported(publish, forks, row(fork=fork))
    imported_event = event(forks, "mainnet-411392")
    assert imported_event.title == f"{fork} on mainnet"
    assert imported_event.summary.startswith("The \\*free\\* \\`coins\\` \\_now\\_ \\& here upgrade activates")
    assert str(imported_event.source) == (
        "https://example.org/forks/mainnet/%2Afree%2A%20%60coins%60%20_now_%20%26%20here"
    )


@pytest.mark.parametrize(
    ("fork", "problem"),
    [
        ("[free](https://evil.example)", "contains a link that cannot be followed: [free](https://evil.example)"),
        ("<script>", "contains HTML"),
        ("http://evil.example", "contains an address with http://"),
    ],
)
def test_what_looks_like_a_link_or_a_tag_is_left_out(publish: Publish, forks: Forks, fork: str, problem: str) -> None:
    forks.edit("forks.yaml", 'id: "{network}-{fork}"', 'id: "{network}-{epoch}"')
    forks.write(row(), row("sepolia", fork))
    (remark,) = answer(publish, forks)["reported"]
    assert (remark["reason"], remark["detail"]) == ("makes a summary that cannot be published", problem)


def test_a_huge_file_is_refused(publish: Publish, forks: Forks) -> None:
    with (forks.base / "forks.json").open("wb") as stream:
        stream.truncate(33 * 1024 * 1024)
    ran = run(publish, forks)
    assert ran.code == 1
    assert "is larger than 32 MiB" in flat(ran.err)


def test_ten_thousand_rows_are_read_and_their_reasons_grouped(publish: Publish, forks: Forks) -> None:
    forks.write(row(), *(row("sepolia", f"f{number}", activation=None) for number in range(10_000)))
    ran = run(publish, forks)
    assert ran.code == 0
    assert len(ran.out.splitlines()) < 30
    assert "10000 has no `activation`:" in flat(ran.out)
    assert "and 9990 more, which --json lists" in flat(ran.out)


@pytest.mark.system
def test_ten_thousand_events_are_written_once(publish: Publish, forks: Forks) -> None:
    forks.write(*(row("sepolia", f"f{number}", min_versions={"teku": "25.9.3"}) for number in range(10_000)))
    assert len(answer(publish, forks)["created"]) == 10_000
    value = answer(publish, forks)
    assert (len(value["unchanged"]), value["written"]) == (10_000, False)


def test_a_schedule_without_any_event_is_an_error(publish: Publish, forks: Forks) -> None:
    forks.write(row(activation=None), row("sepolia", activation="soon"))
    ran = run(publish, forks)
    assert ran.code == 1
    assert "no row of the schedule can be used (1 of them: has no `activation`; 1 of them: has no date" in flat(ran.err)


def test_content_that_has_a_problem_already_is_not_touched(publish: Publish, forks: Forks) -> None:
    imported(publish, forks, row())
    forks.edit("content/events/mainnet-fulu.yaml", "type: mainnet-upgrade", "type: nonsense")
    before = forks.files()
    forks.write(row(activation="2026-01-01T00:00:00Z"))
    ran = run(publish, forks)
    assert ran.code == 1
    assert "content/events/mainnet-fulu.yaml:4:1" in ran.err
    assert forks.files() == before
