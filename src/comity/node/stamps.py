# SPDX-License-Identifier: Apache-2.0
"""Stamps: UTC milliseconds that never decrease, from a clock that is not believed when it jumps (law 6).

The clock is compared with one that nobody sets. If the two have drifted apart by more than `TOLERANCE` since the
start, or if the clock is behind the last stamp by more than that, nothing is written until they agree again or the
operator, having looked at the clock, restarts the node.
"""

import time
from collections.abc import Callable

TOLERANCE = 5_000
"""Milliseconds by which a clock may be corrected without being doubted."""


def utc() -> int:
    """The machine's clock in UTC milliseconds."""
    return time.time_ns() // 1_000_000


def steady() -> int:
    """Milliseconds on a clock that nobody sets; where the system has one, it counts through its sleep."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
    return time.monotonic_ns() // 1_000_000


class Clock:
    """Gives stamps, or says why it does not."""

    def __init__(self, clock: Callable[[], int] = utc, unset: Callable[[], int] = steady) -> None:
        self._clock = clock
        self._unset = unset
        self._offset = clock() - unset()

    def doubt(self, last: int) -> str:
        """Why the clock is not believed now, in a sentence; '' if it is. `last` is the last stamp."""
        now = self._clock()
        jump = now - self._unset() - self._offset
        if abs(jump) > TOLERANCE:
            way = "forward" if jump > 0 else "back"
            return (
                f"The machine's clock has jumped {way} by {abs(jump) / 1000:.1f} s since the node started; stamps "
                "are not given until it is set right or the operator, having checked it, restarts the node."
            )
        if now < last - TOLERANCE:
            return (
                f"The machine's clock is {(last - now) / 1000:.1f} s behind the last stamp of the record; stamps "
                "never decrease, so nothing is written until the clock is set right or has caught up."
            )
        return ""

    def stamp(self, last: int) -> int:
        """The stamp for what is written now: the clock's time, but never less than the last stamp."""
        return max(self._clock(), last)
