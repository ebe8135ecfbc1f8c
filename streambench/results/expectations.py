"""What rows were judged by, kept in the bundle: with it every load can be judged again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from streambench.model.columns import ResultColumn
from streambench.model.plan import EventClock
from streambench.oracle.expected import Expected

FOLDER: Final = "expectations"
_DIGEST_LENGTH: Final = 16


@dataclass(frozen=True)
class _Facts:
    """Everything of an expectation that is no column."""

    aggregates: tuple[ResultColumn, ...]
    clock: EventClock
    quantum_ms: int
    quanta: int
    exact: bool
    nothing_late: bool
    signed: tuple[str, ...] = ()


_FACTS = TypeAdapter(_Facts)


def store(bundle: Path, expected: Expected) -> str:
    """Keep an expectation in the bundle's folder, once; returns its name. Holds are not kept."""
    parent = bundle / FOLDER
    parent.mkdir(exist_ok=True)
    hidden = Path(tempfile.mkdtemp(prefix=".", dir=parent))
    try:
        hidden.chmod(0o755)
        facts = _Facts(
            expected.aggregates,
            expected.clock,
            expected.quantum_ms,
            expected.quanta,
            expected.exact,
            expected.nothing_late,
            expected.signed,
        )
        (hidden / "facts.json").write_bytes(_FACTS.dump_json(facts, indent=2) + b"\n")
        for name, table in (
            ("rows", expected.table),
            ("inputs", expected.inputs),
            ("moving", _moving_table(expected.moving_quanta)),
        ):
            pq.write_table(table, hidden / f"{name}.parquet", compression="zstd")
        name = _digest(hidden)
        if not (parent / name).exists():
            hidden.rename(parent / name)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return name


def load(bundle: Path, name: str, holds: tuple[tuple[int, int], ...]) -> Expected:
    """The expectation of that name, for a load with these holds. Raises OSError or ValueError."""
    folder = bundle / FOLDER / name
    facts = _FACTS.validate_python(json.loads((folder / "facts.json").read_text()))
    moving = pq.read_table(folder / "moving.parquet")
    return Expected(
        table=pq.read_table(folder / "rows.parquet"),
        inputs=pq.read_table(folder / "inputs.parquet"),
        holds=holds,
        moving_quanta=_moving(moving),
        **{field.name: getattr(facts, field.name) for field in dataclasses.fields(facts)},
    )


def _moving_table(moving_quanta: Mapping[int, Any]) -> pa.Table:
    partitions = [np.full(len(quanta), partition) for partition, quanta in moving_quanta.items()]
    return pa.table(
        {
            "partition": np.concatenate([np.zeros(0, np.int64), *partitions]).astype(np.int64),
            "quantum": np.concatenate([np.zeros(0, np.int64), *moving_quanta.values()]),
        }
    )


def _moving(table: pa.Table) -> dict[int, Any]:
    partition, quantum = table.column("partition").to_numpy(), table.column("quantum").to_numpy()
    return {int(each): quantum[partition == each] for each in np.unique(partition)}


def _digest(folder: Path) -> str:
    found = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        found.update(file.name.encode())
        found.update(file.read_bytes())
    return found.hexdigest()[:_DIGEST_LENGTH]
