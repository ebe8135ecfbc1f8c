"""The command line: one file a command, and one boundary where errors become words and exit codes."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from streambench import __version__
from streambench.cli import (
    calibrate,
    clean,
    doctor,
    engines,
    explain,
    fetch,
    generate,
    judge,
    logs,
    report,
    run,
    validate,
    workloads,
)
from streambench.cli.console import err, out, show_error
from streambench.model.errors import ExitCode, StreambenchError
from streambench.runtime.signals import Terminated


class Boundary(TyperGroup):
    """Turns errors that a user can cause into one sentence, a hint and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; never a traceback for a StreambenchError or an interrupt."""
        try:
            return super().invoke(ctx)
        except StreambenchError as error:
            show_error(error)
            raise typer.Exit(error.exit_code) from None
        except (KeyboardInterrupt, Terminated):
            err.print("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from None


app = typer.Typer(
    cls=Boundary,
    name="streambench",
    help="Run equivalent windowed-aggregation jobs on four stream engines, prove every result, "
    "and see latency, throughput and cost side by side.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"streambench {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


app.command("run")(run.run)
app.command("calibrate")(calibrate.calibrate)
app.command("report")(report.report)
app.command("judge")(judge.judge)
app.command("explain")(explain.explain)
app.command("doctor")(doctor.doctor)
app.command("fetch")(fetch.fetch)
app.command("workloads")(workloads.workloads)
app.command("engines")(engines.engines)
app.command("validate")(validate.validate)
app.command("generate")(generate.generate)
app.command("logs")(logs.logs)
app.command("clean")(clean.clean)


def main() -> None:
    """Entry point of the console script."""
    app()
