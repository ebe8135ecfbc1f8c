"""Hints that name what was asked for: the command, and the workload that it would else not take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from streambench.cli.arguments import read
from streambench.model.sweep import AxisName

_OF_A_WORKLOAD: Final = (
    *("run", "find-rate", "curve", "sweep", "drain"),
    *("calibrate", "explain", "generate", "validate"),
)
_COMMAND: Final = re.compile(
    rf"\bstreambench ({'|'.join(_OF_A_WORKLOAD)})\b"
    r"(?: (?!-)([^\s,;=]+)(?=[\s,;]|$))?"  # a workload
    r"((?: \w+=[^\s;]+)*)"  # what is varied
    r"((?: --[\w-]+(?: [^-\s]\S*)?)*)"  # options
)
_OPTION: Final = re.compile(r"(?<= )--[\w-]+")
_AXES: Final = tuple(axis.value for axis in AxisName)
_VARIED: Final = "keys=100,10k,1M"


def hint_here(hint: str, arguments: Sequence[str], flags: Mapping[str, bool]) -> str:
    """The hint with the workload's name where it had none, of the command that was given.

    A hint that speaks of `streambench run` means this command where that has all its options. `flags` has
    them, each with whether it is a flag.
    """
    command, *words = arguments or [""]
    if command not in _OF_A_WORKLOAD:
        return hint
    given, between = read(words, flags)
    names = _AXES if command == "sweep" else ()
    workload = next((word for word in between if "=" not in word and word not in names), "")
    varied = [word for word in between if "=" in word] or [_VARIED]
    rates = [word for option in given if option.name == "--rates" for word in option.words]

    def named(found: re.Match[str]) -> str:
        meant, name, axes, options = found.groups(default="")
        known = set(_OPTION.findall(options))
        if meant == "run" and known <= set(flags):
            meant = command
        parts = ["streambench", meant, name or workload, axes.strip()]
        if meant == "sweep" and not axes:
            parts += varied
        if meant == "curve" and "--rates" not in known and known:
            parts += rates
        return " ".join(filter(None, [*parts, options.strip()]))

    return _COMMAND.sub(named, hint)
