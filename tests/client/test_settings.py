"""Settings that a mitigation may name: what a feed can say of them, and which values they allow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from publisher.model.content.setting import Setting
from publisher.wire.advice.settings import MOST, MOST_VALUES, SignedSetting, parse_setting
from publisher.wire.errors import FeedError
from publisher.wire.feed_parser import parse_feed
from tests.support.mitigations import SETTINGS
from tests.support.tuf_repository import a_feed

CHOICE, NUMBER = (parse_setting((setting, "settings")) for setting in SETTINGS)


def read(**changes: Any) -> SignedSetting:
    written = {name: value for name, value in {**SETTINGS[0], **changes}.items() if value is not None}
    return parse_setting((written, "settings[0]"))


@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [
        (CHOICE, "off", True),
        (CHOICE, "Off", False),
        (CHOICE, "on,off", False),
        (NUMBER, "8", True),
        (NUMBER, "512", True),
        (NUMBER, "7", False),
        (NUMBER, "513", False),
        (NUMBER, "008", False),
        (NUMBER, "8 ", False),
        (NUMBER, "\u0668", False),
        (NUMBER, "1" * 5000, False),
        (NUMBER, "off", False),
    ],
)
def test_only_listed_values_and_numbers_between_the_limits_are_allowed(
    setting: SignedSetting, value: str, allowed: bool
) -> None:
    assert setting.allows(value) is allowed


def test_a_feed_has_the_settings_of_its_product() -> None:
    feed = parse_feed(json.dumps(a_feed(settings=SETTINGS)).encode())
    assert feed.settings == (CHOICE, NUMBER)
    assert (CHOICE.range_text, NUMBER.range_text) == ("on, off", "8 to 512")
    assert parse_feed(json.dumps(a_feed()).encode()).settings == ()


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"id": "Auto sync"}, "settings[0].id must be small letters"),
        ({"name": None}, "settings[0].name is missing"),
        ({"how": "In config.\u200btoml"}, "must not hold an invisible character"),
        ({"values": None}, "settings[0] must have either values, or lowest and highest"),
        ({"values": []}, "settings[0] must have either values, or lowest and highest"),
        ({"lowest": 1, "highest": 2}, "settings[0] must have either values, or lowest and highest"),
        ({"values": None, "lowest": 1}, "settings[0] must have either values, or lowest and highest"),
        ({"values": None, "lowest": 2, "highest": 2}, "settings[0].highest must be more than lowest"),
        ({"values": None, "lowest": 1.5, "highest": 2}, "settings[0].lowest must be an integer"),
        ({"values": None, "lowest": True, "highest": 2}, "settings[0].lowest must be an integer"),
        ({"values": None, "lowest": 1, "highest": 10**12}, "settings[0].highest must be at most 999999999"),
        ({"values": ["off; rm"]}, "settings[0].values[0] must be one word"),
        ({"values": ["x" * 41]}, "settings[0].values[0] must be one word"),
        ({"values": [str(value) for value in range(MOST_VALUES + 1)]}, f"at most {MOST_VALUES} are read"),
    ],
)
def test_a_setting_that_contradicts_itself_is_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(FeedError) as caught:
        read(**changes)
    assert what in caught.value.what


def test_more_settings_than_clients_read_are_refused() -> None:
    settings = [{**SETTINGS[0], "id": f"setting-{number}"} for number in range(MOST + 1)]
    with pytest.raises(FeedError, match=f"settings has {MOST + 1} items; at most {MOST} are read"):
        parse_feed(json.dumps(a_feed(settings=settings)).encode())


@pytest.mark.parametrize("written", SETTINGS, ids=lambda setting: str(setting["id"]))
def test_the_client_reads_what_the_publisher_writes(written: dict[str, Any]) -> None:
    setting = Setting.model_validate_json(json.dumps(written))
    dumped = json.loads(setting.model_dump_json(exclude_none=True))
    assert parse_setting((dumped, "settings[0]")) == parse_setting((written, "settings[0]"))


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"lowest": 1}, "only one of `lowest` and `highest` is given"),
        ({"lowest": 1, "highest": 2}, "its values are missing or given twice"),
        ({"values": []}, "its values are missing or given twice"),
        ({"values": [], "lowest": 2, "highest": 2}, "`highest` must be more than `lowest`"),
        ({"values": ["two words"]}, "must be one word"),
        ({"lowest": 1, "highest": 10**10, "values": []}, "less than or equal to"),
    ],
)
def test_content_that_clients_would_refuse_is_an_error_in_the_configuration(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        Setting.model_validate_json(json.dumps({**SETTINGS[0], **changes}))
