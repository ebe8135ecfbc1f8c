"""`streambench report`: render a bundle again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.logs import newest_bundle


def report(
    bundle: Annotated[
        Path | None, typer.Argument(help="A run bundle; the newest in ./results otherwise.")
    ] = None,
) -> None:
    """Write report.html, report.md and plots/ into a run bundle, and print its summary."""
    from streambench.report.terminal import render
    from streambench.report.write import write
    from streambench.results.bundle import read_bundle

    chosen = bundle or newest_bundle(Path("results"))
    read = read_bundle(chosen)
    out.print(render(read))
    err.print(f"report: {write(chosen)[0]}", soft_wrap=True)
