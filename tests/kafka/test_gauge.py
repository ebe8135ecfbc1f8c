"""The gauge tells the machine's own speed, whatever disturbs it for a while."""

from __future__ import annotations

import pytest

from streambench.kafka.gauge import least_s


class Machine:
    """A piece of work of 5 ms: half as long again while something else is on the core, twice when cold."""

    def __init__(self, busy: tuple[tuple[float, float], ...] = (), speed: float = 1.0) -> None:
        self.now_s = 0.0
        self.cpu_s = 0.0
        self._busy = busy
        self._speed = speed
        self._cold = True

    def work(self) -> None:
        slowed = any(begin_s <= self.now_s < end_s for begin_s, end_s in self._busy)
        took_s = 0.005 / self._speed * (1.5 if slowed else 1.0) * (2.0 if self._cold else 1.0)
        self._cold = False
        self.now_s += took_s
        self.cpu_s += took_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        self._cold = True

    def gauge_s(self) -> float:
        return least_s(self.work, clock=lambda: self.cpu_s, sleep=self.sleep)


@pytest.mark.parametrize(
    "busy",
    [(), ((0.0, 0.1),), ((0.0, 1.0), (1.3, 9.0)), ((0.0, 0.2), (0.6, 1.4), (1.8, 9.0))],
)
def test_what_disturbs_for_a_while_does_not_count(busy: tuple[tuple[float, float], ...]) -> None:
    assert Machine(busy).gauge_s() == pytest.approx(0.005)


def test_a_machine_that_is_slow_all_the_time_is_told() -> None:
    assert Machine(speed=0.5).gauge_s() == pytest.approx(0.010)
    assert Machine(busy=((0.0, 9.0),)).gauge_s() == pytest.approx(0.0075)
