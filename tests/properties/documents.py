"""A case as a folder with a workload.toml, read as a user's own."""

from __future__ import annotations

import json
from pathlib import Path

from streambench.model.workload import Workload
from streambench.workload.parse import load_workload
from tests.properties.cases import Case


def document(case: Case) -> str:
    """The workload.toml."""
    fields = [
        f"{column.name} = {{ type = {_text(column.type.value)}, null = true }}"
        if column.name in case.nullable
        else f"{column.name} = {_text(column.type.value)}"
        for column in case.columns
    ]
    query = [] if case.where is None else [f"where = {_text(case.where.text)}"]
    query += [
        f"group_by = [{', '.join(map(_text, case.keys))}]",
        f"window = {case.spans.text}",
        f'grace = "{case.grace_ms} ms"',
    ]
    if case.having is not None:
        query.append(f"having = {_text(case.having.text)}")
    return "\n".join(
        (
            'title = "A case"',
            "[input]",
            'replay = "events.jsonl"',
            'event_time = "at"',
            f"partitions = {case.partitions}",
            'quantum = "5 ms"',
            "[input.fields]",
            *fields,
            "[query]",
            *query,
            "[query.let]",
            *(f"{name} = {_text(piece.text)}" for name, piece in case.lets),
            "[query.select]",
            *(f"{fold.alias} = {_text(fold.text)}" for fold in case.folds),
            *(line for table in case.tables for line in table.declaration()),
            "",
        )
    )


def workload_of(case: Case, folder: Path) -> Workload:
    """What streambench makes of it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workload.toml").write_text(document(case), encoding="utf-8")
    for table in case.tables:
        (folder / table.file).write_text(table.lines(), encoding="utf-8")
    return load_workload(folder)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
