"""The run bundle: one folder that holds a run, written as it goes (design: each file by rename)."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from streambench.model.conditions import Variant, folder_of
from streambench.model.errors import UsageError
from streambench.model.trial import TrialRecord
from streambench.oracle.expected import Expected
from streambench.results.expectations import store
from streambench.results.files import write_text, write_with
from streambench.results.gaps import UNREADABLE, Gap, table_gaps, trial_gaps
from streambench.results.old_labels import with_present_labels
from streambench.results.schema import (
    FIRST_WITH_PARTITIONS,
    SCHEMA,
    RunRecord,
    run_from_data,
    run_to_json,
    trial_from_data,
    trial_to_json,
)
from streambench.runtime.paths import scrub

_NO_BUNDLE_HINT = "name a folder that `streambench run` wrote: ls results"


@dataclass(frozen=True)
class TrialBundle:
    """One finished trial of a bundle."""

    record: TrialRecord
    folder: Path

    def table(self, name: str) -> pa.Table | None:
        """The columns `<name>.parquet`; None when they are not there, or cannot be read."""
        path = self.folder / f"{name}.parquet"
        if not path.is_file():
            return None
        try:
            return pq.read_table(path)
        except UNREADABLE:
            return None


@dataclass(frozen=True)
class LoneTrials:
    """What is left of a bundle without its `run.json`; `why` it has none, in words."""

    folder: Path
    why: str
    trials: tuple[TrialBundle, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True)
class Bundle:
    """A run as read from disk, in the order of numbers; `gaps` what it lacks.

    `loads` are those of jobs that had several: of searches and drains. `named` is what it is to be
    called; None: as its folder.
    """

    folder: Path
    run: RunRecord
    trials: tuple[TrialBundle, ...]
    loads: tuple[TrialBundle, ...] = ()
    gaps: tuple[Gap, ...] = ()
    named: str | None = None

    @property
    def name(self) -> str:
        """What tells it from others for a reader: its folder's name."""
        return self.folder.name if self.named is None else self.named

    def of(self, label: str) -> tuple[TrialBundle, ...]:
        """The trials of the variant with this label."""
        return tuple(trial for trial in self.trials if trial.record.variant.label == label)

    def lost(self, label: str) -> bool:
        """Whether a trial of this variant was made whose record is missing or cannot be read.

        Where whole trials of a finished run are missing, so may be this one's.
        """
        if not self.run.partial and any(not gap.folder for gap in self.gaps):
            return True
        lost = {gap.folder for gap in self.gaps if gap.file == "trial.json"}
        return any(folder.partition("-")[2] == folder_of(label) for folder in lost)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of all variants, planned first, each once."""
        seen = (*self.run.planned, *(trial.record.variant.label for trial in self.trials))
        return tuple(dict.fromkeys(seen))


class BundleWriter:
    """Writes a bundle while the run goes on; what is finished stays when the run is interrupted."""

    def __init__(self, folder: Path, run: RunRecord) -> None:
        self.folder = folder
        self._run = run

    @classmethod
    def create(cls, root: Path, run: RunRecord) -> BundleWriter:
        """Make `<root>/<YYYY-MM-DDTHHMMSS>-<workload>/` (a number is appended if it exists).

        The run says that it is partial until `finish`.
        """
        stamp = re.sub(r":", "", run.started_at[:19])
        root.mkdir(parents=True, exist_ok=True)
        folder = _fresh_folder(root, f"{stamp}-{folder_of(run.workload)}")
        writer = cls(folder, dataclasses.replace(run, partial=True))
        (folder / "trials").mkdir()
        writer._write_run()
        return writer

    def update(self, run: RunRecord) -> None:
        """Replace what is said of the run (what became known only while it went on)."""
        self._run = dataclasses.replace(run, partial=True)
        self._write_run()

    def add_trial(
        self, record: TrialRecord, tables: Mapping[str, pa.Table], logs: Path | None = None
    ) -> Path:
        """Add a finished trial and return its folder.

        `tables` are written as `<name>.parquet`; the files under `logs` are copied, scrubbed. The
        folder is filled under a hidden name, so a reader sees all of the trial or nothing.
        """
        final = self.folder / "trials" / f"{record.number:02d}-{record.variant.folder}"
        self._add(final, record, tables, logs)
        return final

    def replace_trial(self, record: TrialRecord) -> None:
        """Say more of a trial that is in the bundle."""
        (folder,) = (self.folder / "trials").glob(f"{record.number:02d}-*")
        write_text(folder / "trial.json", _scrubbed(trial_to_json(record)))

    def add_load(self, record: TrialRecord, tables: Mapping[str, pa.Table]) -> Path:
        """Add a load of a job that has several, and return its folder; see `add_trial`.

        What was planned for its job is in the record of the run.
        """
        final = self._job_folder(record.job or 0, record.variant) / f"{record.number:02d}"
        self._add(final, dataclasses.replace(record, programs=()), tables)
        return final

    def add_logs(self, job: int, variant: Variant, logs: Path) -> None:
        """Keep the logs of a job that had several loads."""
        _copy_logs(logs, self._job_folder(job, variant) / "logs")

    def add_expectation(self, expected: Expected) -> str:
        """Keep what rows are judged by, once; returns its name."""
        return store(self.folder, expected)

    def _job_folder(self, job: int, variant: Variant) -> Path:
        return self.folder / "jobs" / f"{job:02d}-{variant.folder}"

    def _add(
        self,
        final: Path,
        record: TrialRecord,
        tables: Mapping[str, pa.Table],
        logs: Path | None = None,
    ) -> None:
        final.parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=".", dir=final.parent))
        try:
            hidden.chmod(0o755)
            for name, table in tables.items():
                write_with(hidden / f"{name}.parquet", _parquet(table))
            if logs is not None:
                _copy_logs(logs, hidden / "logs")
            for program in record.programs:
                write_text(hidden / "programs" / inside(program.name), scrub(program.text))
            write_text(hidden / "trial.json", _scrubbed(trial_to_json(record)))
            hidden.rename(final)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)

    def finish(self) -> Path:
        """Say that the run is whole, and return the bundle's folder."""
        self._run = dataclasses.replace(self._run, partial=False)
        self._write_run()
        return self.folder

    def _write_run(self) -> None:
        write_text(self.folder / "run.json", _scrubbed(run_to_json(self._run)))


def read_bundle(path: Path) -> Bundle:
    """Read the bundle in `path`; trials that were not finished are not there.

    Raises UsageError when there is no bundle, when its `run.json` cannot be read, or when it is of a
    newer schema.
    """
    match read(path):
        case LoneTrials(why=why):
            raise UsageError(
                f"{path} holds trials, but {why}", hint=f"see them: streambench report {path}"
            )
        case bundle:
            return bundle


def read(path: Path) -> Bundle | LoneTrials:
    """Read as much of the bundle in `path` as is there.

    Raises UsageError when there is no bundle, or when it is of a newer schema.
    """
    trials, gaps = _read_trials(path / "trials")
    loads, load_gaps = _read_loads(path / "jobs")
    gaps += load_gaps
    try:
        run = _read_run(path)
    except _Lost as lost:
        if not trials:
            raise UsageError(f"{path} is not a run bundle: {lost}", hint=_NO_BUNDLE_HINT) from lost
        # Which version of the method measured them is not known, so partitions may lawfully be absent.
        gaps = (*_trial_gaps(path, 0), *gaps, *_table_gaps(trials, with_partitions=False))
        return LoneTrials(path, str(lost), trials, gaps)
    variants = [
        *(trial.record.variant for trial in trials),
        *(search.variant for search in run.searches),
        *(drained.variant for drained in run.drains),
    ]
    with_partitions = run.method >= FIRST_WITH_PARTITIONS
    gaps = (
        *_trial_gaps(path, _trials_of(run)),
        *gaps,
        *_table_gaps((*trials, *loads), with_partitions=with_partitions),
    )
    return Bundle(path, with_present_labels(run, variants), trials, loads, gaps)


def requiring(found: Bundle | LoneTrials, requirements: tuple[str, ...]) -> Bundle | LoneTrials:
    """The same bundle with other requirements, if there are any."""
    if not requirements or not isinstance(found, Bundle):
        return found
    return dataclasses.replace(
        found, run=dataclasses.replace(found.run, requirements=requirements)
    )


class _Lost(Exception):
    """Why a bundle's `run.json` does not say what was run."""


def _read_run(path: Path) -> RunRecord:
    run_file = path / "run.json"
    if path.is_file():
        inside = (path.parent / "run.json").is_file()
        raise UsageError(
            f"{path} is a file, and a run bundle is a folder",
            hint=f"name the folder that it lies in: {path.parent}" if inside else _NO_BUNDLE_HINT,
        )
    if not run_file.is_file():
        raise _Lost("run.json is missing")
    try:
        data = _json(run_file)
    except ValueError as error:
        raise _Lost(f"run.json cannot be read ({_first_line(error)})") from error
    schema = data.get("schema") if isinstance(data, dict) else None
    if not isinstance(schema, int):
        raise UsageError(
            f"{run_file} is not a run of streambench: it names no schema", hint=_NO_BUNDLE_HINT
        )
    if schema > SCHEMA:
        raise UsageError(
            f"{path} is of bundle schema {schema}; this streambench reads up to {SCHEMA}",
            hint="use the streambench that wrote it, or a newer one: streambench --version",
        )
    try:
        return run_from_data(data)
    except ValueError as error:
        raise _Lost(f"run.json cannot be read ({_first_line(error)})") from error


def _read_loads(jobs: Path) -> tuple[tuple[TrialBundle, ...], tuple[Gap, ...]]:
    """Those of all jobs that had several."""
    found = [_read_trials(job) for job in sorted(jobs.glob("[!.]*/"))]
    loads = tuple(load for each, _ in found for load in each)
    return loads, tuple(gap for _, gaps in found for gap in gaps)


def _read_trials(parent: Path) -> tuple[tuple[TrialBundle, ...], tuple[Gap, ...]]:
    """The trials in the order of their numbers, and those whose record is missing or damaged."""
    trials: list[TrialBundle] = []
    gaps: list[Gap] = []
    for folder in sorted(parent.glob("[!.]*/")):
        if folder.name == "logs":
            continue  # a job's, beside its loads
        file = folder / "trial.json"
        if not file.is_file():
            gaps.append(Gap(folder.name, file.name))
            continue
        try:
            trials.append(TrialBundle(trial_from_data(_json(file)), folder))
        except (ValueError, OSError):
            gaps.append(Gap(folder.name, file.name, there=True))
    return tuple(sorted(trials, key=lambda trial: trial.record.number)), tuple(gaps)


def _trial_gaps(path: Path, wanted: int) -> tuple[Gap, ...]:
    folders = (path / "trials").glob("[!.]*/")
    return tuple(trial_gaps((folder.name for folder in folders), wanted))


def _trials_of(run: RunRecord) -> int:
    """How many trials a run must have, at least: all are in the bundle of one that has finished.

    How many a search or a sweep makes follows from what it finds.
    """
    if run.partial or run.search is not None or run.drain_records is not None or run.axes:
        return 0
    return len(run.planned) * run.repeats


def _table_gaps(trials: tuple[TrialBundle, ...], *, with_partitions: bool) -> tuple[Gap, ...]:
    return tuple(
        gap
        for trial in trials
        for gap in table_gaps(trial.folder, trial.record, with_partitions=with_partitions)
    )


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))


def _first_line(error: ValueError) -> str:
    return str(error).splitlines()[0]


def _fresh_folder(root: Path, name: str) -> Path:
    number = 1
    while True:
        folder = root / (name if number == 1 else f"{name}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
        else:
            return folder


def _parquet(table: pa.Table) -> Any:
    return lambda path: pq.write_table(table, path, compression="zstd")


def inside(name: str) -> PurePosixPath:
    """A program's name as a path that cannot leave its folder."""
    parts = [part for part in PurePosixPath(name).parts if part not in ("/", "..")]
    return PurePosixPath(*parts)


def _scrubbed(text: str) -> str:
    """JSON with its values scrubbed; its keys are ours, and a user may be called like one of them."""

    def walk(value: Any) -> Any:
        match value:
            case str():
                return scrub(value)
            case list():
                return [walk(item) for item in value]
            case dict():
                return {key: walk(item) for key, item in value.items()}
            case _:
                return value

    return json.dumps(walk(json.loads(text)), indent=2, ensure_ascii=False) + "\n"


def _copy_logs(source: Path, target: Path) -> None:
    for folder, _, names in os.walk(source):
        for name in sorted(names):
            file = Path(folder) / name
            if file.is_file() and not file.is_symlink():
                text = file.read_text(encoding="utf-8", errors="replace")
                write_text(target / file.relative_to(source), scrub(text))
