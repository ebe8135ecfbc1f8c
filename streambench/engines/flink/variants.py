"""Other ways in which Flink is run, each under a name."""

from __future__ import annotations

from streambench.model.conditions import NamedVariant

SPARE_TASK_MANAGERS = "streambench.spare-task-managers"
IGNORE_PARSE_ERRORS = "json.ignore-parse-errors"
_ADAPTIVE = "jobmanager.adaptive-scheduler"

VARIANTS: tuple[NamedVariant, ...] = (
    NamedVariant(
        name="rocksdb",
        title="state in RocksDB",
        note="State in RocksDB, on disk, where the default keeps it on the heap.",
        settings=(("state.backend.type", "rocksdb"),),
    ),
    NamedVariant(
        name="spare",
        title="spare worker",
        note="One TaskManager more than the job needs, idle until another one is lost.",
        settings=((SPARE_TASK_MANAGERS, "1"),),
    ),
    NamedVariant(
        name="adaptive",
        title="adaptive scheduler",
        note="The adaptive scheduler: a second after a slot is lost the job goes on in those that are "
        "left, and takes a new one into use as soon as it is there.",
        settings=(
            ("jobmanager.scheduler", "adaptive"),
            # Shipped: 10 s in which it waits for the lost slot, and 30 s before it uses a new one.
            (f"{_ADAPTIVE}.submission.resource-stabilization-timeout", "1 s"),
            (f"{_ADAPTIVE}.executing.cooldown-after-rescaling", "1 s"),
        ),
    ),
    NamedVariant(
        name="tolerant",
        title="tolerant of dirt",
        note="JSON that cannot be read is left out, and a value that does not fit its column is NULL. By "
        "default either fails the job.",
        settings=((IGNORE_PARSE_ERRORS, "true"),),
    ),
)
