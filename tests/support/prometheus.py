"""Answers of Prometheus's HTTP API, as it writes them, for files in content/readings/."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Sample = tuple[float, str]


def series(*samples: Sample, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """One series of a range query."""
    return {"metric": dict(labels or {}), "values": [list(one) for one in samples]}


def answered(result: Sequence[Any], kind: str = "matrix", **more: Any) -> bytes:
    """A whole answer: series of a matrix or vector, or the pair of a scalar."""
    answer = {"status": "success", "data": {"resultType": kind, "result": result}} | more
    return json.dumps(answer, separators=(",", ":")).encode()


def ranged(*samples: Sample) -> bytes:
    """The answer to a range query that finds one series."""
    return answered([series(*samples)])
