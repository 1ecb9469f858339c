"""Every kind of evidence. A new one is its adapter, its test, and its line here."""

from __future__ import annotations

from collections.abc import Mapping

from publisher.evidence import audit, changes
from publisher.evidence.kind import EvidenceKind

KINDS: Mapping[str, EvidenceKind] = {kind.name: kind for kind in (changes.KIND, audit.KIND)}
"""By name."""
