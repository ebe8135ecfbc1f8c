"""How a fault is written on the command line: KIND[:LENGTH][*TIMES]@TIME."""

from __future__ import annotations

import re
from collections.abc import Sequence

import typer

from streambench.cli.parameters import duration_s
from streambench.model.errors import UsageError
from streambench.model.fault import USUAL_LENGTHS_MS, Fault, FaultKind
from streambench.model.written import quoted, read_whole
from streambench.workload.names import did_you_mean

NONE = "none"
AT_ONCE, NEVER = "at-once", "never"
_MOST_TIMES = 20

_FORM = re.compile(
    r"(?P<kind>[^:*@]+)(?::(?P<length>[^*@]+))?(?:\*(?P<times>[^@]+))?(?:@(?P<at>.+))?"
)
_HINT = "streambench run --fault worker-kill*3@25s; the form is KIND[:LENGTH][*TIMES]@TIME"

_COMMAND_HINT = "streambench run --fault-command 'kubectl delete pod NAME@25s'"


def fault(text: str) -> Fault:
    """`worker-kill*3@25s`, `worker-pause:5s@25s`, `burst:2s@30s`, … Raises UsageError."""
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"'{text}' is not a fault", hint=_HINT)
    kind = _kind(match["kind"])
    if match["at"] is None:
        raise UsageError(f"'{text}' does not say when", hint=f"streambench run --fault {text}@25s")
    return Fault(
        kind,
        _ms(match["at"], text),
        times=_times(kind, match["times"]),
        lasts_ms=_length_ms(kind, match["length"], text),
    )


def fault_command(text: str) -> Fault:
    """`kubectl delete pod x@25s`: all before the last `@` is for the shell. Raises UsageError."""
    command, at, instant = text.rpartition("@")
    command = command.strip()
    if not at or not command:
        raise UsageError(f"{quoted(text)} does not say when its command is run", hint=_COMMAND_HINT)
    if any(not letter.isprintable() for letter in command):
        raise UsageError(
            f"{quoted(text)} has a letter that cannot be shown in a report, such as a line's end",
            hint="write the lines into a file and run that: --fault-command 'sh hit.sh@25s'",
        )
    try:
        at_ms = round(duration_s(instant.strip()) * 1000)
    except typer.BadParameter as error:
        raise UsageError(f"in {quoted(text)}, {error.message}", hint=_COMMAND_HINT) from error
    return Fault(FaultKind.COMMAND, at_ms, command=command)


def faults(texts: Sequence[str], commands: Sequence[str] = ()) -> tuple[Fault, ...] | None:
    """All of them; () for `none`, None when nothing was asked for."""
    if not texts and not commands:
        return None
    if NONE in texts:
        if len(texts) > 1 or commands:
            raise UsageError("--fault none stands alone", hint="streambench run --fault none")
        return ()
    return (*(fault(text) for text in texts), *(fault_command(text) for text in commands))


def restart_delay_ms(text: str) -> int | None:
    """`at-once`, `never` or a time, in ms; None: never. Raises UsageError."""
    if text == AT_ONCE:
        return 0
    if text == NEVER:
        return None
    try:
        return round(duration_s(text) * 1000)
    except typer.BadParameter as error:
        raise UsageError(
            f"--restart is at-once, never or a time, not '{text}'",
            hint="streambench run --restart 5s",
        ) from error


def _kind(text: str) -> FaultKind:
    if text == FaultKind.COMMAND.value:
        raise UsageError("a command has an option of its own", hint=_COMMAND_HINT)
    names = {kind.value: kind for kind in FaultKind if kind is not FaultKind.COMMAND}
    if text not in names:
        raise UsageError(
            f"there is no fault '{text}'{did_you_mean(text, names)}",
            hint="streambench run --fault worker-kill@25s",
        )
    return names[text]


def _times(kind: FaultKind, text: str | None) -> int:
    if text is None:
        return 1
    times = read_whole(text)
    if times is None or not 1 <= times <= _MOST_TIMES:
        raise UsageError(
            f"a fault happens 1 to {_MOST_TIMES} times, not {quoted(text)}", hint=_HINT
        )
    if kind is FaultKind.BURST and times > 1:
        raise UsageError(
            "a burst is part of the load, which is made before anything starts: it cannot wait for "
            "a recovery",
            hint="streambench run --fault burst:2s@30s --fault burst:2s@60s",
        )
    return times


def _length_ms(kind: FaultKind, text: str | None, whole: str) -> int | None:
    if kind not in USUAL_LENGTHS_MS:
        if text is not None:
            raise UsageError(f"{kind.value} has no length", hint=_HINT)
        return None
    return USUAL_LENGTHS_MS[kind] if text is None else _ms(text, whole)


def _ms(text: str, whole: str) -> int:
    try:
        return round(duration_s(text) * 1000)
    except typer.BadParameter as error:
        raise UsageError(f"in {quoted(whole)}, {error.message}", hint=_HINT) from error
