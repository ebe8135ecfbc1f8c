"""How numbers with units are written on the command line."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from pathlib import Path

import typer

from streambench.model.written import DECIMAL, quoted, read_whole
from streambench.workload.durations import LONGEST_MS, show_duration
from streambench.workload.text_file import WHY

_NUMBER = re.compile(rf"({DECIMAL})\s*([kKmM]?)")
_DURATION = re.compile(rf"({DECIMAL})\s*(ms|s|m|min|h)?")
_PERCENT = re.compile(rf"({DECIMAL})\s*%?")
_FACTOR = {"": 1, "k": 1_000, "m": 1_000_000}
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def rate(text: str) -> int:
    """Events per second: `20000`, `20k`, `1.5M`."""
    return _thousands(text, "a rate; write whole events per second, such as 20000 or 20k")


def count(text: str) -> int:
    """How many: `30000`, `30k`, `1.5M`."""
    return _thousands(text, "a count; write a whole number, such as 30000, 30k or 1M")


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A reader of whole numbers from `least` to `most`."""
    upwards = f"from {least} to {most}" if most is not None else f"of {least} or more"

    def number(text: str) -> int:
        value = read_whole(str(text))
        if value is None or value < least or (most is not None and value > most):
            raise typer.BadParameter(f"{quoted(str(text))} is not a whole number {upwards}")
        return value

    return number


def percent_within(least: float, most: float) -> Callable[[str], float]:
    """A reader of percentages from `least` to `most`: `5`, `2.5` or `5%`."""

    def share(text: str) -> float:
        match = _PERCENT.fullmatch(str(text).strip())
        if match is None or not least <= float(match[1]) <= most:
            raise typer.BadParameter(
                f"{quoted(str(text))} is not a percentage from {least:g} to {most:g}"
            )
        return float(match[1])

    return share


percent = percent_within(0.5, 50)


def duration_s(text: str) -> float:
    """A duration in seconds: `90`, `90s`, `2m`, `500ms`."""
    match = _DURATION.fullmatch(text.strip())
    value = float(match[1]) * _SECONDS[match[2] or "s"] if match else 0.0
    if value <= 0:
        raise typer.BadParameter(f"{quoted(text)} is not a duration; write it as 90s, 2m or 500ms")
    if value * 1000 > LONGEST_MS:
        raise typer.BadParameter(f"{quoted(text)} is longer than {show_duration(LONGEST_MS)}")
    return value


def folder(text: str) -> Path:
    """A folder's path; nothing at all would be the working folder by accident."""
    given = str(text)
    if not given.strip():
        raise typer.BadParameter(f"{quoted(given)} names no folder")
    path = Path(given)
    if (why := _no_folder_why(path)) is not None:
        raise typer.BadParameter(f"{quoted(given)} can be no folder: {why}")
    return path


def new_file(text: str) -> Path:
    """The path of a file that is to be written into a folder that is there."""
    given = str(text)
    if not given.strip():
        raise typer.BadParameter(f"{quoted(given)} names no file")
    path = Path(given)
    if (why := _no_folder_why(path.absolute().parent)) is not None:
        raise typer.BadParameter(f"{quoted(given)} can be no file: {why}")
    return path


def names(values: list[str]) -> tuple[str, ...]:
    """Option values that may also be separated by commas, in their order, once each."""
    split = (part.strip() for value in values for part in value.split(","))
    return tuple(dict.fromkeys(part for part in split if part))


def _no_folder_why(path: Path) -> str | None:
    """Why there is no such folder, and none can be made."""
    for each in (path, *path.parents):
        try:
            found = each.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return WHY.get(error.errno or 0, str(error.strerror))
        return None if stat.S_ISDIR(found.st_mode) else f"{each} is a file"
    return None


def _thousands(text: str, what: str) -> int:
    match = _NUMBER.fullmatch(text.strip())
    value = float(match[1]) * _FACTOR[match[2].lower()] if match else 0.0
    if value < 1 or value != int(value):
        raise typer.BadParameter(f"{quoted(text)} is not {what}")
    return int(value)
