"""A running group of Python consumers, as its own members describe it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from streambench.engines.common.noticed import expired_members, noticed
from streambench.engines.common.workers import WorkerGroup
from streambench.engines.protocol import Health, Readings, State, Target
from streambench.model.plan import Plan, Role


@dataclass(frozen=True)
class ConsumerJob:
    """Its members; `partitions` is how many they share, those of the topic to which records are moved included.

    `group` is their consumer group, of whose members the broker speaks in `broker_log`.
    """

    workers: WorkerGroup
    partitions: int
    broker_log: Path
    group: str

    def healthy(self) -> Health:
        """RUNNING when every member lives and all partitions are placed."""
        newest = self.workers.newest()
        away = sum(line is None for line in newest)
        placed = sum(
            len(line["partitions"]) + len(line["moving"]) for line in newest if line is not None
        )
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
            "records moved": "moved",
            "rows written": "rows",
            "commits": "commits",
            "failed writes": "failed_writes",
            "records left out as unreadable": "unreadable",
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
            rebalances=sum(int(line["rebalances"]) for line in totals) if totals else None,
            failures_noticed_ms=noticed([self.broker_log], expired_members(self.group)),
        )

    def left_out(self) -> int | None:
        """Late records, and those that could not be read."""
        totals = self.workers.totals()
        if not totals:
            return None
        return sum(int(line["late_records"]) + int(line["unreadable"]) for line in totals)

    def resume(self) -> None:
        """Nothing: there is no coordinator to resume from."""

    def rescale(self, plan: Plan) -> None:
        """Start one member more: the group shares its partitions anew, and nothing else is restarted."""
        self.workers.grow(plan)

    def stop(self) -> None:
        """End all members."""
        self.workers.stop()
