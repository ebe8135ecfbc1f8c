"""`streambench find-rate`: the highest rate that each engine bears."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

import typer

from streambench.cli.commands import with_options
from streambench.cli.options import CommonOptions, examples
from streambench.cli.parameters import duration_s, percent
from streambench.cli.places import placed
from streambench.model.errors import ExitCode
from streambench.model.pace import Limit, Quantile

EXAMPLES = examples(
    "streambench find-rate",
    "streambench find-rate --limit p99=2s",
    "streambench find-rate --engine flink,spark --precision 10 --budget 10m",
)


def delay_limit(text: str) -> Limit:
    """`p99=2s`. Raises typer.BadParameter."""
    match = re.fullmatch(r"(p50|p99|max)\s*=\s*(.+)", text.strip())
    if match is None:
        raise typer.BadParameter(f"'{text}' is not a limit: p50, p99 or max, and a duration")
    return Limit(Quantile(match[1]), duration_s(match[2]) * 1000)


@dataclass(frozen=True)
class FindRateAsked(CommonOptions):
    """The options of `find-rate`; `budget` in seconds."""

    limit: Annotated[
        Limit | None,
        typer.Option(
            parser=delay_limit,
            metavar="DELAY",
            help="Also the highest rate within this delay (p50, p99 or max), e.g. p99=2s.",
        ),
    ] = None
    precision: Annotated[
        float,
        typer.Option(
            parser=percent,
            metavar="PERCENT",
            help="How close what passed and failed are to be.",
        ),
    ] = 5.0
    budget: Annotated[
        float | None,
        typer.Option(
            parser=duration_s,
            metavar="TIME",
            help="For all engines together; 25m, more where windows are long.",
        ),
    ] = None
    cold: Annotated[
        bool,
        typer.Option(
            "--cold", help="A fresh job confirms the rate, not the one that was searched with."
        ),
    ] = False


def _find_rate(asked: FindRateAsked) -> ExitCode:
    """Find the highest rate that each engine bears."""
    from streambench.cli.finding import find
    from streambench.experiment.build import rate_search

    request, terms = rate_search(
        asked.options(),
        limit=asked.limit,
        precision=asked.precision / 100,
        budget_s=asked.budget,
        cold=asked.cold,
    )
    with placed(asked.where, (request,), wait=asked.wait) as ground:
        (request,) = ground.told((request,))
        return find(request, terms, workspaces=ground.workspaces, compiled=ground.compiled)


find_rate = with_options(FindRateAsked, _find_rate)
