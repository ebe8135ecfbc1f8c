"""`streambench report`: render a bundle again, or a copy of it that can be given away."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.logs import named_or_newest
from streambench.cli.parameters import folder
from streambench.cli.requirements import RequireOption, end_by_requirements, requirements
from streambench.model.errors import EnvironmentLacks, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streambench.results.bundle import Bundle, LoneTrials


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
    anonymous: Annotated[
        bool,
        typer.Option(
            "--anonymous",
            help="Write it into a copy to share, without host, user, paths and logs.",
        ),
    ] = False,
    into: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=folder,
            metavar="FOLDER",
            help="Where that copy goes; beside the bundle otherwise.",
        ),
    ] = None,
) -> None:
    """Write report.html, report.md and plots/ into a run bundle, and print its summary.

    Exit code 1: a requirement is not met. 4: one is not known.
    """
    from streambench.results.bundle import Bundle, read, read_bundle, requiring

    _refuse_unused(into, require or (), as_json=as_json, timing=timing, anonymous=anonymous)
    chosen = named_or_newest(bundle)
    required = requirements(require or ())
    whole = bool(required) or as_json or timing or anonymous
    found = requiring(read_bundle(chosen) if whole else read(chosen), required)
    if isinstance(found, Bundle) and anonymous and (as_json or timing):
        from streambench.results.anonymous.bundles import anonymous as made_anonymous

        found = made_anonymous(found).bundle
    elif isinstance(found, Bundle) and anonymous:
        from streambench.results.anonymous.copying import write_copy

        chosen = write_copy(found, into)
        found = read_bundle(chosen)
    if isinstance(found, Bundle) and as_json:
        _print_json(found)
    elif isinstance(found, Bundle) and timing:
        _print_timing(found)
        return
    else:
        written = _print_and_write(found, chosen, required)
        beside = ", beside the bundle" if anonymous and into is None else ""
        shown = f"{chosen.name}/{written.name}{beside}" if anonymous else written
        err.print(f"report: {shown}", soft_wrap=True)
    if required and isinstance(found, Bundle):
        raise typer.Exit(end_by_requirements(found, required))


def _print_and_write(
    found: Bundle | LoneTrials, folder: Path, requirements: tuple[str, ...]
) -> Path:
    """Print the summary and write the report into its folder; the page."""
    from streambench.report.lone_trials import render_lone
    from streambench.report.terminal import render
    from streambench.report.write import write
    from streambench.results.bundle import LoneTrials

    out.print(render_lone(found) if isinstance(found, LoneTrials) else render(found))
    try:
        return write(folder, requirements)[0]
    except OSError as error:
        raise EnvironmentLacks(
            f"the report of {folder} cannot be written: {error.strerror}",
            hint=f"copy the bundle elsewhere: cp -r {folder} /tmp",
        ) from error


def _refuse_unused(
    into: Path | None, require: Sequence[str], *, as_json: bool, timing: bool, anonymous: bool
) -> None:
    """Raise UsageError for an option that would do nothing beside the others."""
    if into is not None and not anonymous:
        raise UsageError(
            "a report is written into its bundle; --out is for an anonymous copy",
            hint="streambench report BUNDLE --anonymous --out FOLDER",
        )
    if into is not None and (as_json or timing):
        alone = "--json" if as_json else "--timing"
        raise UsageError(
            f"{alone} writes nothing, so --out would do nothing",
            hint=f"streambench report BUNDLE --anonymous {alone}",
        )
    if as_json and timing:
        raise UsageError(
            "--json and --timing each print something else", hint="streambench report --timing"
        )
    if timing and require:
        raise UsageError(
            "--timing prints what took how long, and nothing of --require",
            hint="streambench report --require 'delay_p99 < 500ms'",
        )


def _print_json(found: Bundle) -> None:
    from streambench.analysis.published.document import analysis_of, analysis_to_json

    typer.echo(analysis_to_json(analysis_of(found)), nl=False)


def _print_timing(found: Bundle) -> None:
    from streambench.analysis.timing import timings_of
    from streambench.report.timing import render_timings

    timings = timings_of(found)
    if not timings:
        raise UsageError(
            f"{found.name} holds no time line: it was made before there were any, or nothing was finished",
            hint="streambench run --quick",
        )
    out.print(render_timings(timings))
