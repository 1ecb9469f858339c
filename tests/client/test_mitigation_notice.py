"""Mitigations on the wire: what the role notes lists, the notice of each, and which of them help here."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Targets

from publisher.model.records.notice import MitigationFile
from publisher.wire.advice.mitigation import (
    NOT_SIGNED,
    Advice,
    MitigationNotice,
    mitigation_notice_of,
    mitigation_path,
    mitigations_for,
    parse_notice,
)
from publisher.wire.advice.notes import MOST, ListedMitigation, listed_mitigations
from publisher.wire.advice.settings import parse_setting
from publisher.wire.advice.version_range import VersionRange
from publisher.wire.errors import ClientVerificationError, FeedError
from publisher.wire.stopping.notice import MAX_BYTES
from publisher.wire.version import Version
from tests.support.mitigations import REASON, SETTINGS, UNTIL, listed, notes_field, notice, written

NOW = datetime(2027, 3, 2, 12, tzinfo=UTC)
ENDS = datetime(2027, 3, 20, 12, tzinfo=UTC)
PRODUCT, LINUX = "btfs-node", "linux-amd64"
VECTORS = Path(__file__).parent.parent / "vectors" / "client" / "mitigations.json"
CASES = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
PARSED_SETTINGS = tuple(parse_setting((setting, "settings")) for setting in SETTINGS)


def role(*mitigations: Any, product: str = PRODUCT) -> Targets:
    fields = notes_field(*mitigations, product=product)
    return Targets(version=1, expires=ENDS, unrecognized_fields=fields)


def read(fields: dict[str, Any], *, named: dict[str, Any] | None = None) -> tuple[ListedMitigation, MitigationNotice]:
    """A notice, and what lists it; `named` is what the metadata says of it instead."""
    data = written(fields)
    (item,) = listed_mitigations(role(listed(named or fields, data)), PRODUCT)
    return item, mitigation_notice_of(item, PRODUCT, data)


def advice(
    *notices: dict[str, Any], version: str = "4.1.0", platform: str = LINUX, now: datetime = NOW, settings: Any = None
) -> Advice:
    items = [read(fields) for fields in notices]
    return mitigations_for(
        [item for item, _ in items],
        {item.id: parsed for item, parsed in items},
        PARSED_SETTINGS if settings is None else settings,
        Version.parse(version),
        {platform},
        now,
    )


def test_a_mitigation_names_setting_value_reason_and_end() -> None:
    item, parsed = read(notice(platforms=["windows-amd64", "linux-amd64"]))
    assert item.versions == VersionRange(Version.parse("4.1.0"), Version.parse("4.1.2"))
    assert item.platforms == parsed.platforms == ("linux-amd64", "windows-amd64")
    assert (parsed.setting, parsed.value, parsed.because, parsed.until) == ("auto-sync", "off", REASON, ENDS)
    assert (str(parsed.fixed_in), parsed.at) == ("4.1.2", datetime(2027, 3, 1, 12, tzinfo=UTC))
    assert mitigation_path(PRODUCT) == "notes/btfs-node/mitigation/notice.json"


def test_a_product_without_notes_has_no_mitigation_whatever_stands_beside_it() -> None:
    empty = Targets(version=1, expires=ENDS)
    assert listed_mitigations(empty, PRODUCT) == ()
    assert listed_mitigations(role("nonsense", product="other"), PRODUCT) == ()


@pytest.mark.parametrize(
    ("field", "what"),
    [
        ([], "x-tidegate-notes must be an object"),
        ({PRODUCT: []}, "x-tidegate-notes.btfs-node must be an object"),
        ({PRODUCT: {"mitigations": {}}}, "mitigations must be an array"),
        ({PRODUCT: {"mitigations": ["x"]}}, "mitigations[0] must be an object"),
        ({PRODUCT: {"mitigations": [{}] * (MOST + 1)}}, f"at most {MOST} are read"),
    ],
)
def test_a_malformed_field_is_refused_as_a_whole(field: object, what: str) -> None:
    signed = Targets(version=1, expires=ENDS, unrecognized_fields={"x-tidegate-notes": field})
    with pytest.raises(ClientVerificationError) as caught:
        listed_mitigations(signed, PRODUCT)
    assert "the signed metadata of the notes role is malformed" in caught.value.what
    assert what in caught.value.what


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"id": "a" * 63}, "id must be 64 small hexadecimal digits"),
        ({"from": None, "before": None}, "must have from, before or both"),
        ({"from": "4.1.2"}, "before must be later than from"),
        ({"platforms": ["Linux"]}, "platforms[0] must be small letters"),
        ({"until": None}, "until is missing"),
        ({"until": "tomorrow"}, "until must be a time in UTC"),
    ],
)
def test_a_malformed_item_is_named(changes: dict[str, Any], what: str) -> None:
    item = {**listed(notice()), **changes}
    with pytest.raises(ClientVerificationError) as caught:
        listed_mitigations(role({name: value for name, value in item.items() if value is not None}), PRODUCT)
    assert what in caught.value.what


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"format": "tidegate-notice/2"}, "the notice has the format 'tidegate-notice/2'"),
        ({"kind": "hold"}, "notice.kind is 'hold' instead of mitigation"),
        ({"product": "other"}, "about something else"),
        ({"setting": "Run this"}, "notice.setting must be small letters"),
        ({"setting": None}, "notice.setting is missing"),
        ({"value": "off and call us"}, "notice.value must be one word"),
        ({"because": "Get it from https://bad.example now"}, "looks like an address"),
        ({"because": "x" * 281}, "has 281 characters"),
        ({"fixed_in": "soon"}, "notice.fixed_in 'soon' is not a version"),
    ],
)
def test_a_notice_that_does_not_fit_is_not_read(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(FeedError) as caught:
        read(notice(**changes))
    assert what in caught.value.what


@pytest.mark.parametrize(
    "named", [{"from": "4.0.0"}, {"before": None}, {"platforms": [LINUX]}, {"until": "2027-04-01T00:00:00Z"}]
)
def test_a_notice_says_what_the_metadata_says_of_it(named: dict[str, Any]) -> None:
    with pytest.raises(FeedError, match="about something else"):
        read(notice(), named=notice(**named))


def test_other_bytes_and_endless_ones_are_not_the_notice() -> None:
    (item,) = listed_mitigations(role(listed(notice())), PRODUCT)
    with pytest.raises(FeedError, match="not the one that was signed"):
        mitigation_notice_of(item, PRODUCT, written(notice(value="on")))
    long = written(notice()) + b" " * MAX_BYTES
    (item,) = listed_mitigations(role(listed(notice(), long)), PRODUCT)
    with pytest.raises(FeedError, match=f"at most {MAX_BYTES} are read"):
        mitigation_notice_of(item, PRODUCT, long)


@pytest.mark.parametrize("changes", [{}, {"from": None, "fixed_in": None}, {"platforms": [LINUX, "macos-arm64"]}])
def test_the_client_reads_what_the_publisher_writes(changes: dict[str, Any]) -> None:
    fields = notice(**changes)
    data = MitigationFile.model_validate_json(json.dumps(fields)).to_bytes()
    (item,) = listed_mitigations(role(listed(fields, data)), PRODUCT)
    assert mitigation_notice_of(item, PRODUCT, data) == read(fields)[1]


def test_it_is_shown_with_the_words_of_the_feed() -> None:
    (mitigation,) = advice(notice()).mitigations
    assert (mitigation.setting.name, mitigation.setting.how) == ("storage.auto_sync", "In config.toml.")
    assert mitigation.notice.value == "off"


@pytest.mark.parametrize(
    ("version", "shown"),
    [("4.0.9", 0), ("4.1.0-rc.1", 0), ("4.1.0", 1), ("4.1", 1), ("4.1.1.9", 1), ("4.1.2-rc.1", 1), ("4.1.2", 0)],
)
def test_the_range_begins_with_its_first_version_and_ends_before_the_other(version: str, shown: int) -> None:
    assert len(advice(notice(), version=version).mitigations) == shown


def test_it_ends_at_its_moment_and_with_the_version_that_has_the_fix() -> None:
    assert advice(notice(), now=ENDS - timedelta(seconds=1)).mitigations
    assert advice(notice(), now=ENDS) == Advice()
    assert advice(notice(before=None), version="4.1.1").mitigations
    assert advice(notice(before=None), version="4.1.2") == advice(notice(before=None), version="5.0") == Advice()


def test_other_platforms_are_not_told() -> None:
    assert advice(notice(platforms=[LINUX])).mitigations
    assert advice(notice(platforms=["macos-arm64"])) == Advice()


@pytest.mark.parametrize(
    "changes",
    [{"setting": "allow-remote-login", "value": "on"}, {"value": "maybe"}, {"setting": "max-peers", "value": "100000"}],
)
def test_a_thief_of_the_notes_key_cannot_name_a_setting_or_a_value_of_his_own(changes: dict[str, Any]) -> None:
    result = advice(notice(**changes), notice(setting="max-peers", value="64"))
    assert [(item.setting.id, item.notice.value) for item in result.mitigations] == [("max-peers", "64")]
    assert result.left_out == (NOT_SIGNED,)
    assert "allow-remote-login" not in NOT_SIGNED


def test_without_settings_of_the_channel_nothing_is_shown() -> None:
    assert advice(notice(), settings=()) == Advice((), (NOT_SIGNED,))


def test_what_could_not_be_fetched_is_not_shown() -> None:
    item, _ = read(notice())
    assert mitigations_for([item], {}, PARSED_SETTINGS, Version.parse("4.1.0"), {LINUX}, NOW) == Advice()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("4.1.0..4.1.2", "from 4.1.0, before 4.1.2"),
        ("4.1.0..", "4.1.0 and later"),
        ("..4.1.2", "before 4.1.2"),
        ("4.1.0-rc.1..4.1.0", "from 4.1.0-rc.1, before 4.1.0"),
    ],
)
def test_ranges_are_written_with_two_dots(text: str, words: str) -> None:
    assert str(VersionRange.parse(text)) == words


@pytest.mark.parametrize("text", ["", "4.1.0", "..", "4.1.2..4.1.0", "4.1.0..4.1.0", "4.1.0..4.1.1..4.1.2", "a..b"])
def test_what_is_no_range_says_why(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a range|has no version in it|is not a version"):
        VersionRange.parse(text)


def test_the_end_is_the_one_of_the_example() -> None:
    assert read(notice())[0].until.strftime("%Y-%m-%dT%H:%M:%SZ") == UNTIL


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_published_vector(case: dict[str, Any]) -> None:
    items = listed_mitigations(role(*case["listed"]), PRODUCT)
    notices = {ident: parse_notice(written(fields)) for ident, fields in case["notices"].items()}
    settings = tuple(parse_setting((setting, "settings")) for setting in case["settings"])
    now = datetime.fromisoformat(case["now"])
    result = mitigations_for(items, notices, settings, Version.parse(case["current"]), {case["platform"]}, now)
    shown = [{"id": item.id, "setting": item.setting.id, "value": item.notice.value} for item in result.mitigations]
    assert (shown, result.left_out) == (case["shown"], (NOT_SIGNED,) if case["left_out"] else ())
