"""`streambench engines`: the contenders."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from streambench.cli.console import err, out
from streambench.model.conditions import NamedVariant, Variant
from streambench.model.errors import UsageError

if TYPE_CHECKING:
    from streambench.engines.common.variants import Declared
    from streambench.engines.protocol import Engine


def engines(
    workload: Annotated[
        str, typer.Argument(help="A workload's name: with the variants declared for it.")
    ] = "clicks",
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the engines and their variants, your own included, and when each closes a window."""
    from streambench.engines.registry import ALL, engine_named
    from streambench.experiment.declared import declared_for
    from streambench.runtime.artifacts import missing
    from streambench.workload.parse import load_named

    declared: Declared = {}
    refused: UsageError | None = None
    try:
        declared = declared_for(load_named(workload))
    except UsageError as error:  # a broken file must not hide what is shipped
        refused = error
    rows = []
    for name in ALL:
        engine = engine_named(name)
        needs = engine.requires(Variant(name, engine.version))
        to_fetch = sum(download.download_bytes for download in missing([needs]))
        rows.append((engine, to_fetch, (*engine.variants, *declared.get(name, ()))))
    if as_json:
        out.print_json(json.dumps([_as_data(*row) for row in rows]))
    else:
        _show(rows)
    if refused is not None:
        raise refused


def _as_data(
    engine: Engine, to_fetch_bytes: int, variants: Sequence[NamedVariant]
) -> dict[str, Any]:
    return {
        "name": engine.name,
        "title": engine.title,
        "version": engine.version,
        "versions": list(engine.versions),
        "event_clock": engine.event_clock.value,
        "download_bytes": to_fetch_bytes,
        "variants": [
            {
                "name": f"{engine.name}:{variant.name}",
                "title": f"{engine.title}, {variant.title}",
                "note": variant.note,
                "version": variant.version or engine.version,
                "settings": dict(variant.settings),
                "declared_in": variant.declared_in,
            }
            for variant in variants
        ],
    }


def _show(rows: Sequence[tuple[Engine, int, Sequence[NamedVariant]]]) -> None:
    from streambench.report.fitting import FittingTable

    table = FittingTable(gap=2, plain=True)
    for heading in ("engine", "versions", "to fetch", "its event clock"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "to fetch")
    shown = FittingTable(gap=2, plain=True)
    shown.add_column("variant", no_wrap=True)
    shown.add_column("what it is", overflow="fold")
    for engine, to_fetch, variants in rows:
        fetched = f"{to_fetch / 1e6:,.0f} MB" if to_fetch else "nothing"
        versions = ", ".join((engine.version, *(v for v in engine.versions if v != engine.version)))
        table.add_row(engine.name, versions, fetched, engine.event_clock.value)
        for variant in variants:
            shown.add_row(f"{engine.name}:{variant.name}", Text(_words(variant)))
    out.print(table)
    out.print()
    out.print(shown)
    err.print("see what would run: streambench explain clicks --engine NAME")
    err.print("run one beside the other: streambench run --engine flink --engine flink:adaptive")
    err.print("declare variants of your own: docs/variants.md")


def _words(variant: NamedVariant) -> str:
    """What it is; of a user's own one also what it sets, and where it is declared."""
    if variant.declared_in is None:
        return variant.note
    version = () if variant.version is None else (f"version {variant.version}",)
    sets = (*version, *(f"{name} = {value}" for name, value in variant.settings))
    what = variant.note or variant.title
    where = f"Declared in {variant.declared_in}"
    return "\n".join((what, f"{where}: {', '.join(sets)}" if sets else where))
