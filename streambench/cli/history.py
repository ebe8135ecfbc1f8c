"""`streambench history`: how each figure went over many runs, and which changes are no noise."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.options import examples
from streambench.cli.parameters import folder
from streambench.model.errors import UsageError

EXAMPLES = examples(
    "streambench history results",
    "streambench history results --like results/2026-11-28T120000-clicks",
)


def history(
    below: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where the runs are, at any depth.")
    ] = Path("results"),
    like: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="Show the runs on the terms of this one."),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=folder,
            metavar="FOLDER",
            help="Where history.html goes.  [default: history]",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON, and write nothing.")
    ] = False,
) -> None:
    """Show runs of one workload in their order: each figure over time, and what changed for good.

    Runs on other terms (load, rate, guarantee, faults, kind) are not mixed in. Without --like it is the
    terms that most runs with figures have. Published examples are shown where nothing else is found.
    """
    from streambench.analysis.history.found import find_runs
    from streambench.analysis.history.history import history_of, like_command

    if as_json and into is not None:
        raise UsageError(
            "--json writes nothing, so --out would do nothing",
            hint=f"streambench history {shlex.quote(str(below))} --json",
        )
    found = history_of(find_runs(below), like)
    if as_json:
        from streambench.analysis.published.history import history_to_json

        typer.echo(history_to_json(found), nl=False)
        return
    from streambench.report.history.terminal import render_history
    from streambench.report.history.write import write_history

    out.print(render_history(found))
    err.print(f"page: {write_history(into or Path('history'), found)}", soft_wrap=True)
    if found.others:
        other = max((each.runs[-1] for each in found.others), key=lambda each: each.run.started_at)
        said = like_command(below, other.folder)
        err.print(f"runs on other terms: {said}", markup=False, soft_wrap=True)
    if found.of_examples and like is None:
        err.print("a run of your own: streambench run --quick")
