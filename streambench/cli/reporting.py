"""A bundle that is written while something runs, and reported whatever becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from streambench.cli.console import err, out
from streambench.cli.live import LiveDisplay, live
from streambench.results.bundle import BundleWriter, read_bundle
from streambench.results.schema import RunRecord


@contextmanager
def reported(
    folder: Path, run: RunRecord, expected_s: float | None = None
) -> Iterator[tuple[BundleWriter, LiveDisplay]]:
    """Yield the writer of a new bundle in `folder` and the display; then write and print the report.

    What is finished is reported, even when the rest was interrupted. `expected_s` is about how long it
    will take.
    """
    writer = BundleWriter.create(folder, run)
    try:
        with ExitStack() as stack:
            shown = live()
            if shown is not None:
                stack.enter_context(shown)
            yield writer, LiveDisplay(shown, expected_s, at_most=run.until is not None)
        writer.finish()
    finally:
        # Late: what draws the report weighs as much as a trial's rows, and would lie beside every engine.
        from streambench.report.terminal import render
        from streambench.report.write import write

        path = write(writer.folder)[0]
        out.print(render(read_bundle(writer.folder)))
        err.print(f"report: {path}", soft_wrap=True, markup=False)
