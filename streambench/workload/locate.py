"""Where workload folders lie: `./workloads` first, then those that come with streambench."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.written import quoted
from streambench.workload.names import nearest
from streambench.workload.text_file import WHY

FILE_NAME: Final = "workload.toml"
_PACKAGE: Final = Path(__file__).resolve().parent.parent


def shipped_root() -> Path:
    """Return the folder of the workloads that come with streambench.

    A wheel carries them inside the package; in a checkout they lie beside it.
    """
    packed = _PACKAGE / "_workloads"
    return packed if packed.is_dir() else _PACKAGE.parent / "workloads"


def default_roots() -> tuple[Path, ...]:
    """Return the folders that are searched, in order."""
    return (Path.cwd() / "workloads", shipped_root())


def available(roots: Sequence[Path] | None = None) -> tuple[Path, ...]:
    """Return the folder of every workload that `find` would find, sorted by name."""
    found: dict[str, Path] = {}
    for root in default_roots() if roots is None else roots:
        for folder in _folders(root):
            # Also where it is a pipe, or a link to nothing: whoever names it is told so.
            if os.path.lexists(folder / FILE_NAME):
                found.setdefault(folder.name, folder)
    return tuple(found[name] for name in sorted(found))


def find(name: str, roots: Sequence[Path] | None = None) -> Path:
    """Return the folder of the workload `name`, or of a path to a folder; UsageError when there is none."""
    known = {folder.name: folder for folder in available(roots)}
    if name in known:
        return known[name]
    if "/" in name and (folder := _at(name)) is not None:
        return folder
    close = nearest(name, known)
    shown = f"did you mean '{close}'?" if close else f"known are {', '.join(known) or 'none'}"
    raise UsageError(
        f"there is no workload {quoted(name)}; {shown}",
        hint=f"streambench run {shlex.quote(close)}" if close else "streambench workloads",
    )


def find_form(name: str, roots: Sequence[Path] | None = None) -> tuple[Path, str | None]:
    """The folder of `WORKLOAD[:FORM]`, and its form; UsageError when there is no such folder."""
    base, colon, form = name.rpartition(":")
    known = {folder.name for folder in available(roots)}
    if not colon or name in known or ("/" in name and _at(name) is not None):
        return find(name, roots), None
    return find(base, roots), form


def _at(name: str) -> Path | None:
    """The folder at a path, or of a path to its file; None where there is no workload."""
    path = Path(name)
    file = path if path.name == FILE_NAME else path / FILE_NAME
    try:
        os.lstat(file)
        return file.parent.resolve()
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    except OSError as error:
        raise UsageError(
            f"there is no workload {quoted(name)}: {WHY.get(error.errno or 0, str(error.strerror))}",
            hint="streambench workloads",
        ) from None


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(root.iterdir())
    except OSError:  # there is none, or nothing in it may be seen
        return []
