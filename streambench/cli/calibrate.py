"""`streambench calibrate`: does the instrument find what was set?"""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from streambench.cli.alone import alone
from streambench.cli.console import err, out, say
from streambench.cli.parameters import folder
from streambench.model.errors import ExitCode

if TYPE_CHECKING:
    from streambench.experiment.calibration.compare import Line


def calibrate(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=folder,
            metavar="FOLDER",
            help="Keep every run's bundle and report here.",
        ),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="Wait while another run is going on.")
    ] = False,
) -> None:
    """Set delays, damage, outages and a rate, measure them, and show both side by side."""
    from streambench.cli.calibrating import calibrate_all
    from streambench.experiment.calibration.compare import all_held

    with alone(wait=wait), _kept(to) as folder:
        say("a scripted engine does what it is told, and is measured: about 5 min")
        begun_s = time.monotonic()
        lines = calibrate_all(folder, rendered=to is not None)
        took_s = time.monotonic() - begun_s
    if as_json:
        out.print_json(json.dumps(as_data(lines, took_s)))
    else:
        out.print(table(lines))
        out.print(summary(lines, took_s), highlight=False)
    if to is not None:
        err.print(f"bundles and reports: {to}", soft_wrap=True, markup=False)
    raise typer.Exit(ExitCode.OK if all_held(lines) else ExitCode.FAILED)


@contextlib.contextmanager
def _kept(to: Path | None) -> Iterator[Path]:
    """Where bundles are written: `to`, or a folder that goes with the calibration."""
    from streambench.trial.workspace import passing_folder

    if to is not None:
        yield to
        return
    with passing_folder(Path(tempfile.gettempdir()), prefix="streambench-calibration-") as folder:
        yield folder


def as_data(lines: Sequence[Line], took_s: float) -> dict[str, Any]:
    """What `--json` prints."""
    from streambench.experiment.calibration.compare import FigureCheck, all_held

    return {
        "held": all_held(lines),
        "took_s": round(took_s, 1),
        "lines": [
            {
                "case": line.case,
                "unit": line.unit,
                "set": line.wanted,
                "measured": line.measured,
                "error": line.error,
                "tolerance": line.tolerance,
                "held": line.held,
                "why_missed": None if line.held else line.why_not or None,
            }
            if isinstance(line, FigureCheck)
            else {"case": line.case, "set": line.wanted, "found": line.found, "held": line.held}
            for line in lines
        ],
    }


def table(lines: Sequence[Line]) -> Table:
    """A row for each line, in 80 columns."""
    from streambench.experiment.calibration.compare import FigureCheck

    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("what", max_width=34)
    for heading in ("set", "measured", "error", "within"):
        shown.add_column(heading, justify="right", no_wrap=True)
    shown.add_column("")
    for line in lines:
        mark = Text("✓", style="green") if line.held else Text("✗ missed", style="bold red")
        if isinstance(line, FigureCheck):
            unit = f", {line.unit}"
            shown.add_row(
                Text(line.case + unit),
                _number(line.wanted),
                _number(line.measured),
                "–" if line.error is None else f"{line.error:+,.0f}",
                "exact" if not line.tolerance else f"±{line.tolerance:,.0f}",
                mark,
            )
        else:
            found = line.found.partition(":")[0]
            shown.add_row(Text(line.case), line.wanted, found, "", "", mark)
    return shown


def summary(lines: Sequence[Line], took_s: float) -> Text:
    """Below the table: how many were found, and what was not, with the reason."""
    from streambench.experiment.calibration.compare import FigureCheck

    held = sum(line.held for line in lines)
    words = [f"{held} of {len(lines)} were found within their tolerance, in {took_s:.0f} s."]
    for line in lines:
        if line.held:
            continue
        if not isinstance(line, FigureCheck):
            words.append(f"{line.case}: {line.found}")
        elif line.measured is None:
            words.append(f"{line.case}: not measured ({line.why_not})")
        elif line.why_not:
            words.append(f"{line.case}: {line.why_not}")
    return Text("\n".join(words))


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
