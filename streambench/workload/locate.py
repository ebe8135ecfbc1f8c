"""Where workload folders lie: `./workloads` first, then those that come with streambench."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streambench.model.errors import UsageError
from streambench.workload.names import nearest

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
        for file in sorted(root.glob(f"*/{FILE_NAME}")):
            found.setdefault(file.parent.name, file.parent)
    return tuple(found[name] for name in sorted(found))


def find(name: str, roots: Sequence[Path] | None = None) -> Path:
    """Return the folder of the workload `name`, or of a path to a folder; UsageError when there is none."""
    known = {folder.name: folder for folder in available(roots)}
    if name in known:
        return known[name]
    if "/" in name and (Path(name) / FILE_NAME).is_file():
        return Path(name).resolve()
    close = nearest(name, known)
    shown = f"did you mean '{close}'?" if close else f"known are {', '.join(known) or 'none'}"
    raise UsageError(
        f"there is no workload '{name}'; {shown}",
        hint=f"streambench run {close}" if close else "streambench workloads",
    )
