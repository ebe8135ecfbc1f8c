"""Text files that a user names: read whole, or refused with the reason; never waited for."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 16 * 1024 * 1024
"""No text that is written by hand is longer; what is, is another file."""
WHY: Final[Mapping[int, str]] = {
    errno.EACCES: "you may not use it",
    errno.EPERM: "you may not use it",
    errno.EROFS: "nothing can be written there",
    errno.ENOENT: "it does not exist",
    errno.ENOTDIR: "a part of its path is a file, not a folder",
    errno.EEXIST: "it is there already",
    errno.EISDIR: "it is a folder, not a file",
    errno.ENAMETOOLONG: "its name is too long",
    errno.ELOOP: "it is a symlink that leads back to itself",
    errno.ENXIO: "it is neither a file nor a folder",
}
"""By its number, why a file or a folder cannot be used."""


class NoText(Exception):
    """A file that cannot be read as text; `why` is the reason, in words."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def read_text(file: Path) -> str:
    """Return what the file holds, its line ends made `\\n` and without the mark that Windows begins it with.

    Raises NoText for what is no file of text, and FileNotFoundError.
    """
    try:
        # Without this flag a pipe would be waited for.
        descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NoText(WHY.get(error.errno or 0, str(error.strerror))) from None
    except ValueError:
        raise NoText("its name holds a character that no file can have") from None
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(kind):
            raise NoText(WHY[errno.EISDIR])
        if not stat.S_ISREG(kind):
            raise NoText("it is a pipe or a device, not a file")
        with os.fdopen(descriptor, "rb", closefd=False) as opened:
            written = opened.read(MOST_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(written) > MOST_BYTES:
        raise NoText(f"it is longer than {MOST_BYTES // 1024**2} MiB")
    try:
        text = written.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoText(f"byte {error.start + 1} is not UTF-8") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
