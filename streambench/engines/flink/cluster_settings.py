"""Settings of a Flink session cluster that decide delays and recovery, as its REST interface tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

DECIDING: Final = (
    "execution.checkpointing.interval",
    "execution.checkpointing.mode",
    "execution.checkpointing.timeout",
    "execution.checkpointing.min-pause",
    "execution.checkpointing.max-concurrent-checkpoints",
    "execution.checkpointing.tolerable-failed-checkpoints",
    "execution.checkpointing.unaligned.enabled",
    "execution.checkpointing.incremental",
    "execution.buffer-timeout.interval",
    "state.backend.type",
    "restart-strategy.type",
    "restart-strategy.fixed-delay.attempts",
    "restart-strategy.fixed-delay.delay",
    "restart-strategy.exponential-delay.initial-backoff",
    "restart-strategy.exponential-delay.max-backoff",
    "restart-strategy.exponential-delay.backoff-multiplier",
    "heartbeat.interval",
    "heartbeat.timeout",
    "heartbeat.rpc-failure-threshold",
    "jobmanager.scheduler",
    "jobmanager.execution.failover-strategy",
    "jobmanager.memory.process.size",
    "taskmanager.memory.process.size",
    "taskmanager.memory.flink.size",
    "taskmanager.memory.task.heap.size",
    "taskmanager.memory.managed.size",
    "taskmanager.numberOfTaskSlots",
    "high-availability.type",
)
"""Names of its options; the JobManager tells those that were set there."""
HEAP: Final = "heap of a TaskManager (MiB)"
SLOTS: Final = "slots of a TaskManager"
CORES: Final = "cores of a TaskManager"
_APART: Final = " | "


def settings_told(configuration: Any, task_managers: Any) -> dict[str, str | None]:
    """Each of `DECIDING` from `/jobmanager/config`, and each TaskManager's room from `/taskmanagers`.

    None: the cluster does not tell, or nobody set it there. Either answer may be None, or make no sense.
    """
    found = {str(each["key"]): str(each["value"]) for each in _entries(configuration, "key")}
    room = _entries(_of(task_managers, "taskmanagers"), "hardware")
    return {
        **{name: found.get(name) for name in DECIDING},
        HEAP: _joined(_mebibytes(_of(each["hardware"], "freeMemory")) for each in room),
        SLOTS: _joined(_of(each, "slotsNumber") for each in room),
        CORES: _joined(_of(each["hardware"], "cpuCores") for each in room),
    }


def _entries(answer: Any, key: str) -> Sequence[Mapping[str, Any]]:
    """The objects of a list that have `key`."""
    if not isinstance(answer, list):
        return ()
    return [each for each in answer if isinstance(each, dict) and key in each]


def _of(answer: Any, key: str) -> Any:
    return answer.get(key) if isinstance(answer, dict) else None


def _mebibytes(value: Any) -> int | None:
    return round(value / 2**20) if isinstance(value, int) else None


def _joined(values: Iterable[Any]) -> str | None:
    """Each value once; None where one is not known, or there is none."""
    told = list(values)
    if not told or None in told:
        return None
    return _APART.join(dict.fromkeys(map(str, told)))
