"""Settings that a mitigation may name, as the people of a channel have signed them in its feeds.

Whoever holds a key of the role notes can choose among these settings and their values. A setting or a value that no
feed lists is never shown, so a thief of that key cannot tell users to change anything else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from publisher.wire.errors import FeedError
from publisher.wire.json_object import At, JsonObject, count_at, text_at

__all__ = ["MOST", "MOST_VALUES", "SignedSetting", "parse_setting", "value_at"]

MOST = 50
"""So many settings a feed has at most."""

MOST_VALUES = 20
"""So many values a setting lists at most."""

_VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_INTEGER = re.compile(r"0|[1-9][0-9]{0,8}")
LARGEST = 999_999_999
"""The largest number that a setting can have; the smallest is 0."""


@dataclass(frozen=True)
class SignedSetting:
    """A setting of a product, and what it may be set to: listed values, or whole numbers between two limits."""

    id: str
    name: str
    """As users see it in the program."""
    how: str
    """Where to find it, in one sentence."""
    values: tuple[str, ...] = ()
    """The values that it can have; empty where it is a number."""
    lowest: int | None = None
    highest: int | None = None

    def allows(self, value: str) -> bool:
        """Whether it can have this value."""
        if self.lowest is None or self.highest is None:
            return value in self.values
        return _INTEGER.fullmatch(value) is not None and self.lowest <= int(value) <= self.highest

    @property
    def range_text(self) -> str:
        """What it can be set to, for messages: on or off; 8 to 512."""
        return f"{self.lowest} to {self.highest}" if self.lowest is not None else ", ".join(self.values)


def parse_setting(at: At) -> SignedSetting:
    """One item of `settings` of a feed. Raises FeedError."""
    item = JsonObject(*at)
    setting = SignedSetting(
        id=item.slug("id"),
        name=item.text("name"),
        how=item.text("how"),
        values=tuple(value_at(value) for value in item.items("values")),
        lowest=item.optional("lowest", _number),
        highest=item.optional("highest", _number),
    )
    if (setting.lowest is None) != (setting.highest is None) or bool(setting.values) == (setting.lowest is not None):
        raise FeedError(f"{at[1]} must have either values, or lowest and highest")
    if setting.lowest is not None and setting.highest is not None and setting.highest <= setting.lowest:
        raise FeedError(f"{at[1]}.highest must be more than lowest")
    if len(setting.values) > MOST_VALUES:
        raise FeedError(f"{at[1]}.values has {len(setting.values)} items; at most {MOST_VALUES} are read")
    return setting


def value_at(at: At) -> str:
    """A value of a setting: one short word or number. Raises FeedError."""
    text = text_at(at)
    if not _VALUE.fullmatch(text):
        raise FeedError(f"{at[1]} must be one word of at most 40 letters, digits, dots, hyphens and underscores")
    return text


def _number(at: At) -> int:
    number = count_at(at)
    if number > LARGEST:
        raise FeedError(f"{at[1]} must be at most {LARGEST}")
    return number
