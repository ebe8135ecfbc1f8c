"""The scripted engine while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.engines.common.workers import Workers
from streambench.engines.protocol import Health, Readings, State, Target
from streambench.model.errors import EngineFailed
from streambench.model.plan import Plan, Role

DAMAGE_WORDS = {
    "lose": "rows lost by script",
    "double": "rows doubled by script",
    "raise": "rows raised by script",
    "lower": "rows lowered by script",
    "move": "rows moved by script",
    "invent": "rows invented by script",
}


@dataclass(frozen=True)
class ReferenceJob:
    """One process under the supervisor."""

    workers: Workers

    def healthy(self) -> Health:
        """RUNNING from its first reading on, FAILED once it is gone."""
        if not self.workers.alive():
            return Health(State.FAILED, "its process has ended")
        (newest,) = self.workers.newest()
        if newest is None:
            return Health(State.STARTING)
        return Health(State.RUNNING, f"{newest['rows']} rows written")

    def targets(self, role: Role) -> tuple[Target, ...]:
        """Its process, a worker."""
        return self.workers.targets(role)

    def readings(self) -> Readings:
        """What it did by the script."""
        (newest,) = self.workers.newest()
        if newest is None:
            return Readings()
        names = {
            "records read": "records",
            "rows written": "rows",
        }
        damaged = {DAMAGE_WORDS[kind]: str(count) for kind, count in newest["damaged"].items()}
        return Readings(
            words={word: str(newest[name]) for word, name in names.items()} | damaged,
            late_counter=int(newest["late_records"]),
            late_unit="records",
            restarts=self.workers.restarts,
        )

    def resume(self) -> None:
        """Nothing: there is no coordinator to resume from."""

    def rescale(self, plan: Plan) -> None:
        """Refused: it is one process, whatever is asked for."""
        raise EngineFailed("the reference engine is one process", stage="rescale")

    def stop(self) -> None:
        """End its process."""
        self.workers.stop()
