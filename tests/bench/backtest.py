"""How fast a policy is asked about a whole history."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.commands import BIN, ROOT
from tests.bench.measure import Result, command, compared
from tests.support.history import event, release, write

READING = "import json, sys\nfor name in sys.argv[1:]:\n    with open(name, 'rb') as file:\n        json.load(file)\n"


def run(scratch: Path) -> Iterator[tuple[str, Result]]:
    """650 releases of five projects against 150 events, over 15 years; and 20,000 releases against the same."""
    for releases, limit in ((650, 2.0), (20_000, 10.0)):
        directory = scratch / f"history-{releases}"
        directory.mkdir()
        files = write(directory, _events(150), _releases(releases))
        yield (
            f"backtest, {releases:,} releases, 150 events",
            compared(
                command(BIN / "publish", "backtest", *files, "--json", cwd=ROOT),
                command(sys.executable, "-c", READING, files[1], files[3], cwd=ROOT),
                limit=limit,
                target=f"under {limit:g} s",
                note="whole commands, start included; theirs: python reading the same two files, and nothing else",
                rounds=5,
            ),
        )


def _events(count: int) -> list[dict[str, object]]:
    kinds = ("mainnet-upgrade", "conference", "listing", "testnet-upgrade", "token-migration", "announcement")
    return [
        event(_day(n, count), id=f"event-{n}", type=kinds[n % len(kinds)], severity=n % 5 + 1, announced="2009-01-01")
        for n in range(count)
    ]


def _releases(count: int) -> list[dict[str, object]]:
    kinds = ("node daemon", "desktop client", "library", "desktop+web client", "desktop client and daemon")
    return [
        release(
            _day(n, count),
            f"{n // 50}.{n % 50}.0",
            id=f"release-{n}",
            project=f"project-{n % 5}",
            product_class=kinds[n % 5],
            bump=("minor", "patch", "major")[n % 3],
            touches={"storage": n % 4 == 0, "rpc": n % 7 == 0, "dht": n % 11 == 0},
            security_fix=n % 10 == 0,
        )
        for n in range(count)
    ]


def _day(number: int, count: int) -> str:
    """A day of the years from 2010 to 2024, evenly spread."""
    month, day = divmod(number * 15 * 12 * 28 // count, 28)
    return f"{2010 + month // 12}-{month % 12 + 1:02}-{day + 1:02}"
