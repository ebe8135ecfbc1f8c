"""`streambench logs`: what the processes of a trial said."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.parameters import whole
from streambench.model.errors import UsageError


def newest_bundle(root: Path) -> Path:
    """The bundle under `root` that was written last (names begin with the time).

    An anonymous copy holds less than its bundle, so it is the newest only where there is nothing else.
    """
    from streambench.results.anonymous.copying import SUFFIX

    every = (path.parent for path in root.glob("*/run.json"))
    bundles = sorted(every, key=lambda folder: (not folder.name.endswith(SUFFIX), folder))
    if not bundles:
        raise UsageError(f"there is no run bundle in {root}", hint="streambench run")
    return bundles[-1]


def logs(
    bundle: Annotated[
        Path | None, typer.Argument(help="A run bundle; the newest in ./results otherwise.")
    ] = None,
    trial: Annotated[
        str | None, typer.Option(help="Only trials or jobs whose folder name contains this.")
    ] = None,
    process: Annotated[
        str | None, typer.Option(help="Only log files whose name contains this.")
    ] = None,
    lines: Annotated[
        int,
        typer.Option(
            "--tail", "-n", metavar="COUNT", parser=whole(1), help="So many last lines of each."
        ),
    ] = 20,
) -> None:
    """Print the end of every log of a run, or of some of its processes."""
    from streambench.runtime.waiting import tail

    chosen = bundle or newest_bundle(Path("results"))
    if not (chosen / "trials").is_dir() and not (chosen / "run.json").exists():
        raise UsageError(
            f"{chosen} is not a run bundle", hint="ls results, and name one of its folders"
        )
    shown = 0
    for log in sorted([*chosen.glob("trials/*/logs/*"), *chosen.glob("jobs/*/logs/*")]):
        if trial and trial not in log.parent.parent.name:
            continue
        if process and process not in log.name:
            continue
        said = tail(log, lines)
        if not said:
            continue
        shown += 1
        out.rule(f"{log.parent.parent.name} · {log.name}", align="left")
        out.print(said, markup=False, soft_wrap=True)
    if not shown:
        err.print(f"no such log in {chosen}")
        raise typer.Exit(2)
