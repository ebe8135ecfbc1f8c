"""A copy of a bundle in a folder that may be given away."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.results.anonymous.bundles import Anonymous, anonymous, name_of
from streambench.results.anonymous.keys import COLUMN, KeyNumbers
from streambench.results.bundle import Bundle, TrialBundle, inside, read_bundle
from streambench.results.expectations import FOLDER as EXPECTATIONS
from streambench.results.files import write_text, write_with
from streambench.results.gaps import UNREADABLE
from streambench.results.schema import run_to_json, trial_to_json

SUFFIX: Final = "-anonymous"


def write_copy(bundle: Bundle, into: Path | None = None) -> Path:
    """Write its records, columns and programs without logs and reports; the new folder.

    That lies beside the bundle where `into` is None. An anonymous copy that is there is replaced. Raises
    UsageError for another folder that is not empty, EnvironmentLacks where it cannot be written.
    """
    final = into or bundle.folder.absolute().parent / (name_of(bundle) + SUFFIX)
    _refuse(final)
    found = anonymous(bundle)
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=".", dir=final.parent))
        try:
            _fill(hidden / "new", bundle, found)
            if final.exists():
                final.rename(hidden / "old")
            (hidden / "new").rename(final)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
    except OSError as error:
        raise EnvironmentLacks(
            f"the anonymous copy cannot be written: {error.strerror}",
            hint="name another folder: --out FOLDER",
        ) from error
    return final


def _refuse(final: Path) -> None:
    if not final.exists() or (final.is_dir() and not any(final.iterdir())):
        return
    try:
        replaceable = read_bundle(final).run.anonymous
    except UsageError:
        replaceable = False
    if not replaceable:
        raise UsageError(
            f"{final} is there already, and is no anonymous copy",
            hint="name another folder: --out FOLDER",
        )


def _fill(folder: Path, bundle: Bundle, found: Anonymous) -> None:
    write_text(folder / "run.json", run_to_json(found.bundle.run))
    (folder / "trials").mkdir()
    olds, news = ((*each.trials, *each.loads) for each in (bundle, found.bundle))
    for old, new in zip(olds, news, strict=True):
        _copy_trial(old, new, folder / _place(new, old, bundle.folder), found.numbers)
    for facts in sorted((bundle.folder / EXPECTATIONS).glob("[!.]*/facts.json")):
        there = folder / facts.parent.relative_to(bundle.folder)
        write_with(there / facts.name, partial(_copy, facts))
        _copy_tables(facts.parent, there, found.numbers)


def _place(new: TrialBundle, old: TrialBundle, root: Path) -> Path:
    """`trials/NN-variant` or `jobs/NN-variant/NN`, by the variant's present label."""
    part, *within = old.folder.relative_to(root).parts
    number = within[0].partition("-")[0]
    return Path(part, f"{number}-{new.record.variant.folder}", *within[1:])


def _copy_trial(old: TrialBundle, new: TrialBundle, into: Path, numbers: KeyNumbers | None) -> None:
    write_text(into / "trial.json", trial_to_json(new.record))
    for program in new.record.programs:
        write_text(into / "programs" / inside(program.name), program.text)
    _copy_tables(old.folder, into, numbers)


def _copy_tables(folder: Path, into: Path, numbers: KeyNumbers | None) -> None:
    """All that can be read; of the others the copy says that they are missing."""
    for path in sorted(folder.glob("*.parquet")):
        try:
            named = COLUMN in pq.read_schema(path).names
            table = numbers.table(pq.read_table(path)) if numbers is not None and named else None
        except UNREADABLE:
            continue
        write = partial(_copy, path) if table is None else partial(_write, table)
        write_with(into / path.name, write)


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)


def _write(table: object, target: Path) -> None:
    pq.write_table(table, target, compression="zstd")
