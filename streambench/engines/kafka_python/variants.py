"""Other ways in which the Python consumer is run, each under a name."""

from __future__ import annotations

from streambench.model.conditions import NamedVariant

VARIANTS: tuple[NamedVariant, ...] = (
    NamedVariant(
        name="commit-each-window",
        title="commit with each window",
        note="A commit with every window that closes, and not only once in the common interval.",
        settings=(("worker.commit_each_window", "true"),),
    ),
    NamedVariant(
        name="range-assignor",
        title="range assignor",
        note="Partitions are shared out by the range assignor, which kafka-python ships: with each "
        "change of the group every worker gives up all of them, where the default keeps the most.",
        settings=(("worker.assignor", "range"),),
    ),
    NamedVariant(
        name="tolerant",
        title="tolerant of dirt",
        note="A record that is not what the workload declares is left out, with a warning, and counted. By "
        "default it ends the worker, which reads it again when it is started again.",
        settings=(("worker.unreadable", "skip"),),
    ),
)
