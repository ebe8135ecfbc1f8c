"""`streambench compare`: which differences between runs are real."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.options import examples
from streambench.cli.parameters import folder
from streambench.model.errors import ExitCode, UsageError
from streambench.model.written import quoted
from streambench.workload.names import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streambench.analysis.compare.gates import GateResult
    from streambench.analysis.compare.strangers import Term

EXAMPLES = examples(
    "streambench compare results/before results/after",
    "streambench compare results/run:flink results/run:flink:adaptive",
    "streambench compare --baseline main results/after --fail-on 'p99 > +10%' --fail-on lost",
)


def compare(
    sides: Annotated[
        list[str],
        typer.Argument(
            metavar="FOLDER[:VARIANT]…",
            help="Run bundles, or variants of them. The first is what others are compared with.",
        ),
    ],
    baseline: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Compare all with this baseline."),
    ] = None,
    allow: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TERM", help="Let runs differ in this, e.g. machine (repeat, or use commas)."
        ),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CONDITION", help="End with exit code 1 if it is shown, e.g. 'p99 > +10%'."
        ),
    ] = None,
    into: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=folder,
            metavar="FOLDER",
            help="Where compare.html and the rest go.  [default: compare]",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print it as JSON, and write nothing.")
    ] = False,
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="Name no host, user, path or folder in it.")
    ] = False,
    root: Annotated[
        Path | None,
        typer.Option(
            "--in",
            parser=folder,
            metavar="FOLDER",
            help="Where baselines are kept.  [default: results]",
        ),
    ] = None,
) -> None:
    """Compare runs, engines or variants: each figure with its interval, and whether it differs for sure.

    Exit code 1: a gate is broken. 4: what a gate asks is not known.
    """
    from streambench.analysis.compare.between import BETWEEN_RUNS
    from streambench.analysis.compare.comparison import compare as compared
    from streambench.analysis.compare.conditions import parse_condition
    from streambench.analysis.compare.gates import judge_gate
    from streambench.analysis.compare.sides import (
        anonymous_pairs,
        pairs_of,
        read_sides,
        refuse_strangers,
    )
    from streambench.analysis.compare.strangers import Term, with_implied
    from streambench.results import baselines

    if as_json and into is not None:
        raise UsageError(
            "--json writes nothing, so --out would do nothing",
            hint=f"streambench compare {' '.join(map(shlex.quote, sides))} --json",
        )
    if root is not None and baseline is None:
        raise UsageError(
            "--in says where a baseline is kept, and none is named",
            hint=f"streambench compare --baseline main {' '.join(map(shlex.quote, sides))}",
        )
    conditions = [parse_condition(text) for text in fail_on or ()]
    terms = _terms(allow or ())
    first = () if baseline is None else (str(baselines.find(baseline, root or Path("results"))),)
    pairs = pairs_of(read_sides((*first, *sides)))
    if anonymous:
        pairs = anonymous_pairs(pairs)
    refuse_strangers(pairs, terms)
    comparison = compared(pairs, BETWEEN_RUNS, any_speed=Term.SPEED in with_implied(terms))
    gates = tuple(judge_gate(each, pair) for each in conditions for pair in comparison.pairs)
    if as_json:
        from streambench.analysis.published.comparison import comparison_to_json

        typer.echo(comparison_to_json(comparison, gates), nl=False)
    else:
        from streambench.report.comparison.terminal import render_comparison, render_gates
        from streambench.report.comparison.write import write_comparison

        out.print(render_comparison(comparison))
        if gates:
            out.print("")
            out.print(render_gates(gates))
        page = write_comparison(into or Path("compare"), comparison, gates)[0]
        err.print(f"page: {page.name if anonymous else page}", soft_wrap=True)
    _end(gates)


def _terms(texts: Sequence[str]) -> frozenset[Term]:
    from streambench.analysis.compare.strangers import Term

    known = {term.value: term for term in Term}
    found = set()
    for word in (word.strip() for text in texts for word in text.split(",")):
        if word not in known:
            raise UsageError(
                f"nothing that runs may differ in is called {quoted(word)}{did_you_mean(word, known)}",
                hint="streambench compare --help",
            )
        found.add(known[word])
    return frozenset(found)


def _end(gates: Sequence[GateResult]) -> None:
    from streambench.analysis.compare.gates import GateState

    states = {each.state for each in gates}
    if GateState.BROKEN in states:
        raise typer.Exit(ExitCode.FAILED)
    if GateState.UNKNOWN in states:
        raise typer.Exit(ExitCode.INVALID)
