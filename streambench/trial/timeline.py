"""What took how long in a trial: every phase that its observer was told of."""

from __future__ import annotations

import time
from collections.abc import Callable

from streambench.model.phases import PhaseTime
from streambench.trial.observer import Observer, Phase, Status


class Timeline:
    """An observer that notes when each phase begins, and passes everything on."""

    def __init__(self, shown: Observer, clock: Callable[[], float] = time.monotonic) -> None:
        self._shown = shown
        self._clock = clock
        self._begun_s = clock()
        self._begins: list[tuple[Phase, str | None, float]] = []

    def status(self, status: Status) -> None:
        """Note a new phase, or the same one for another reason."""
        now = (status.phase, status.note)
        if not self._begins or self._begins[-1][:2] != now:
            self._begins.append((*now, self._clock() - self._begun_s))
        self._shown.status(status)

    def phases(self) -> tuple[PhaseTime, ...]:
        """All of them until now, one after another."""
        if not self._begins:
            return ()
        ends_s = [*(begun_s for _, _, begun_s in self._begins[1:]), self._clock() - self._begun_s]
        return tuple(
            PhaseTime(phase.value, note, round(begun_s, 3), round(end_s - begun_s, 3))
            for (phase, note, begun_s), end_s in zip(self._begins, ends_s, strict=True)
        )
