"""`streambench engines`: the contenders."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.table import Table

from streambench.cli.console import err, out
from streambench.model.conditions import Variant


def engines(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the engines and their named variants, and how each decides that a window is over."""
    from streambench.engines.registry import ALL, engine_named
    from streambench.runtime.artifacts import missing

    rows = []
    for name in ALL:
        engine = engine_named(name)
        needs = engine.requires(Variant(name, engine.version))
        to_fetch = sum(download.download_bytes for download in missing([needs]))
        rows.append((engine, to_fetch))
    if as_json:
        out.print_json(
            json.dumps(
                [
                    {
                        "name": engine.name,
                        "title": engine.title,
                        "version": engine.version,
                        "versions": list(engine.versions),
                        "event_clock": engine.event_clock.value,
                        "download_bytes": to_fetch,
                        "variants": [
                            {
                                "name": f"{engine.name}:{variant.name}",
                                "title": f"{engine.title}, {variant.title}",
                                "note": variant.note,
                                "settings": dict(variant.settings),
                            }
                            for variant in engine.variants
                        ],
                    }
                    for engine, to_fetch in rows
                ]
            )
        )
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("engine", "versions", "to fetch", "its event clock"):
        table.add_column(heading)
    for engine, to_fetch in rows:
        fetched = f"{to_fetch / 1e6:,.0f} MB" if to_fetch else "nothing"
        versions = ", ".join((engine.version, *(v for v in engine.versions if v != engine.version)))
        table.add_row(engine.name, versions, fetched, engine.event_clock.value)
    out.print(table)
    variants = Table(box=None, pad_edge=False)
    variants.add_column("variant", no_wrap=True)
    variants.add_column("what it is", overflow="fold")
    for engine, _ in rows:
        for variant in engine.variants:
            variants.add_row(f"{engine.name}:{variant.name}", variant.note)
    if variants.row_count:
        out.print()
        out.print(variants)
    err.print("see what would run: streambench explain clicks --engine NAME")
    err.print("run one beside the other: streambench run --engine flink --engine flink:adaptive")
