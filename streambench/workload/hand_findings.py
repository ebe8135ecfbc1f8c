"""What is wrong with the files of a query by hand, as far as it can be told without running them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from streambench.model.by_hand import ByHand, HandFile, HandText
from streambench.model.errors import UsageError
from streambench.model.windows import Sessions
from streambench.model.workload import Workload
from streambench.workload.finding import Finding
from streambench.workload.oracle_sql import describe
from streambench.workload.python_file import require

_SEE: Final = "docs/by-hand-workloads.md has an example"
_PATH: Final = ("query", "columns")
# As the submitter of Flink's statements cuts them: no semicolon in a string, an identifier or a comment.
_STATEMENT: Final = re.compile(r"(?:'(?:[^']|'')*'|`[^`]*`|--[^\n]*|[^;'`-]|-)+")
_COMMENT: Final = re.compile(r"--[^\n]*")
_VIEW: Final = re.compile(
    r"CREATE\s+(TEMPORARY\s+)?(VIEW|FUNCTION|SYSTEM FUNCTION)\b", re.IGNORECASE
)
_INSERT: Final = re.compile(r"INSERT\s+INTO\s+`?results`?\s", re.IGNORECASE)
_CLASS: Final = re.compile(r"^\s*(?:final\s+)?class\s+Query\b", re.MULTILINE)
_PUBLIC: Final = re.compile(
    r"^\s*public\s+(?:final\s+|abstract\s+)*(?:class|record|interface|enum)\s", re.MULTILINE
)


def hand_findings(workload: Workload) -> Iterator[Finding]:
    """What stands against the files, each with its line where that is known; nothing where no query is by hand."""
    by_hand = workload.query.by_hand
    if by_hand is None:
        return
    checks: tuple[Callable[[], None], ...] = (
        lambda: describe(workload),
        lambda: _consumer(workload, by_hand),
        lambda: _flink(by_hand.text_of(HandFile.FLINK)),
        lambda: _spark(by_hand),
        lambda: _kafka_streams(by_hand.text_of(HandFile.KAFKA_STREAMS)),
    )
    for check in checks:
        try:
            check()
        except UsageError as error:
            yield Finding(error.message, error.hint or "", fatal=True, path=_PATH)


def _consumer(workload: Workload, by_hand: ByHand) -> None:
    file = by_hand.text_of(HandFile.CONSUMER)
    if file is None:
        return
    if isinstance(workload.query.window, Sessions):
        require(
            file,
            {
                "key_of": ("event",),
                "add": ("session", "event"),
                "merge": ("session", "other"),
                "rows": ("session", "window_start", "window_end"),
            },
        )
    else:
        require(file, {"add": ("window", "event"), "rows": ("window", "window_start")})


def _spark(by_hand: ByHand) -> None:
    if (program := by_hand.text_of(HandFile.SPARK)) is not None:
        require(program, {"query": ("events",)})
        return
    if (file := by_hand.text_of(HandFile.SPARK_SQL)) is not None:
        _one_select(file)


def _one_select(file: HandText) -> None:
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        statements = [each for each in sqlglot.parse(file.text, read="spark") if each is not None]
    except SqlglotError as error:
        told: dict[str, str] = next(iter(getattr(error, "errors", ())), {})
        place = f"{file.path}:{told['line']}" if told.get("line") else file.path
        words = told.get("description") or str(error).splitlines()[0]
        raise UsageError(f"{place}: {words}", hint=_SEE) from None
    if len(statements) != 1 or not isinstance(statements[0], exp.Query):
        raise UsageError(
            f"{file.path}: one SELECT is due, without a semicolon behind it", hint=_SEE
        )
    if file.text.rstrip().endswith(";"):
        raise UsageError(f"{file.path}: Spark takes no semicolon behind a statement", hint=_SEE)


def _flink(file: HandText | None) -> None:
    """Views and functions, then one INSERT INTO results."""
    if file is None:
        return
    found: list[tuple[int, str]] = []
    for each in _STATEMENT.finditer(file.text):
        text = _COMMENT.sub("", each[0]).strip()
        if text:
            begins = each.start() + each[0].index(text.split("\n")[0].strip())
            found.append((file.text.count("\n", 0, begins) + 1, text))
    for line, text in found[:-1]:
        if not _VIEW.match(text):
            raise UsageError(
                f"{file.path}:{line}: a view is due before the INSERT, not {text.split()[0]}",
                hint=f"streambench makes the tables events and results itself; {_SEE}",
            )
    if not found or not _INSERT.match(found[-1][1]):
        line = found[-1][0] if found else 1
        raise UsageError(
            f"{file.path}:{line}: the last statement is no INSERT INTO results SELECT …",
            hint=f"rows go to the table results, which streambench makes; {_SEE}",
        )
    rest = _STATEMENT.sub("", file.text).replace(";", "").strip()
    if rest:
        raise UsageError(f"{file.path}: a quote is not closed", hint=_SEE)


def _kafka_streams(file: HandText | None) -> None:
    if file is None:
        return
    if not _CLASS.search(file.text):
        raise UsageError(f"{file.path}: class Query is missing", hint=_SEE)
    if (found := _PUBLIC.search(file.text)) is not None:
        line = file.text.count("\n", 0, found.end()) + 1
        raise UsageError(
            f"{file.path}:{line}: a public class would have to be called as the file, and so is one of the library",
            hint="write: final class Query",
        )
