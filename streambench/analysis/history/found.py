"""The run bundles below a folder, and those that cannot be part of a history."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from streambench.analysis.compare.figures import run_of
from streambench.model.errors import UsageError
from streambench.results.bundle import Bundle, read_bundle
from streambench.results.examples import is_published_example


@dataclass(frozen=True)
class SkippedFolder:
    """A folder that looks like a run and is not part of the history, with the reason."""

    folder: Path
    why: str


@dataclass(frozen=True)
class FoundRuns:
    """Finished runs below a folder in the order in which they were made, each once; and what was skipped.

    `examples` come with the project: nobody ran them here.
    """

    below: Path
    runs: tuple[Bundle, ...]
    examples: tuple[Bundle, ...]
    skipped: tuple[SkippedFolder, ...]


def find_runs(below: Path) -> FoundRuns:
    """Read every bundle below a folder, itself included. Raises UsageError where none can be read."""
    if not below.is_dir():
        what = (
            f"{below} is a file, not a folder" if below.exists() else f"there is no folder {below}"
        )
        raise UsageError(what, hint="name the folder of your runs: streambench history FOLDER")
    runs: dict[str, Bundle] = {}
    skipped: list[SkippedFolder] = []
    for folder in _bundles(below):
        try:
            bundle = read_bundle(folder)
        except (UsageError, OSError) as error:
            skipped.append(SkippedFolder(folder, _why(error, folder)))
            continue
        if bundle.run.partial:
            skipped.append(SkippedFolder(folder, "it was not finished"))
            continue
        same = runs.setdefault(run_of(bundle), bundle)
        if same is not bundle:
            skipped.append(SkippedFolder(folder, f"it is a copy of {same.folder}"))
    if not runs:
        raise UsageError(_nothing(below, skipped), hint="streambench run")
    examples = [each for each in runs.values() if is_published_example(each.folder)]
    own = [each for each in runs.values() if not is_published_example(each.folder)]
    return FoundRuns(below, _in_order(own), _in_order(examples), tuple(skipped))


def _bundles(below: Path) -> Iterator[Path]:
    """Folders that are a run, or what is left of one; nothing is looked for inside them."""
    for name, folders, files in os.walk(below):
        if "run.json" in files or "trials" in folders:
            folders.clear()
            yield Path(name)
        folders[:] = sorted(folder for folder in folders if not folder.startswith("."))


def _in_order(runs: Iterable[Bundle]) -> tuple[Bundle, ...]:
    return tuple(sorted(runs, key=lambda bundle: (bundle.run.started_at, run_of(bundle))))


def _why(error: UsageError | OSError, folder: Path) -> str:
    said = error.message if isinstance(error, UsageError) else str(error.strerror)
    return said.removeprefix(f"{folder} ")


def _nothing(below: Path, skipped: Sequence[SkippedFolder]) -> str:
    if not skipped:
        return f"there is no run bundle in {below}"
    first = skipped[0]
    more = f", and {len(skipped) - 1} more" if len(skipped) > 1 else ""
    return f"no run in {below} can be shown: {first.folder}: {first.why}{more}"
