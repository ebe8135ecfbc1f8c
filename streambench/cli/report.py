"""`streambench report`: render a bundle again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.logs import newest_bundle
from streambench.cli.requirements import RequireOption, end_by_requirements, requirements
from streambench.model.errors import EnvironmentLacks, UsageError


def report(
    bundle: Annotated[
        Path | None, typer.Argument(help="A run bundle; the newest in ./results otherwise.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what the report says as JSON, and write nothing.")
    ] = False,
    timing: Annotated[
        bool, typer.Option("--timing", help="Print what took how long, and write nothing.")
    ] = False,
    require: RequireOption = None,
) -> None:
    """Write report.html, report.md and plots/ into a run bundle, and print its summary.

    Exit code 1: a requirement is not met. 4: one is not known.
    """
    from streambench.report.lone_trials import render_lone
    from streambench.report.terminal import render
    from streambench.report.write import requiring, write
    from streambench.results.bundle import Bundle, read, read_bundle

    chosen = bundle or newest_bundle(Path("results"))
    required = requirements(require or ())
    if as_json:
        from streambench.analysis.published.document import analysis_of, analysis_to_json

        analysed = requiring(read_bundle(chosen), required)
        assert isinstance(analysed, Bundle)
        typer.echo(analysis_to_json(analysis_of(analysed)), nl=False)
        if required:
            raise typer.Exit(end_by_requirements(chosen, required))
        return
    if timing:
        _print_timing(chosen)
        return
    found = requiring(read_bundle(chosen) if required else read(chosen), required)
    out.print(render(found) if isinstance(found, Bundle) else render_lone(found))
    try:
        written = write(chosen, required)
    except OSError as error:
        raise EnvironmentLacks(
            f"the report of {chosen} cannot be written: {error.strerror}",
            hint=f"copy the bundle elsewhere: cp -r {chosen} /tmp",
        ) from error
    err.print(f"report: {written[0]}", soft_wrap=True)
    if required and isinstance(found, Bundle):
        raise typer.Exit(end_by_requirements(chosen, required))


def _print_timing(chosen: Path) -> None:
    from streambench.analysis.timing import timings_of
    from streambench.report.timing import render_timings
    from streambench.results.bundle import read_bundle

    found = timings_of(read_bundle(chosen))
    if not found:
        raise UsageError(
            f"{chosen} holds no time line: it was made before there were any, or nothing was finished",
            hint="streambench run --quick",
        )
    out.print(render_timings(found))
