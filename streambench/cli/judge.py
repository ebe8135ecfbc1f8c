"""`streambench judge`: every load of a bundle judged once more, from its own files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from streambench.cli.console import out
from streambench.cli.logs import named_or_newest
from streambench.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from streambench.report.fitting import FittingTable
    from streambench.results.judged_again import JudgedAgain


def judge(
    bundle: Annotated[
        Path | None, typer.Argument(help="A run bundle; the newest in ./results otherwise.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Judge every load of a run bundle again, and say what differs from the stored verdict.

    Exit code 1: a verdict differs, or rows without a stored one are wrong.
    """
    from streambench.results.bundle import read_bundle
    from streambench.results.judged_again import judge_again

    chosen = named_or_newest(bundle)
    loads = tuple(judge_again(read_bundle(chosen)))
    if not loads:
        raise UsageError(
            f"{chosen} holds no load that was played",
            hint=f"streambench report {chosen}",
        )
    if as_json:
        out.print_json(json.dumps([_as_data(load) for load in loads]))
    else:
        out.print(_table(loads))
        out.print(_summary(loads), highlight=False)
    if all(load.found is None for load in loads):
        raise UsageError(
            f"no load of {chosen} could be judged again: {loads[0].lacks}",
            hint="a new run keeps what it needs: streambench run --quick",
        )
    if any(load.differences or load.wrong for load in loads):
        raise typer.Exit(ExitCode.FAILED)


def _table(loads: Sequence[JudgedAgain]) -> FittingTable:
    """A line for each load; what differs stands below it, in full."""
    from streambench.report.fitting import FittingTable

    shown = FittingTable(gap=2, plain=True)
    shown.add_column("load", overflow="fold")
    shown.add_column("what", no_wrap=True)
    shown.add_column("rows", justify="right", no_wrap=True)
    shown.add_column("judged again", no_wrap=True)
    for load in loads:
        shown.add_row(
            Text(load.folder),
            Text(load.record.kind.value),
            "–" if load.found is None else f"{load.found.expected_rows:,}",
            _word(load),
        )
    return shown


def _word(load: JudgedAgain) -> Text:
    if load.found is None:
        return Text("not known")
    if load.differences:
        return Text("✗ differs", style="bold red")
    verdict = "right" if load.found.right else "not right"
    if load.stored is None:
        return Text(f"{verdict} (none stored)")
    return Text(f"✓ {verdict}", style="green")


def _summary(loads: Sequence[JudgedAgain]) -> str:
    """How many are as stored; then each that is not, and each of which nobody knows."""
    same = sum(load.stored is not None and load.same for load in loads)
    words = [f"{same} of {len(loads)} as stored"]
    for load in loads:
        if load.differences:
            words.append(f"{load.folder} differs: {'; '.join(load.differences)}")
        elif load.lacks is not None:
            words.append(f"{load.folder} is not known: {load.lacks}")
    return "\n".join(words)


def _as_data(load: JudgedAgain) -> dict[str, Any]:
    return {
        "load": load.folder,
        "kind": load.record.kind.value,
        "variant": load.record.variant.label,
        "expected_rows": None if load.found is None else load.found.expected_rows,
        "right_rows": None if load.found is None else load.found.right_rows,
        "right": None if load.found is None else load.found.right,
        "stored_right": None if load.stored is None else load.stored.right,
        "differences": list(load.differences),
        "not_known": load.lacks,
    }
