"""How often, and after which waits, a failed request to S3 is sent again: exponential backoff with jitter."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How long to try again. The waits double up to `longest`; none begins later than `total` after the first try."""

    attempts: int = 8
    first: float = 0.25
    longest: float = 10.0
    total: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random

    def tries(self) -> Iterator[bool]:
        """One item a try, after its wait: whether it is the last one."""
        start = self.monotonic()
        for number in range(1, self.attempts + 1):
            wait = min(self.longest, self.first * 2 ** (number - 1)) * (0.5 + self.jitter() / 2)
            last = number == self.attempts or self.monotonic() + wait - start > self.total
            yield last
            if last:
                return
            self.sleep(wait)
