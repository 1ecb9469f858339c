"""Characters that nobody sees: what Unicode calls ignorable is hidden, and what honest text needs is not."""

from __future__ import annotations

import sys
import unicodedata

import pytest

from publisher.wire.plain_text import find_hidden, name_of, without_hidden

SHAPED_FORMATS = frozenset({*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD})
"""Format characters that are seen: they stand around or above a number."""

JOINERS = frozenset({0x200C, 0x200D})


@pytest.mark.parametrize(
    "code",
    [
        *(0x00, 0x08, 0x0B, 0x1B, 0x7F, 0x85, 0x9F, 0xAD, 0x34F, 0x61C, 0x115F, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E),
        *(0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2060, 0x2064, 0x2066, 0x2069, 0x2800, 0x3164, 0xD800, 0xFE00),
        *(0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFE, 0xE0001, 0xE0041, 0xE007F, 0xE0100, 0xE01EF),
    ],
)
def test_a_character_without_a_shape_is_found_between_letters(code: int) -> None:
    text = f"pay{chr(code)}pal"
    assert find_hidden(text) == 3
    assert without_hidden(text) == "paypal"


def test_every_format_control_and_separator_character_of_this_unicode_version_is_hidden() -> None:
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code)) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or code in SHAPED_FORMATS:
            continue
        expected = None if chr(code) in "\t\n\r" else 1
        assert find_hidden(f"a{chr(code)}b") == expected, f"U+{code:04X}"


def test_whatever_is_printed_as_a_letter_number_mark_or_space_stays_but_for_fillers() -> None:
    fillers = {0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0}
    selectors = {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
    for code in range(sys.maxunicode + 1):
        if unicodedata.category(chr(code))[0] in "LNMPSZ" and code not in fillers | selectors | {
            0x2800,
            0x2028,
            0x2029,
        }:
            assert find_hidden(chr(code)) is None, f"U+{code:04X}"


@pytest.mark.parametrize(
    "text",
    [
        "Tabs\tand\nlines\r\nare seen",
        "10\u00a0MB, \u201equoted\u201c, caf\u00e9",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian: a word that is misspelt without its ZWNJ
        "\u0d28\u0d4d\u200d",  # Malayalam: a letter that ends with a ZWJ
        "\u0915\u094d\u200d\u0937",  # Devanagari: a half form
        "\u26a0\ufe0f careful",
        "1\ufe0f\u20e3 first",
        "\U0001f469\u200d\U0001f4bb",
        "\u2764\ufe0f\u200d\U0001f525",
    ],
)
def test_honest_text_stays_as_it_is(text: str) -> None:
    assert find_hidden(text) is None
    assert without_hidden(text) == text


@pytest.mark.parametrize(
    "text",
    ["a\ufe0f\u200d\U0001f525", "\U0001f525\u200d", "\U0001f525\u200da", "\u26a0\ufe0f\ufe0f", "a\u200cb", "\u200d"],
)
def test_a_joiner_or_selector_out_of_its_place_is_hidden_and_goes(text: str) -> None:
    assert find_hidden(text) is not None
    assert find_hidden(without_hidden(text)) is None


def test_messages_name_a_character_in_plain_ascii() -> None:
    assert name_of("\u200b") == "an invisible character (U+200B, zero width space)"
    assert name_of("\x07") == "an invisible character (U+0007)"
    assert name_of("\x1b") == "an escape character"
    assert name_of("\t") == "a tab"
