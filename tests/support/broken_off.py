"""What a publication that was broken off may leave behind, and what it may not."""

from __future__ import annotations

from collections.abc import Iterable

from publisher.channel.findings import BROKEN_OFF, Finding, Level
from publisher.channel.layout import TARGETS


def refuting(findings: Iterable[Finding]) -> list[str]:
    """What refutes the channel, but for what a killed run leaves before anything signed leads to it."""
    return [
        f"{finding.where} {finding.what}"
        for finding in findings
        if finding.level is Level.ERROR and not _is_left_over(finding)
    ]


def _is_left_over(finding: Finding) -> bool:
    files = finding.where.startswith(TARGETS) or finding.where.endswith(("/SHA256SUMS.minisig", "/WITHDRAWN.txt"))
    return files and BROKEN_OFF in finding.what
