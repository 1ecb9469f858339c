"""Measuring side by side: ours and theirs alternate in one run, and the medians are compared."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """One line of build/bench.json."""

    ours: float
    """Seconds, unless the note says otherwise."""
    theirs: float | None
    """None where the other could not be run here: then nothing was compared."""
    ratio: float | None
    """ours / theirs."""
    target: str
    met: bool | None
    """None where there is no target, or nothing to hold it against."""
    note: str

    def as_dict(self) -> dict[str, object]:
        """As it is written."""
        return asdict(self)

    def line(self, name: str) -> str:
        """For people."""
        verdict = {True: "met", False: "MISSED", None: "-"}[self.met]
        against = "not compared" if self.theirs is None else f"against {self.theirs:9.4f}  x{self.ratio:<8}"
        return f"{name:42} {self.ours:9.4f} {against:28} {verdict:7} ({self.target})"


def seconds(run: Callable[[], object]) -> float:
    """How long one run takes, by the wall."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def side_by_side(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = 7) -> tuple[float, float]:
    """Medians of alternating runs, after one run each that warms caches."""
    ours()
    theirs()
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def command(*words: str | Path, cwd: Path) -> Callable[[], None]:
    """Something that runs a program and insists that it succeeds."""
    arguments: Sequence[str] = [str(word) for word in words]

    def run() -> None:
        subprocess.run(arguments, cwd=cwd, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    return run


def compared(
    ours: Callable[[], object], theirs: Callable[[], object], *, limit: float, target: str, note: str, rounds: int = 7
) -> Result:
    """Ours against theirs; met when our median stays within `limit` seconds."""
    mine, other = side_by_side(ours, theirs, rounds)
    return Result(round(mine, 4), round(other, 4), round(mine / other, 3), target, mine <= limit, note)
