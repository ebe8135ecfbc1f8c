"""What ends a command: in the user's words where the user, or the machine, caused it; else as a bug.

What users write is read where it is refused with a place in it. What is left here are files and folders:
which of them can be used is known only when they are.
"""

from __future__ import annotations

import errno
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from streambench.model.errors import EnvironmentLacks, StreambenchError, UsageError
from streambench.model.written import printable, shortened
from streambench.workload.text_file import WHY

BUG: Final = (
    "this is a bug in streambench, not in what you typed; please report it with the lines above and "
    "with your command"
)
_MOST_SHOWN: Final = 120
_QUERY_INTERRUPTED: Final = "Query interrupted"
_LOOP: Final = "Symlink loop"  # as pathlib of Python 3.11 says it, without a number
# What the machine lacks, whatever was typed.
_LACKS: Final[Mapping[int, tuple[str, str]]] = {
    errno.ENOSPC: ("there is no room left on a disk", "df -h, or: streambench clean"),
    errno.EDQUOT: ("your share of a disk is used up", "df -h, or: streambench clean"),
    errno.EMFILE: ("too many files are open at once", "ulimit -n 4096, then the same again"),
    errno.ENFILE: ("too many files are open at once", "ulimit -n 4096, then the same again"),
    errno.ENOMEM: ("there is no memory left", "streambench doctor"),
}


def is_interrupt(error: BaseException) -> bool:
    """Whether an interrupt ended a query of DuckDB, which says so by an error of its own."""
    return isinstance(error, RuntimeError) and str(error) == _QUERY_INTERRUPTED


def in_words(error: Exception, typed: Sequence[str]) -> StreambenchError | None:
    """What a user can understand of an error; None for a bug. `typed` are the words of the command line."""
    match error:
        case StreambenchError():
            return error
        case OSError():
            return _of_a_file(error, typed)
        case RuntimeError() if str(error).startswith(_LOOP):
            path = str(error).partition("'")[2].rpartition("'")[0]
            return _of_a_file(OSError(errno.ELOOP, "", path), typed)
        case MemoryError():
            return EnvironmentLacks("there is no memory left", hint="streambench doctor")
        case _:
            return None


def _of_a_file(error: OSError, typed: Sequence[str]) -> StreambenchError | None:
    number = error.errno or 0
    if (lacks := _LACKS.get(number)) is not None:
        return EnvironmentLacks(lacks[0], hint=lacks[1])
    why = WHY.get(number)
    if why is None or not isinstance(error.filename, str | bytes):
        return None
    path = Path(os.fsdecode(error.filename))
    if not _is_the_users(path, typed):
        return None
    if number in (errno.ENOTDIR, errno.EEXIST) and (file := _file_on_the_way(path)) is not None:
        path, why = file, "it is a file, not a folder"
    shown = shortened(printable(str(path)), _MOST_SHOWN)
    return UsageError(
        f"{shown} cannot be used: {why}",
        hint=f"ls -ld {shlex.quote(shown)}, then name another file or folder",
    )


def _is_the_users(path: Path, typed: Sequence[str]) -> bool:
    """Whether it was typed, lies below or above what was typed, or in the working folder.

    What streambench brings along is its own: that it lacks there is a bug.
    """
    whole = _absolute(path)
    if whole.is_relative_to(Path(__file__).parent.parent):
        return False
    if whole.is_relative_to(Path.cwd()):
        return True
    words = (part for word in typed for part in (word, word.partition("=")[2]) if part)
    named = [_absolute(Path(word)) for word in words if "/" in word]
    return any(whole.is_relative_to(each) or each.is_relative_to(whole) for each in named)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # links are not followed: they may lead nowhere


def _file_on_the_way(path: Path) -> Path | None:
    return next((each for each in (path, *path.parents) if each.is_file()), None)
