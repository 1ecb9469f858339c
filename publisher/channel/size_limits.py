"""How many bytes published things may have, whatever anybody signed: publishing refuses more, audits read no more."""

from __future__ import annotations

FILE_LIMIT = 8 * 1024**3
"""A binary."""

COMPANION_LIMIT = 64 * 1024**2
"""A bill of materials, or another file beside a binary."""

PAGE_LIMIT = 256 * 1024**2
"""A file of the site."""
