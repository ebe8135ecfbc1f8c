"""The files of a query by hand, as programs of a plan."""

from __future__ import annotations

from pathlib import Path

from streambench.engines.common.symbols import literal
from streambench.model.by_hand import HandFile
from streambench.model.plan import Program, Unsupported, Whose
from streambench.model.workload import Workload

_LANGUAGES = {".sql": "sql", ".py": "python", ".java": "java"}


def hand_program(workload: Workload, file: HandFile) -> Program:
    """A file that is there, as it is."""
    by_hand = workload.query.by_hand
    found = None if by_hand is None else by_hand.text_of(file)
    assert found is not None, f"{file.value} is there"
    language = _LANGUAGES[Path(file.value).suffix]
    return Program(file.value, language, literal(found.text))


def hand_programs(workload: Workload) -> tuple[Program, ...]:
    """What a bundle keeps beside the program itself: `oracle.sql`; nothing where no query is by hand."""
    return () if workload.query.by_hand is None else (hand_program(workload, HandFile.ORACLE),)


def missing_file(workload: Workload, *files: HandFile) -> Unsupported | None:
    """Why an engine cannot run a query by hand: none of its files is there. None where it can."""
    by_hand = workload.query.by_hand
    if by_hand is None or any(by_hand.text_of(file) is not None for file in files):
        return None
    names = " or ".join(file.value for file in files)
    return Unsupported(
        Whose.OURS,
        f"its query is written by hand, and {names} is not there",
        f"write {workload.folder / files[0].value}: docs/by-hand-workloads.md shows how",
    )
