"""What comparing two bundles takes once everything is imported: seconds, and memory beyond the imports.

    .venv/bin/python benchmarks/comparing.py [BUNDLE]

The bundle is compared with a copy of itself: every engine of the one with the same of the other.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import psutil

from streambench.analysis.compare.comparison import compare
from streambench.analysis.compare.sides import pairs_of, read_sides
from streambench.report.comparison.write import write_comparison

_EXAMPLE = Path(__file__).parent.parent / "results" / "example-worker-kill-5x"


def main() -> None:
    """Print a line for reading and comparing, and one for writing the page as well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path, default=_EXAMPLE)
    bundle = parser.parse_args().bundle
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(bundle, copy)
        process = psutil.Process()
        before_bytes = process.memory_info().rss
        begun_s = time.monotonic()
        pairs = pairs_of(read_sides((str(bundle), str(copy))))
        found = compare(pairs)
        compared_s = time.monotonic() - begun_s
        compared_bytes = process.memory_info().rss - before_bytes
        write_comparison(Path(folder) / "page", found, ())
        written_s = time.monotonic() - begun_s
        written_bytes = process.memory_info().rss - before_bytes
    trials = sum(len(side.bundle.trials) for side in pairs[0])
    print(f"{trials} trials, {len(pairs)} pairs")
    print(f"read and compared: {compared_s:.2f} s, {compared_bytes / 2**20:.0f} MiB more")
    print(f"and written as a page: {written_s:.2f} s, {written_bytes / 2**20:.0f} MiB more")


if __name__ == "__main__":
    main()
