"""What the parser of the command line refuses, in the form of all errors: what happened, and a hint."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from typing import Any, Final, cast

import typer

from streambench.model.errors import UsageError

# Typer brings a copy of click in its newer versions, and needs the other one in its older ones.
PARSER_ERROR: Final = cast("type[Exception]", typer.BadParameter.__mro__[1])
_NEAR: Final = 0.75
_EXAMPLES: Final = {
    "--rate": "20k",
    "--shape": "sine:20k:15k:60s",
    "--duration": "60s",
    "--warm-up": "20s",
    "--workers": "2",
    "--repeat": "5",
    "--until": "'p99 ±10%'",
    "--guarantee": "exactly-once",
    "--profile": "defaults",
    "--fault": "worker-kill@25s",
    "--restart": "5s",
    "--seed": "1",
    "--engine": "flink,spark",
    "-e": "flink,spark",
    "--set": "kafka-streams:num.stream.threads=2",
    "--out": "results",
    "--in": "results",
    "--limit": "p99=2s",
    "--precision": "5",
    "--budget": "25m",
    "--records": "1M",
    "--rates": "5k,10k,20k",
    "--tail": "20",
    "--headroom": "50",
    "--replication": "3",
}


def refusal(error: Any, command: str, options: Collection[str]) -> UsageError:
    """The user's error for one of the parser's; `command` with all its `options`."""
    asked = f"streambench {command}"
    if hasattr(error, "possibilities"):  # of options that there are not
        near = difflib.get_close_matches(error.option_name, sorted(options), n=1, cutoff=_NEAR)
        guess = f"; did you mean '{near[0]}'?" if near else ""
        return UsageError(
            f"`{asked}` has no option {error.option_name}{guess}",
            hint=_example(asked, near[0]) if near else f"{asked} --help",
        )
    parameter = getattr(error, "param", None)
    option = getattr(error, "option_name", None) or (parameter and max(parameter.opts, key=len))
    if option and option.startswith("-"):
        message = f"{option}: {_plain(error.message)}" if parameter else _sentence(error)
        return UsageError(message, hint=_example(asked, option))
    return UsageError(_sentence(error), hint=f"{asked} --help")


def no_command(error: Any, words: Sequence[str], commands: Collection[str]) -> UsageError:
    """The user's error where none of the `commands` was named."""
    near = difflib.get_close_matches(words[0] if words else "", sorted(commands), n=1)
    return UsageError(
        _sentence(error), hint=f"streambench {near[0]}" if near else "streambench --help"
    )


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").rstrip(".")


def _sentence(error: Any) -> str:
    words = str(error.format_message()).rstrip(".")
    return words[:1].lower() + words[1:]


def _example(command: str, option: str) -> str:
    """The command with a value that this option takes; flags stand alone."""
    if (command, option) == ("streambench report", "--out"):  # there it is a copy's
        return f"{command} --anonymous {option} shared"
    if command == "streambench plan" and option != "--rate":  # nothing is planned without a rate
        command += " --rate 10M"
    if command == "streambench new":  # whose options want a name and a file
        return f"{command} --help"
    return " ".join(filter(None, [command, option, _EXAMPLES.get(option)]))
