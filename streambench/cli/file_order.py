"""What is said of the order in which a file lies, and with which command it is played otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streambench.experiment.own_data import OwnData
    from streambench.workload.file.asked import AskedOfFile
    from streambench.workload.file.order import FileOrder


def order_words(made: OwnData, asked: AskedOfFile) -> Iterator[tuple[str, str | None]]:
    """How the file lies, what becomes of its disorder, and the command for the other way: lines, each with one."""
    from streambench.workload.file.asked import quoted_word
    from streambench.workload.file.cells import shown
    from streambench.workload.file.tempo import long_words

    column = shown(made.proposal.event_time.name)
    if made.by_time:
        yield (
            f"{_lies(made.order) or 'The file does not lie in the order of its times.'} Played so, records"
            f" would come up to {long_words(made.behind_ms)} behind earlier ones.",
            None,
        )
        yield f"So they are played in the order of their times: arrival is {column}, too.", None
        yield "To play them as they lie in the file:", _again(asked, "--file-order")
        return
    yield _disorder_words(made), None
    if (lies := _lies(made.order)) is None:
        return
    if asked.file_order:
        yield lies, None
    else:
        yield (
            f"{lies} If records did not arrive so, play them in the order of their times:",
            _again(asked, f"--arrival {quoted_word(column)}"),
        )


def _lies(order: FileOrder) -> str | None:
    """How the file lies; None where it is in order, or in none."""
    from streambench.workload.file.cells import shown

    if order.newest_first:
        return "The file lies newest first."
    if order.grouping is None:
        return None
    column = shown(order.grouping.field.in_file.name)
    turns = order.grouping.turns
    often = "once" if turns == 1 else f"{turns:,} times"
    return f"The file is grouped by {column}: its times begin anew where {column} changes, {often}."


def _disorder_words(made: OwnData) -> str:
    from streambench.workload.file.tempo import long_words

    extent = made.extent
    if not extent.behind:
        return "Disorder: none, no record lies behind an earlier one."
    return (
        f"Disorder: {extent.behind:,} of {extent.rows:,} records lie behind an earlier one, half of all"
        f" by {long_words(extent.lag_ms(50))} at most, 99 % by {long_words(extent.lag_ms(99))}, all by"
        f" {long_words(extent.lag_ms(100))}."
    )


def _again(asked: AskedOfFile, option: str) -> str:
    """The same, made anew with another option."""
    from dataclasses import replace

    other = replace(asked, file_order=False)
    return f"rm -r workloads/{asked.name} && {other.command(option)}"
