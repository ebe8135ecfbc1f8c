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
)
