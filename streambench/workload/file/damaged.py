"""Why a file cannot be read, in words: with the line, where one can be told, and never in DuckDB's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from streambench.model.errors import UsageError
from streambench.workload.file.tables import cut_off, ending_of, not_unpacked, where_json_breaks

_HINT: Final = "check `replay` in workload.toml; Parquet, CSV and JSON can be played"
_NO_PARQUET: Final = ("magic bytes", "too small to be a parquet")


def unreadable(error: Any, path: Path) -> UsageError | None:
    """DuckDB's refusal of a file in words; None where the fault is not the file's."""
    import duckdb

    match ending_of(path):
        case ".parquet":
            # A damaged one ends in any kind of error, but in none of a statement's own.
            ours: tuple[type, ...] = (
                *(duckdb.BinderException, duckdb.ParserException, duckdb.CatalogException),
                duckdb.InterruptException,
            )
            if isinstance(error, ours):
                return None
        case _:
            of_a_file = (
                *(duckdb.IOException, duckdb.InvalidInputException),
                *(duckdb.ConversionException, duckdb.OutOfRangeException),
            )
            if not isinstance(error, of_a_file):
                return None
    told = str(error)
    if (system := re.search(r"Cannot open file .*: (.+)", told)) is not None:
        return UsageError(f"{path} cannot be read: {system[1].lower()}", hint=_HINT)
    if "gzip" in told.lower() and path.name.lower().endswith(".gz"):
        return cut_off(path) if "end of GZIP" in told else not_unpacked(path)
    match ending_of(path):
        case ".parquet":
            return _of_parquet(told, path)
        case ".csv" | ".tsv":
            return _of_csv(told, path)
        case _:
            return _of_json(told, path)


def _of_parquet(told: str, path: Path) -> UsageError:
    if any(words in told.lower() for words in _NO_PARQUET):
        return UsageError(f"{path} is no Parquet file, or not all of one", hint=_HINT)
    return UsageError(
        f"{path} cannot be read: it is damaged, or holds more than can be read",
        hint=f"write it anew, or copy it again; {_HINT}",
    )


def _of_csv(told: str, path: Path) -> UsageError:
    if (line := re.search(r"CSV Error on Line: (\d+)", told)) is None:
        return UsageError(
            f"{path} is no CSV that can be read: not all of its lines end alike, or a quote stands"
            " where none can",
            hint=f"make them end alike, for example: tr -d '\\r' < {path.name} > mended-{path.name}",
        )
    where = f"{path}, line {int(line[1]):,}"
    counted = re.search(r"Expected Number of Columns: (\d+) Found: (\d+)", told)
    if counted is not None:
        return UsageError(
            f"{where}: {counted[2]} values, and the first line names {counted[1]} columns",
            hint="quote a value that holds the delimiter, or name the delimiter: "
            'delimiter = ";" in [input] of workload.toml',
        )
    if "not utf-8" in told:
        return UsageError(
            f"{where}: the text is not UTF-8",
            hint=f"convert it, for example: iconv -f latin1 -t utf-8 {path.name} > utf8-{path.name}",
        )
    if "unterminated quote" in told:
        return UsageError(
            f"{where}: a quote begins a value and does not end it",
            hint='write a quote within a value twice: "say ""hello"""',
        )
    if "Maximum line size" in told:
        return UsageError(f"{where}: it is longer than 64 MiB", hint=_HINT)
    return UsageError(f"{where}: it cannot be read", hint=_HINT)


def _of_json(told: str, path: Path) -> UsageError:
    hint = "one object a line, or one array of objects, can be played"
    if "maximum_object_size" in told:
        return UsageError(f"{path} holds an object that is longer than 64 MiB", hint=hint)
    if (json := re.search(r'Malformed JSON in file ".*?", at (.*)', told)) is not None:
        reason = where_json_breaks(path) or json[1].partition(" Try ")[0].strip().rstrip(".")
        return UsageError(f"{path} is not JSON that can be played: {reason}", hint=hint)
    return UsageError(f"{path} is not JSON that can be played: it is damaged", hint=hint)
