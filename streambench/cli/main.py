"""The command line: one file a command, and one boundary where errors become words and exit codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from streambench import __version__
from streambench.cli.arguments import LINE
from streambench.cli.boundary import BUG, in_words, is_interrupt
from streambench.cli.console import err, out, show_error
from streambench.cli.deferred import DeferredCommand
from streambench.cli.hints import hint_here
from streambench.cli.old_spellings import renewed
from streambench.cli.refusals import PARSER_ERROR, no_command, refusal
from streambench.model.errors import ExitCode, StreambenchError
from streambench.runtime.signals import Terminated

# Each with the first sentence of its help, which `--help` shows; tests hold it equal to the command's own.
COMMANDS: Final[Mapping[str, str]] = {
    "run": "Run a workload on every engine and prove every result.",
    "find-rate": "Find the highest rate that each engine bears.",
    "curve": "Show delay and cost against the rate.",
    "sweep": "Show delay and cost against one property, or two.",
    "drain": "See how fast records that are there already are worked off.",
    "play": "Play a share of the load of a run that is coordinated on another host.",
    "worker": "Run workers of Kafka Streams and of the Python consumer on other hosts.",
    "calibrate": "Set delays, damage, outages and a rate, measure them, and show both side by side.",
    "report": "Write report.html, report.md and plots/ into a run bundle, and print its summary.",
    "compare": "Compare runs, engines or variants: each figure with its interval, and whether it differs for sure.",
    "history": "Show runs of one workload in their order: each figure over time, and what changed for good.",
    "plan": "Say what a rate needs on paper: cores, workers, partitions, brokers, network and shards.",
    "judge": "Judge every load of a run bundle again, and say what differs from the stored verdict.",
    "explain": "Print the native program, the processes and every setting that would be used.",
    "doctor": "Check Python, Java, memory, disk, the cache and what an interrupted run may have left.",
    "fetch": "Fetch everything that the engines need into the user's cache, verified by SHA-256.",
    "new": "Make ./workloads/NAME: from a file of your own, or a template to fill in.",
    "workloads": "List the workloads in ./workloads and those that come with streambench.",
    "engines": "List the engines and their variants, your own included, and when each closes a window.",
    "validate": "Check a workload: its declaration, its load, its variants, and if a result can be exact.",
    "schema": "Print the JSON schema of workload.toml, for editors that complete and check it.",
    "generate": "Compile a workload's load: columns (Parquet), encoded record batches and their SHA-256.",
    "logs": "Print the end of every log of a run, or of some of its processes.",
    "clean": "List what streambench keeps in its cache, with sizes, and delete it after a yes.",
    "baseline": "Keep a run bundle under a name, to compare later runs with it.",
}


class Boundary(TyperGroup):
    """Turns errors that a user can cause into one sentence, a hint and an exit code."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        for name, first_sentence in COMMANDS.items():
            self.add_command(DeferredCommand(name, help=first_sentence))

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
            if is_interrupt(error):
                err.print("interrupted")
                raise typer.Exit(ExitCode.INTERRUPTED) from None
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


def _version(wanted: bool | None) -> None:
    if wanted:
        out.print(f"streambench {__version__}")
        raise typer.Exit


@app.callback()
def _top(
    version: Annotated[
        bool | None,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = None,  # to look at a value, even False, the parser imports pydantic
) -> None:
    pass


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="streambench")
