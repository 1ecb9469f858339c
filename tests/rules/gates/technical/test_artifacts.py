"""The files are those that the build recorded, one for each platform."""

from __future__ import annotations

from typing import Any

import pytest

from publisher.model.published_file import PublishedFile
from publisher.model.records.evidence import Evidence
from publisher.rules.engine.question import Question
from publisher.rules.gates.technical.artifacts import GATE
from tests.support import build
from tests.support.build import at

FILE = "btfs-4.2.0-linux-amd64.tar.gz"
SPEC = {"file": "btfs-*.tar.gz", "platform": "linux-amd64"}
GOOD, OTHER = "a" * 64, "b" * 64


def fact(digest: str) -> Evidence:
    """One file was found with this digest."""
    return Evidence(artifacts=(PublishedFile(file=FILE, platform="linux-amd64", size=1, sha256=digest),))


@pytest.mark.parametrize(
    ("fields", "evidence", "outcome", "reason"),
    [
        ({}, Evidence(), "not-applicable", "Files are checked when the release is published"),
        ({"artifacts": []}, Evidence(), "blocked", "names no files"),
        ({}, fact(GOOD), "pass", "It has files for linux-amd64, as declared."),
        ({"artifacts": [SPEC | {"sha256": GOOD}]}, fact(GOOD), "pass", "as declared"),
        ({"artifacts": [SPEC | {"sha256": GOOD}]}, fact(OTHER), "blocked", "differ"),
    ],
)
def test_every_platform_has_the_file_that_was_recorded(
    fields: dict[str, Any], evidence: Evidence, outcome: str, reason: str
) -> None:
    shipped = build.release("4.1.0", shipped_at="2026-01-01T00:00:00Z")
    release = build.release(**({"version": "4.2.0"} | fields))
    verdict = GATE.verdict(Question(build.catalog([], [shipped]), release, "stable", evidence, at("2026-02-01")))
    assert verdict.outcome == outcome
    assert reason in verdict.reason
