"""What one person may say to everybody in a hurry: a short reason, and nothing that somebody could follow or run.

A thief of one key can put words before every user. So these words hold no address to go to, no command to run and no
account to pay: what to do is said by the client, in its own sentences, from a short list of actions.
"""

from __future__ import annotations

import re
from unicodedata import normalize

from publisher.wire.errors import FeedError
from publisher.wire.json_object import At, version_at
from publisher.wire.plain_text import find_hidden, name_of
from publisher.wire.version import Version

__all__ = ["LONGEST", "quotable_version_at", "why_not_quotable", "why_not_quotable_version"]

LONGEST = 280
"""Characters."""

_LINKS = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://\S*"  # any scheme
    r"|\b(?:https?|ftp|mailto|tel|magnet|ipfs):\S+"
    r"|\S*@\S+"  # a mailbox, or a name in a network of people
    r"|(?:[\w-]+\.)+[^\W\d_]{2,}(?![^\W_])"  # a host, or a file: config.yaml is no word either
    r"|\S*%[0-9A-F]{2}\S*"  # percent-encoded
    r"|\w+ ?[(\[] ?(?:\.|dot) ?[)\]] ?\w+"  # a host that was taken apart
    r"|\w+ \. \w+"
    r"|(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)"
    r"|\[?[0-9A-F]{0,4}(?::[0-9A-F]{0,4}){3,}\]?"
    r"|\+ ?\d[\d ()/-]{6,}\d",  # a telephone
    re.IGNORECASE,
)
_COMMANDS = re.compile(
    r"[`$|<>\\{}]|&&"
    r"|(?:^|\s)--?[A-Za-z]\S*"
    r"|(?:^|\s)(?:~|\.{1,2})?/\S+"
    r"|\b(?:sudo|curl|wget|chmod|bash|powershell|npm|npx|iex|iwr|git clone|rm -)\b"
    r"|\b(?:apt(?:-get)?|brew|cargo|choco|dnf|gem|pip3?|pipx|snap|winget|yum) install\b"
    r"|\b(?:docker|podman) (?:run|pull|exec|compose)\b",
    re.IGNORECASE,
)
_ACCOUNTS = re.compile(r"[0-9A-Za-z]{25,}|\b[A-Z]{2}\d{2}(?: [0-9A-Z]{4}){3,}")

_FULL_STOP = re.compile(r"(?<=[0-9A-Za-z-])\u3002(?=[A-Za-z])")
"""In an address browsers take it for a dot (UTS #46, section 2.3); between words of Chinese or Japanese it is none."""


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
    # Full-width letters, other dots and letters that are put together are what they look like, also to browsers.
    read = _FULL_STOP.sub(".", normalize("NFKC", text))
    for pattern, what in ((_LINKS, "an address"), (_COMMANDS, "a command"), (_ACCOUNTS, "an account or a key")):
        if (match := pattern.search(read)) is not None:
            return f"must hold no address, command or account, and {match.group().strip()[:40]!a} looks like {what}"
    return None


def why_not_quotable_version(version: Version) -> str | None:
    """The same of a version that one person names: what stands behind its hyphen may be words of any kind."""
    return why_not_quotable(".".join(version.prerelease)) if version.prerelease else None


def quotable_version_at(at: At) -> Version:
    """A version that one person names. Raises FeedError."""
    version = version_at(at)
    if (reason := why_not_quotable_version(version)) is not None:
        raise FeedError(f"{at[1]} {reason}")
    return version
