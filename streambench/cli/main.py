"""The command line: one file a command, and one boundary where errors become words and exit codes."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from streambench import __version__
from streambench.cli import (
    baseline,
    calibrate,
    clean,
    compare,
    curve,
    doctor,
    drain,
    engines,
    explain,
    fetch,
    find_rate,
    generate,
    history,
    judge,
    logs,
    report,
    run,
    schema,
    sweep,
    validate,
    workloads,
)
from streambench.cli.boundary import BUG, in_words
from streambench.cli.commands import LINE
from streambench.cli.console import err, out, show_error
from streambench.cli.hints import hint_here
from streambench.cli.old_spellings import renewed
from streambench.cli.refusals import PARSER_ERROR, no_command, refusal
from streambench.model.errors import ExitCode, StreambenchError
from streambench.runtime.signals import Terminated


class Boundary(TyperGroup):
    """Turns errors that a user can cause into one sentence, a hint and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; never a traceback for what a user or the machine caused, or for an interrupt."""
        try:
            return super().invoke(ctx)
        except PARSER_ERROR as error:
            command, *_ = words = ctx.meta.get(LINE, [""])
            if command in self.commands:
                raise self._ended(ctx, refusal(error, command, self._flags(ctx, command))) from None
            raise self._ended(ctx, no_command(error, words, self.commands)) from None
        except (KeyboardInterrupt, Terminated):
            err.print("interrupted")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        except (typer.Exit, typer.Abort):
            raise
        except Exception as error:
            if (told := in_words(error, ctx.meta.get(LINE, []))) is None:
                error.add_note(BUG)
                raise
            raise self._ended(ctx, told) from None

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        """Read what comes before the command."""
        given = list(args)
        try:
            return super().parse_args(ctx, args)
        except PARSER_ERROR as error:
            if not given:  # that is the help
                raise
            raise self._ended(ctx, no_command(error, given, self.commands)) from None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; what `run` did in older versions is done by others now."""
        if ctx.resilient_parsing:  # completion, of half a command line
            return super().resolve_command(ctx, args)

        ctx.meta[LINE] = args = renewed(args, lambda command: self._flags(ctx, command))
        return super().resolve_command(ctx, args)

    def _flags(self, ctx: Any, command: str) -> dict[str, bool]:
        """The options of a command, each with whether it takes no value; {} for no command."""
        known = self.commands.get(command)
        return {
            option: getattr(parameter, "is_flag", False)
            for parameter in (known.get_params(ctx) if known else ())
            for option in parameter.opts
        }

    def _ended(self, ctx: Any, error: StreambenchError) -> typer.Exit:
        """Show the error; its hint names the command and the workload that were asked for."""
        arguments = ctx.meta.get(LINE, [])
        if error.hint is not None and arguments:
            error.hint = hint_here(error.hint, arguments, self._flags(ctx, arguments[0]))
        show_error(error)
        return typer.Exit(error.exit_code)


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


app.command("run", epilog=run.EXAMPLES)(run.run)
app.command("find-rate", epilog=find_rate.EXAMPLES)(find_rate.find_rate)
app.command("curve", epilog=curve.EXAMPLES)(curve.curve)
app.command("sweep", epilog=sweep.EXAMPLES)(sweep.sweep)
app.command("drain", epilog=drain.EXAMPLES)(drain.drain)
app.command("calibrate")(calibrate.calibrate)
app.command("report")(report.report)
app.command("compare", epilog=compare.EXAMPLES)(compare.compare)
app.command("history", epilog=history.EXAMPLES)(history.history)
app.add_typer(baseline.app, name="baseline")
app.command("judge")(judge.judge)
app.command("explain")(explain.explain)
app.command("doctor")(doctor.doctor)
app.command("fetch")(fetch.fetch)
app.command("workloads")(workloads.workloads)
app.command("engines")(engines.engines)
app.command("validate")(validate.validate)
app.command("schema")(schema.schema)
app.command("generate")(generate.generate)
app.command("logs")(logs.logs)
app.command("clean")(clean.clean)


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="streambench")
