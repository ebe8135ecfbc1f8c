"""Bundles kept under a name, to be compared with later."""

from __future__ import annotations

import difflib
import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.results.bundle import read_bundle

FOLDER: Final = "baselines"
_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,63}", re.ASCII)


def save(bundle: Path, name: str, root: Path) -> Path:
    """Copy a bundle to `<root>/baselines/<name>`, in place of what is there; the new folder.

    Raises UsageError for what is no bundle or no name.
    """
    _check(name)
    read_bundle(bundle)
    final = root / FOLDER / name
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        hidden = Path(tempfile.mkdtemp(prefix=".", dir=final.parent))
    except OSError as error:
        raise EnvironmentLacks(
            f"no baseline can be kept in {final.parent}: {error.strerror}",
            hint="name another folder: --in FOLDER",
        ) from error
    try:
        shutil.copytree(bundle, hidden / name)
        old = hidden / "old"
        if final.exists():
            final.rename(old)
        (hidden / name).rename(final)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return final


def find(name: str, root: Path) -> Path:
    """The folder of a baseline. Raises UsageError when there is none of this name."""
    _check(name)
    folder = root / FOLDER / name
    if not (folder / "run.json").is_file():
        known = names(root)
        near = difflib.get_close_matches(name, known, 1)
        there = f"; there is {near[0]}" if near else ""
        raise UsageError(
            f"there is no baseline {name} in {root / FOLDER}{there}",
            hint=f"streambench baseline save FOLDER {name}",
        )
    return folder


def names(root: Path) -> list[str]:
    """The names of all baselines."""
    return sorted(file.parent.name for file in (root / FOLDER).glob("[!.]*/run.json"))


def _check(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name of a baseline: letters, digits, dots and dashes, 64 at most",
            hint="streambench baseline save FOLDER main",
        )
