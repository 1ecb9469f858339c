"""make bench: runs every benchmark and writes build/bench.json."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from tests.bench import backtest, brakes, commands, rules, s3, wire

OUTPUT = Path("build/bench.json")


def main() -> None:
    """Run all, print a line each, write the report."""
    report: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory(prefix="tidegate-bench-") as scratch:
        for suite in (commands, rules, wire, brakes, backtest, s3):
            for name, result in suite.run(Path(scratch)):
                report[name] = result.as_dict()
                sys.stdout.write(f"{result.line(name)}\n")
                sys.stdout.flush()
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{OUTPUT}\n")


main()
