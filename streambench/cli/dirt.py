"""How dirt is written on the command line: KIND@TIME."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import typer

from streambench.cli.parameters import duration_s
from streambench.model.dirt import Dirt, DirtKind, DirtyInstant
from streambench.model.errors import UsageError
from streambench.model.written import quoted
from streambench.workload.names import did_you_mean

DirtOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--dirt", metavar="KIND@TIME", help="One bad record, e.g. not-json@25s."),
]
_HINT = "streambench run --dirt not-json@25s; the form is KIND@TIME"


def dirty_instant(text: str) -> DirtyInstant:
    """`not-json@25s`, of the measured part. Raises UsageError."""
    kind, at, instant = text.strip().partition("@")
    names = {each.value: each for each in DirtKind}
    if kind not in names:
        raise UsageError(
            f"there is no dirt '{kind}'{did_you_mean(kind, names)}",
            hint=_HINT,
        )
    if not at:
        raise UsageError(f"'{text}' does not say when", hint=f"streambench run --dirt {kind}@25s")
    try:
        return DirtyInstant(names[kind], round(duration_s(instant) * 1000))
    except typer.BadParameter as error:
        raise UsageError(f"in {quoted(text)}, {error.message}", hint=_HINT) from error


def dirt(texts: Sequence[str]) -> Dirt:
    """All of it. Raises UsageError."""
    return Dirt(tuple(dirty_instant(text) for text in texts))
