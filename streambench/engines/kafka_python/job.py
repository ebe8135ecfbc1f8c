"""A running group of Python consumers, as its own members describe it."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.engines.common.workers import Workers
from streambench.engines.protocol import Health, Readings, State, Target
from streambench.model.plan import Role


@dataclass(frozen=True)
class ConsumerJob:
    """Members under the supervisor; `partitions` is how many they share."""

    workers: Workers
    partitions: int

    def healthy(self) -> Health:
        """RUNNING when every member lives and all partitions are placed."""
        newest = self.workers.newest()
        away = sum(line is None for line in newest)
        placed = sum(len(line["partitions"]) for line in newest if line is not None)
        detail = f"{placed} of {self.partitions} partitions placed"
        if away:
            detail += f", {away} of {len(newest)} workers away"
        if not away and placed == self.partitions:
            return Health(State.RUNNING, detail)
        started = any(line is not None and line["records"] for line in newest)
        if not started and not self.workers.restarts:
            return Health(State.STARTING, detail)
        return Health(State.DEGRADED, detail)

    def targets(self, role: Role) -> tuple[Target, ...]:
        """The live members; there are workers only."""
        return self.workers.targets(role)

    def readings(self) -> Readings:
        """Its own counters, summed over members; restarted ones count with what they had."""
        totals = self.workers.totals()
        newest = [line for line in self.workers.newest() if line is not None]
        names = {
            "records read": "records",
            "rows written": "rows",
            "commits": "commits",
            "failed writes": "failed_writes",
            "rebalances": "rebalances",
        }
        words = {word: str(sum(int(line[name]) for line in totals)) for word, name in names.items()}
        words["partitions by worker"] = "; ".join(
            " ".join(map(str, line["partitions"])) for line in newest
        )
        return Readings(
            words=words,
            effective=self.workers.effective(),
            late_counter=sum(int(line["late_records"]) for line in totals) if totals else None,
            late_unit="records",
            restarts=self.workers.restarts,
        )

    def stop(self) -> None:
        """End all members."""
        self.workers.stop()
