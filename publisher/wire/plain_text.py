"""Which characters of a text nobody sees: one table for content, pages and terminals.

A text may look like another one when it holds characters without a shape of their own: control characters, marks that
turn the direction of writing, fillers, tags, separators (Unicode TR36, section 3; TR39). They are all refused:
`Default_Ignorable_Code_Point` of the Unicode Character Database, the format characters (Cf) that have no shape,
controls (Cc) but for tab and line ends, line and paragraph separators, surrogates, noncharacters, and the blank Braille
cell. The table is written out, so that one text is judged alike by every version of Python.

Two kinds stay where honest text is misspelt without them, and are hidden elsewhere:

- the joiners U+200C and U+200D after a letter or mark of the scripts from Hebrew to Vedic (Persian and the scripts of
  India need them), and U+200D between two pictographs, which make one emoji together;
- the variation selectors U+FE0E and U+FE0F, one after a symbol, a keycap's digit or a pictograph.
"""

from __future__ import annotations

import re
from unicodedata import name

__all__ = ["find_hidden", "name_of", "without_hidden"]

_NEVER = (
    # Controls but for tab, line feed and carriage return; surrogates; separators; noncharacters of the first plane.
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufdd0-\ufdef\ufffe\uffff"
    # Default-ignorable, without the joiners and the two selectors of emoji.
    r"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    # Formats without a shape that are not default-ignorable: annotations, joints of hieroglyphs. And a blank cell.
    r"\ufff9-\ufffb\U00013430-\U0001343f\u2800"
)
_JOINED_SCRIPTS = r"\u0590-\u109f\u1700-\u1cff\ua800-\uabff\U00011000-\U00011fff"
_PICTOGRAPHS = r"\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_TAKES_A_SELECTOR = rf"#*0-9\xa9\xae\u203c\u2049\u2122\u2139{_PICTOGRAPHS}"

_HIDDEN = re.compile(
    rf"[{_NEVER}]"
    rf"|(?<![{_TAKES_A_SELECTOR}])[\ufe0e\ufe0f]"
    rf"|(?<![{_JOINED_SCRIPTS}])\u200c"
    rf"|(?<![{_JOINED_SCRIPTS}])(?<![{_PICTOGRAPHS}])(?<![{_PICTOGRAPHS}]\ufe0f)\u200d"
    rf"|(?<=[{_PICTOGRAPHS}\ufe0f])\u200d(?![{_PICTOGRAPHS}])"
)

_SUSPECT = re.compile(rf"[{_NEVER}\u200c\u200d\ufe0e\ufe0f]")
"""What begins a match of the other pattern: a set alone is found ten times as fast, and hardly a text has any of it."""

_CONTROLS = {"\t": "a tab", "\n": "a line end", "\r": "a line end", "\x1b": "an escape character"}


def find_hidden(text: str) -> int | None:
    """Where the first character stands that nobody sees; None when there is none. Tabs and line ends count as seen."""
    suspect = _SUSPECT.search(text)
    match = _HIDDEN.search(text, suspect.start()) if suspect else None
    return match.start() if match else None


def without_hidden(text: str) -> str:
    """The text without the characters that nobody sees."""
    return _HIDDEN.sub("", text)


def name_of(char: str) -> str:
    """A character for a message, in ASCII: an invisible character (U+200B, zero width space)."""
    if char in _CONTROLS:
        return _CONTROLS[char]
    known = name(char, "").lower()
    return f"an invisible character (U+{ord(char):04X}{', ' + known if known else ''})"
