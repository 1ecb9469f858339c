"""A small whole of each kind of content and of what is published, as it stands in the schemas and in advice."""

from __future__ import annotations

from typing import Any

from publisher.rules.gates.environment import hard_freeze

_DIGEST = "c0de" * 16
_NOTES = {
    "action": "recommended",
    "restart": "service",
    "symptoms": [],
    "first_24h": ["Update from within the node or from the download page."],
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "release": {
        "product": "btfs-node",
        "version": "4.2.0",
        "channels": ["stable"],
        "change_class": "patch",
        "sentence": "Nodes find their peers again after the computer wakes from sleep.",
        "planned_for": "2026-03-02T09:00:00Z",
        "notes": _NOTES,
        "artifacts": [{"file": "btfs-{version}-linux-amd64.tar.gz", "platform": "linux-amd64"}],
    },
    "event": {
        "id": "example-listing",
        "title": "A trading pair opens on Example Exchange",
        "type": "exchange-listing",
        "ecosystem": "btt",
        "starts": "2026-03-10T10:00:00Z",
        "ends": "2026-03-10T22:00:00Z",
        "announced": "2026-02-17T09:00:00Z",
        "severity": {"score": 3, "because": "No code of ours changes, but logins rise sharply."},
        "lead_time": {"score": 3, "because": "Announced three weeks ahead."},
        "impact": {"client_load": 2, "node_churn": 1, "support_traffic": 3, "compatibility_risk": 0},
        "summary": "A new trading pair opens. Expect *many* new users.",
    },
    "deprecation": {
        "id": "old-remote-commands",
        "product": "btfs-node",
        "subject": "Version 1 of remote commands",
        "area": "rpc",
        "announced": "2026-03-02T09:00:00Z",
        "marked_in": "4.2.0",
        "earliest_removal": "2027-03-02T00:00:00Z",
        "migration": "Ask for version 2.",
    },
    "policy": {
        "version": 1,
        "effective": "2026-01-01T00:00:00Z",
        "profile": "solo",
        "summary": "Releases keep clear of ecosystem events.",
        "freeze": {
            "soft_allows": ["docs", "patch", "security"],
            "base": [
                {
                    "events": ["exchange-listing"],
                    "band": {"hard_before": "7 d", "soft_after": "72 h"},
                    "because": "exchange listing",
                }
            ],
        },
    },
    "sample": {"reference_time": "2026-03-01T12:00:00Z", "notice": "This is sample content."},
    "products": {
        "products": [
            {
                "id": "btfs-node",
                "name": "BTFS node",
                "summary": "Storage node that runs day and night.",
                "client_type": "daemon",
                "plane": "data",
                "platforms": ["linux-amd64"],
                "channels": ["stable"],
                "blast_radius": 5,
                "event_sensitivity": 5,
            }
        ]
    },
    "channels": {"channels": [{"id": "stable", "name": "Stable", "summary": "For everybody."}]},
    "endpoints": {"site": "https://updates.example.org", "downloads": ["https://dl.example.org"]},
    "roles": {
        "roles": {
            "root": {"threshold": 3, "expires": "365 d"},
            "targets": {"threshold": 2, "expires": "365 d"},
            "channels": {"threshold": 2, "expires": "365 d", "duties": ["engineering", "operations"]},
            "snapshot": {"threshold": 1, "expires": "7 d"},
            "timestamp": {"threshold": 1, "expires": "48 h"},
        }
    },
    "signers": {"signers": []},
    "calendar": {"quarter": "2026-Q1", "reviewed_at": "2026-03-02T09:00:00Z", "reviewed_by": "Ana"},
    "sprint": {
        "id": "end-of-quarter",
        "title": "End of the quarter",
        "starts": "2026-03-28T00:00:00Z",
        "ends": "2026-04-02T00:00:00Z",
        "because": "end of quarter",
    },
    "scenario": {
        "id": "upgrade-and-rush",
        "title": "Nodes start again while everybody logs in",
        "event_types": ["mainnet-upgrade"],
        "failures": ["client-restarts", "login"],
        "capacity": "Twice the usual number of log-in servers.",
        "expected": "Logins are slow for a quarter of an hour, and none fails.",
        "result": "held",
        "ran_at": "2026-02-01T09:00:00Z",
    },
    "signal": {
        "id": "logins-before-listing",
        "event": "example-listing",
        "metric": "Logins an hour against the usual week",
        "value": 1.8,
        "threshold": 1.5,
        "sampled_at": "2026-03-01T09:00:00Z",
        "proposes": {"score": 4, "because": "Logins have nearly doubled a week ahead."},
        "accepted": {"by": "Ana", "at": "2026-03-01T12:00:00Z"},
    },
    "monitor": {
        "id": "failed-syncs",
        "measures": "errors",
        "metric": "Failed syncs in a thousand",
        "products": ["btfs-node"],
        "baseline": 4,
        "at_most": 12,
        "every": "12 h",
        "readings": [{"at": "2026-03-11T09:00:00Z", "value": 9}, {"at": "2026-03-11T21:00:00Z", "value": 5}],
    },
    "override": {
        "id": "node-4-2-1-in-listing",
        "product": "btfs-node",
        "version": "4.2.1",
        "channel": "stable",
        "rules": [hard_freeze.GATE.id],
        "artifacts": [_DIGEST],
        "reason": "Nodes of 4.2.0 accept remote commands without a password.",
        "approvers": [
            {"person": "Ana", "duty": "engineering"},
            {"person": "Ben", "duty": "operations"},
            {"person": "Eva", "duty": "executive"},
        ],
        "rollback_review": {"by": "Ben", "at": "2026-03-08T09:00:00Z", "bundle": _DIGEST},
        "approved_at": "2026-03-08T10:00:00Z",
        "expires": "2026-03-09T10:00:00Z",
    },
    "maintenance": {
        "id": "index-cleaning",
        "title": "The file index is cleaned",
        "product": "btfs-node",
        "starts": "2026-03-01T00:00:00Z",
        "length": "90 min",
        "repeats": {"zone": "Europe/Lisbon", "day": "tue", "start": "09:00"},
        "impact": {"control": "degraded", "data": "none"},
    },
    "staffing": {
        "shifts": [
            {
                "duty": "on-call",
                "people": ["Ana", "Ben"],
                "zone": "Europe/Lisbon",
                "days": ["mon", "tue", "wed", "thu", "fri"],
                "start": "08:00",
                "end": "20:00",
            }
        ]
    },
    "history": {
        "events": {
            "fields": {"id": "id", "title": "name", "type": "kind", "starts": "day"},
            "types": [{"when": {"kind": "listing"}, "type": "exchange-listing"}],
        },
        "releases": {
            "fields": {"project": "project", "version": "version", "date": "day"},
            "products": [
                {"when": {"project": "go-btfs"}, "client_type": "daemon", "blast_radius": 5, "event_sensitivity": 5}
            ],
            "assume": {"change_class": "feature"},
        },
    },
    "feed-1": {
        "format": "tidegate-feed/1",
        "product": "btfs-node",
        "channel": "stable",
        "platform": "linux-amd64",
        "release": {
            "version": "4.2.0",
            "sentence": "Nodes find their peers again after the computer wakes from sleep.",
            "action": "recommended",
            "restart": "service",
            "artifact": {
                "file": "btfs-4.2.0-linux-amd64.tar.gz",
                "size": 1024,
                "sha256": _DIGEST,
                "target": f"artifacts/btfs-node/stable/4.2.0/{_DIGEST}.btfs-4.2.0-linux-amd64.tar.gz",
                "urls": ["https://dl.example.org/btfs-4.2.0-linux-amd64.tar.gz"],
            },
        },
    },
    "release-manifest-1": {
        "format": "tidegate-release/1",
        "product": "btfs-node",
        "version": "4.2.0",
        "artifacts": [
            {"file": "btfs-4.2.0-linux-amd64.tar.gz", "platform": "linux-amd64", "size": 1024, "sha256": _DIGEST}
        ],
    },
    "site-manifest-1": {
        "format": "tidegate-site/1",
        "version": 1,
        "complete": True,
        "pages": {"index.html": {"size": 1024, "sha256": _DIGEST}},
    },
    "answer-1": {
        "format": "tidegate-answer/1",
        "ok": False,
        "verdict": "expired",
        "exit_code": 4,
        "error": {
            "code": "expired",
            "what": "the channel's signatures have expired; nothing is offered until they are renewed",
            "fix": "keep what you run; if other machines see updates, check this machine's clock",
        },
        "checked_at": "2026-03-02T09:00:00Z",
        "valid_until": None,
        "product": None,
        "channel": None,
        "platform": None,
        "current": None,
        "outcome": None,
        "reason": None,
        "action": None,
        "secure": None,
        "release": None,
        "min_secure": None,
        "withdrawn": None,
        "deprecations": None,
        "signed_by": None,
        "download": None,
    },
}
"""A small whole of each kind; editors show it, a test validates it."""
