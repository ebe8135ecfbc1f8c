"""Hints that name the workload that was asked for: without a name `run` would take the default one."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from streambench.model.errors import StreambenchError

_NAMELESS = re.compile(r"\bstreambench run(?= --|$)")


def with_hints_named(command: Callable[..., None]) -> Callable[..., None]:
    """In the hints of what `command` refuses, `streambench run --…` becomes `streambench run NAME --…`.

    NAME is the command's argument `workload`.
    """

    @functools.wraps(command)
    def named(*arguments: object, workload: str, **options: object) -> None:
        try:
            command(*arguments, workload=workload, **options)
        except StreambenchError as error:
            if error.hint is not None:
                error.hint = named_hint(error.hint, workload)
            raise

    return named


def named_hint(hint: str, workload: str) -> str:
    """The hint with the workload's name where it had none."""
    return _NAMELESS.sub(lambda found: f"{found[0]} {workload}", hint)
