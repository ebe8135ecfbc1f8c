"""`consumer.py` run over some records in a process of its own, with no broker: prints what its rows are.

    python -m streambench.engines.kafka_python.dry_run FOLDER

FOLDER holds the plan's programs, and `records.jsonl`: [partition, event_ms, value] a line, in the order of the log,
then those of the flush. Prints a JSON object a line: {"row": value}, or {"failed": why, "file", "line", "event"}.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path
from typing import Any, NamedTuple, cast

from streambench.engines.common.query_module import HandProgram, load_program
from streambench.engines.kafka_python.gathering import Gathering, Parting
from streambench.engines.kafka_python.sessions import OpenSessions
from streambench.engines.kafka_python.windows import CommitMark, OpenWindows
from streambench.engines.kafka_python.worker import rows_of_closed


class _Given(NamedTuple):
    offset: int
    timestamp: int


def main(folder: Path) -> None:
    """Feed all records, and tell each row, or where the program failed."""
    number = 0
    try:
        program = load_program(folder / "query.py")
        lines = (folder / "records.jsonl").read_text(encoding="utf-8").splitlines()
        records = [json.loads(line) for line in lines]
        partitions = 1 + max(partition for partition, _, _ in records)
        gathers = bool(getattr(program, "GATHERS", False))
        place = Gathering(cast(HandProgram, program), CommitMark(0, 0), partitions)
        states: dict[int, Any] = {}
        moved = 0
        for number, (partition, event_ms, value) in enumerate(records, start=1):
            event = json.loads(value, parse_float=program.PARSE_FLOAT)
            record = _Given(number, event_ms)
            if partition not in states:
                states[partition] = _opened(program, partition, gathers=gathers)
            if not gathers:
                _tell(rows_of_closed(states[partition], [record], [event]))
                continue
            for part in states[partition].feed([record], [event]):
                moved += 1
                said = json.loads(part.value, parse_float=program.PARSE_FLOAT)
                _tell(list(place.feed([_Given(moved, part.event_ms)], [said])))
    except Exception as error:  # whatever the user's program does
        print(json.dumps(_failure(error, folder, number)))


def _opened(program: Any, partition: int, *, gathers: bool) -> Any:
    if gathers:
        return Parting(program, CommitMark(0, 0), partition)
    if hasattr(program, "GAP_MS"):
        return OpenSessions(program, CommitMark(0, 0))
    return OpenWindows(program, CommitMark(0, 0))


def _tell(rows: list[tuple[bytes, bytes]]) -> None:
    for _, value in rows:
        print(json.dumps({"row": value.decode()}))


def _failure(error: Exception, folder: Path, number: int) -> dict[str, Any]:
    own = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if Path(frame.filename) == folder / "consumer.py"
    ]
    line = own[-1].lineno if own else None
    if isinstance(error, SyntaxError):
        line = error.lineno
    return {"failed": f"{type(error).__name__}: {error}", "line": line, "event": number}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
