"""Mitigations as notes list them, their notices, and the settings that feeds allow."""

from __future__ import annotations

import hashlib
import json
from typing import Any

REASON = "Nodes with more than 2 TB lose their index after a restart."
AT, UNTIL = "2027-03-01T12:00:00Z", "2027-03-20T12:00:00Z"

SETTINGS: list[dict[str, Any]] = [
    {"id": "auto-sync", "name": "storage.auto_sync", "how": "In config.toml.", "values": ["on", "off"]},
    {"id": "max-peers", "name": "network.max_peers", "how": "On the page Network.", "lowest": 8, "highest": 512},
]
"""As feeds write them."""


def notice(**changes: Any) -> dict[str, Any]:
    """The notice of a mitigation of 4.1.0 and 4.1.1; `changes` with None leave a field out."""
    fields: dict[str, Any] = {
        "format": "tidegate-notice/1",
        "kind": "mitigation",
        "product": "btfs-node",
        "from": "4.1.0",
        "before": "4.1.2",
        "setting": "auto-sync",
        "value": "off",
        "because": REASON,
        "at": AT,
        "until": UNTIL,
        "fixed_in": "4.1.2",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def written(fields: dict[str, Any]) -> bytes:
    """The bytes of a notice."""
    return json.dumps(fields).encode()


def listed(fields: dict[str, Any], data: bytes | None = None) -> dict[str, Any]:
    """What the role notes lists of a notice, by its own bytes or by others."""
    named: dict[str, Any] = {name: fields[name] for name in ("from", "before", "platforms", "until") if name in fields}
    return {"id": hashlib.sha256(data or written(fields)).hexdigest(), **named}


def notes_field(*mitigations: dict[str, Any], product: str = "btfs-node") -> dict[str, Any]:
    """The signed field of the role notes that lists these."""
    return {"x-tidegate-notes": {product: {"mitigations": list(mitigations)}}}
