"""A running Kafka Streams application, as its own instances describe it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streambench.engines.common.jvm import gc_pauses
from streambench.engines.common.noticed import expired_members, noticed
from streambench.engines.common.workers import Reading, WorkerGroup
from streambench.engines.kafka_streams.group import GROUP
from streambench.engines.protocol import Health, Readings, State, Target
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Plan, Role


@dataclass(frozen=True)
class StreamsJob:
    """Its instances; `tasks` is how many they share; None: only the author of the topology knows.

    `group` is their group, of whose members the broker at `kafka` speaks in `broker_log`. Where it
    leads the group, it also has the group's settings. `gc_logs`: None where they are on other hosts.
    """

    workers: WorkerGroup
    gc_logs: Path | None
    tasks: int | None
    broker_log: Path
    group: str
    kafka: KafkaAccess
    led_by_broker: bool = False

    def healthy(self) -> Health:
        """RUNNING when every instance says so and all tasks are assigned."""
        newest = self.workers.newest()
        states = ["away" if line is None else str(line["state"]) for line in newest]
        tasks = sum(int(line.get("tasks", 0)) for line in newest if line is not None)
        wanted = max(1, tasks) if self.tasks is None else self.tasks
        detail = f"{', '.join(states)}; {tasks} of {wanted} tasks"
        if all(state == "RUNNING" for state in states) and tasks == wanted:
            return Health(State.RUNNING, detail)
        if not self.workers.restarts and any(state in _STARTING for state in states):
            return Health(State.STARTING, detail)
        return Health(State.DEGRADED, detail)

    def targets(self, role: Role) -> tuple[Target, ...]:
        """The live instances; Kafka Streams has workers only."""
        return self.workers.targets(role)

    def readings(self) -> Readings:
        """Its own metrics, summed over instances; restarted ones count with what they had."""
        totals = self.workers.totals()
        newest = [line for line in self.workers.newest() if line is not None]
        words = {
            "state by instance": ", ".join(str(line["state"]) for line in newest),
            "tasks by instance": ", ".join(str(line.get("tasks")) for line in newest),
            "records processed": _in_words(_sum(totals, "process_total")),
            "rebalances": _in_words(_sum(totals, "rebalance_total")),
            "mean commit latency by instance (ms)": ", ".join(
                f"{line['commit_latency_avg']:.1f}"
                for line in newest
                if "commit_latency_avg" in line
            ),
            "records lag": _in_words(_sum(newest, "records_lag_max")),
        }
        late = _sum(totals, "dropped_records_total")
        rebalances = _sum(totals, "rebalance_total")
        return Readings(
            words={name: word for name, word in words.items() if word},
            effective={**self.workers.effective(), **self._of_the_group()},
            late_counter=None if late is None else int(late),
            late_unit="record × window",
            restarts=self.workers.restarts,
            rebalances=None if rebalances is None else int(rebalances),
            failures_noticed_ms=noticed([self.broker_log], expired_members(self.group)),
            gc_pauses=None if self.gc_logs is None else gc_pauses(self.gc_logs),
        )

    def left_out(self) -> int | None:
        """Its metric of dropped records: late ones, those without a key, those that could not be read."""
        dropped = _sum(self.workers.totals(), "dropped_records_total")
        return None if dropped is None else int(dropped)

    def _of_the_group(self) -> dict[tuple[str, str], str]:
        """The broker's word on the group's settings, where it leads it."""
        if not self.led_by_broker:
            return {}
        from streambench.kafka.groups import group_settings  # slow, and seldom needed

        told = group_settings(self.kafka, self.group)
        return {(GROUP, name): value for name, value in told.items()}

    def resume(self) -> None:
        """Nothing: there is no coordinator to resume from."""

    def rescale(self, plan: Plan) -> None:
        """Start one instance more: the group shares its partitions anew, and nothing else is restarted."""
        self.workers.grow(plan)

    def stop(self) -> None:
        """End all instances."""
        self.workers.stop()


_STARTING = frozenset({"away", "CREATED", "REBALANCING"})


def _sum(lines: Sequence[Reading], name: str) -> float | None:
    """The sum over the lines that have this number; None when none has."""
    values = [float(line[name]) for line in lines if name in line]
    return sum(values) if values else None


def _in_words(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
