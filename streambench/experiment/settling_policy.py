"""How long a warm-up at the rate may be, and by which windows it is seen that the delay no longer falls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from streambench.model.windows import Window


@dataclass(frozen=True)
class SettlingPolicy:
    """`head_s` of the time asked for is the unmeasured head of the measured load.

    Of each load the last `windows` are compared with as many before them. All loads together take at
    most `longest` times what was asked for.
    """

    head_s: float = 4.0
    windows: int = 10
    longest: float = 3.0

    def load_s(self, asked_s: float) -> float:
        """How long each load is that is played before the measured one."""
        return asked_s - self.head_s

    def loads_at_most(self, asked_s: float) -> int:
        """How often that load may be played."""
        return int((self.longest * asked_s - self.head_s) / self.load_s(asked_s))

    def can_test(self, asked_s: float, window: Window) -> bool:
        """Whether a load has windows enough to be tested; the one at its end is not complete."""
        return self.load_s(asked_s) * 1000 >= window.span_ms(2 * self.windows + 1)


SETTLING: Final = SettlingPolicy()
