"""What one person may say to everybody in a hurry: a short reason, and nothing that somebody could follow or run.

A thief of one key can put words before every user. So these words hold no address to go to, no command to run and no
account to pay: what to do is said by the client, in its own sentences, from a short list of actions.
"""

from __future__ import annotations

import re

from publisher.wire.plain_text import find_hidden, name_of

__all__ = ["LONGEST", "why_not_quotable"]

LONGEST = 280
"""Characters."""

_LINKS = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://\S*"  # any scheme
    r"|\S+@\S+"
    r"|\b(?:[\w-]+\.)+[^\W\d_]{2,}\b"  # a host, or a file: config.yaml is no word either
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    r"|\[?[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){3,}\]?"
)
_COMMANDS = re.compile(
    r"[`$|<>\\{}]|&&"
    r"|(?:^|\s)--?[A-Za-z]\S*"
    r"|(?:^|\s)(?:~|\.{1,2})?/\S+"
    r"|\b(?:sudo|curl|wget|chmod|bash|powershell|pip install|npm|apt install|rm -)\b",
    re.IGNORECASE,
)
_ACCOUNTS = re.compile(r"\b[0-9A-Za-z]{25,}\b")


def why_not_quotable(text: str) -> str | None:
    """What is wrong with a reason, as the end of a sentence that begins with its name; None for a good one."""
    if not text.strip():
        return "is empty"
    if len(text) > LONGEST:
        return f"has {len(text)} characters; at most {LONGEST} are shown"
    place = find_hidden(text)
    if place is None:
        place = next((place for place, char in enumerate(text) if char in "\t\r\n"), None)
    if place is not None:
        return f"must not hold {name_of(text[place])}"
    for pattern, what in ((_LINKS, "an address"), (_COMMANDS, "a command"), (_ACCOUNTS, "an account or a key")):
        if (match := pattern.search(text)) is not None:
            return f"must hold no address, command or account, and {match.group().strip()[:40]!a} looks like {what}"
    return None
