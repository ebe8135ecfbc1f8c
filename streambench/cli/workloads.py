"""`streambench workloads`: what can be run."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.text import Text

from streambench.cli.console import err, out, show_error
from streambench.model.errors import StreambenchError
from streambench.model.workload import Replay, Synthetic, Workload


def _load(workload: Workload) -> str:
    match workload.input:
        case Synthetic(rate_per_s=rate_per_s):
            return f"{rate_per_s:,} events/s, generated"
        case Replay(speed_up=speed_up):
            return f"replayed at {speed_up:,.0f}×"


def workloads(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the workloads in ./workloads and those that come with streambench."""
    from streambench.report.fitting import FittingTable
    from streambench.workload.durations import show_duration, show_window
    from streambench.workload.forms import forms_of
    from streambench.workload.locate import available
    from streambench.workload.parse import load_workload, workload_file

    found: list[tuple[Workload, tuple[str, ...], str]] = []
    for folder in available():
        try:
            data = workload_file(folder).data
            found.append((load_workload(folder), forms_of(data), data.get("source", "")))
        except StreambenchError as error:  # one broken folder must not hide the others
            show_error(error)
    if as_json:
        out.print_json(
            json.dumps(
                [
                    {
                        "name": w.name,
                        "title": w.title,
                        "folder": str(w.folder),
                        "load": _load(w),
                        "forms": [f"{w.name}:{form}" for form in forms],
                        "source": source,
                    }
                    for w, forms, source in found
                ]
            )
        )
        return
    table = FittingTable(gap=2, plain=True)
    for heading in ("workload", "title", "load", "window", "grace", "forms", "source"):
        table.add_column(heading, overflow="fold", no_wrap=heading in ("window", "grace"))
    for workload, forms, source in found:
        query = workload.query
        table.add_row(
            Text(workload.name),
            Text(workload.title),
            _load(workload),
            show_window(query.window),
            show_duration(query.grace_ms),
            Text(", ".join(f":{form}" for form in forms)),
            Text(source),
        )
    out.print(table)
    err.print("run one with: streambench run NAME, or NAME:FORM")
