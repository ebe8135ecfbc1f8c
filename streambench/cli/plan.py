"""`streambench plan`: what a rate would need, on paper, from what was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.options import examples
from streambench.cli.parameters import names, percent_within, rate, whole
from streambench.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streambench.analysis.scale.chosen import ChosenRuns

EXAMPLES = examples(
    "streambench plan --rate 10M --engine flink",
    "streambench plan results/RUN --rate 1M,10M,100M --numbers",
)
_MOST_COPIES = 9


def plan(
    bundles: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="BUNDLE…",
            help="Runs of one machine; the newest in ./results otherwise, with all on its terms.",
        ),
    ] = None,
    rates: Annotated[
        list[str] | None,
        typer.Option(
            "--rate", metavar="RATE", help="Events per second, e.g. 10M (repeat, or use commas)."
        ),
    ] = None,
    engine: Annotated[
        list[str] | None,
        typer.Option(
            "--engine",
            "-e",
            metavar="ENGINE[:VARIANT]",
            help="Only these, as the run calls them (repeat, or use commas).",
        ),
    ] = None,
    replication: Annotated[
        int,
        typer.Option(metavar="COUNT", parser=whole(1, _MOST_COPIES), help="Copies of each record."),
    ] = 3,
    headroom: Annotated[
        float,
        typer.Option(
            metavar="PERCENT", parser=percent_within(0, 90), help="What stays free of everything."
        ),
    ] = 50,
    numbers: Annotated[
        bool, typer.Option("--numbers", help="Leave out how each number came about.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON, all of it.")] = False,
) -> None:
    """Say what a rate needs on paper: cores, workers, partitions, brokers, network and shards.

    Every number is reckoned from valid and right trials, and says what it assumes. What was not
    measured is unknown, with the command that would measure it.
    """
    from streambench.analysis.scale.basis import basis_of
    from streambench.analysis.scale.plan import ScaleTerms, plan_of

    asked = _rates(rates or ())
    engines = names(engine or [])
    chosen = _chosen(bundles or (), engines)
    terms = ScaleTerms(asked, replication, headroom / 100)
    found = plan_of(basis_of(chosen.bundles, engines), terms)
    if as_json:
        from streambench.analysis.published.scale import plan_to_json

        typer.echo(plan_to_json(found), nl=False)
        return
    from streambench.report.scale.terminal import render_plan

    out.print(render_plan(found, numbers_alone=numbers))


def _rates(texts: Sequence[str]) -> tuple[int, ...]:
    words = names(list(texts))
    if not words:
        raise UsageError(
            "--rate is missing: for how many events/s?", hint="streambench plan --rate 10M"
        )
    try:
        return tuple(dict.fromkeys(map(rate, words)))
    except typer.BadParameter as error:
        raise UsageError(f"--rate: {error.message}", hint="streambench plan --rate 10M") from None


def _chosen(folders: Sequence[Path], engines: Sequence[str]) -> ChosenRuns:
    from streambench.analysis.scale.chosen import named_runs, newest_runs

    if folders:
        return named_runs(folders)
    chosen = newest_runs(Path("results"), engines)
    told = ", a published example: results holds no run of yours" if chosen.examples else ""
    for bundle in chosen.bundles:
        err.print(f"bundle: {bundle.folder}{told}", markup=False, soft_wrap=True)
    return chosen
