"""Saying what will be downloaded, then downloading it with progress."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn

from streambench.cli.console import err
from streambench.model.plan import Artifacts
from streambench.runtime.artifacts import Resolved, missing, resolve
from streambench.runtime.memory import check_disk
from streambench.runtime.paths import cache_dir

_USUAL_BYTES_PER_S = 10_000_000
_RUN_MEMORY_GB = 4  # the largest engine, the broker and streambench itself, as measured


class ShownProgress:
    """A download shown as a bar on a terminal and as plain lines elsewhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        if err.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"), BarColumn(), DownloadColumn(), console=err,
                transient=True,
            )  # fmt: skip
            self._bar.start()

    def start(self, total_bytes: int, what: str) -> None:
        """A new group of downloads begins."""
        with self._lock:
            if self._bar is None:
                err.print(f"fetching {what} ({total_bytes / 1e6:,.0f} MB)")
            else:
                self._task = self._bar.add_task(what, total=total_bytes)

    def advance(self, size_bytes: int) -> None:
        """So many more bytes of it arrived."""
        with self._lock:
            if self._bar is not None and self._task is not None:
                self._bar.advance(self._task, size_bytes)

    def note(self, text: str) -> None:
        """Something else that takes time, in words."""
        with self._lock:
            err.print(text, markup=False)

    def close(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.stop()


def announce(wanted: Sequence[Artifacts]) -> None:
    """Say what has to be fetched and what it costs; refuse when the disk is too full."""
    downloads = missing(wanted)
    if not downloads:
        return
    download_bytes = sum(download.download_bytes for download in downloads)
    disk_bytes = sum(download.disk_bytes for download in downloads)
    minutes = max(1, math.ceil(download_bytes / _USUAL_BYTES_PER_S / 60))
    err.print(
        f"First set-up: {download_bytes / 1e6:,.0f} MB to download (about {minutes} min at "
        f"{_USUAL_BYTES_PER_S / 1e6:.0f} MB/s), {disk_bytes / 1e6:,.0f} MB on disk in {cache_dir()}; "
        f"then it is there for good. A run needs up to {_RUN_MEMORY_GB} GB of memory.",
        soft_wrap=True,
    )
    for download in downloads:
        err.print(f"  {download.name}  {download.download_bytes / 1e6:,.0f} MB", markup=False)
    check_disk(cache_dir(), disk_bytes + download_bytes)


def fetch_all(wanted: Sequence[Artifacts]) -> None:
    """Fetch what is missing."""
    for artifacts in wanted:
        fetch_one(artifacts)


def fetch_one(artifacts: Artifacts) -> Resolved:
    """Fetch what is missing of one; returns where it is."""
    progress = ShownProgress()
    try:
        return resolve(artifacts, progress=progress)
    finally:
        progress.close()
