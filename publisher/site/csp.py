"""The Content-Security-Policy of the built pages: everything from here, and no script but the theme's own.

The theme has a few inline scripts whose text differs with the depth of a page, so their hashes are taken from the
finished page (CSP level 3, section 6.7.3.3). That would also bless a script that came in with content; so a page
whose content holds one is refused before.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache

PLACEHOLDER = "TIDEGATE-CONTENT-SECURITY-POLICY"
"""Stands in the theme's meta element until the page is finished."""

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_ACTIVE = re.compile(
    r"<\s*(script|style|iframe|object|embed|link|meta|base|form)\b|\son[a-z]+\s*=|\sstyle\s*=", re.IGNORECASE
)


def active_content(content: str) -> str | None:
    """The first thing in a page's content that could run or load something, or None; escaped text never matches."""
    tags = "".join(re.findall(r"<[^>]*>", content))
    match = _ACTIVE.search(tags)
    return None if match is None else match[0].strip()


def policy(page: str) -> str:
    """The policy for a finished page."""
    hashes = " ".join(sorted({_hash(script) for script in _INLINE_SCRIPT.findall(page)}))
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'"
    )


@cache
def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
