"""Programs by hand tried on the first records of a load, before anything is started.

Of `consumer.py` the rows are held against those of `oracle.sql`; `KafkaStreams.java` is compiled. What SQL engines
make of their files is told by them alone, when a job starts.
"""

from __future__ import annotations

import base64
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from streambench.engines.common.symbols import fill, literal
from streambench.engines.registry import CONTENDERS, engine_named
from streambench.kafka.raw_rows import RawRow, RawRows
from streambench.kafka.rows import decode
from streambench.load.given_probes import given_probes
from streambench.load.probe import Values, record, records_of
from streambench.load.resolve import chunks, resolve
from streambench.load.writer import by_batch
from streambench.model.by_hand import HandFile
from streambench.model.columns import value_column
from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import EngineFailed, EnvironmentLacks, UsageError
from streambench.model.plan import LONGEST_JUMP, Artifacts, Plan, Program
from streambench.model.windows import Sessions
from streambench.model.workload import SESSION_LENGTH, Workload
from streambench.oracle.columns import duckdb_session
from streambench.oracle.given import given_rows
from streambench.runtime.artifacts import Resolved, missing
from streambench.runtime.artifacts import resolve as resolve_artifacts
from streambench.runtime.compiler import compile_java
from streambench.runtime.jars import jar_sets
from streambench.workload.oracle_sql import WINDOW_END, WINDOW_START, oracle_text, shift_ms
from streambench.workload.sql import to_sql

TRIED: Final = 1_000
_TIMEOUT_S: Final = 60.0
_SEED: Final = 1
_SHOWN: Final = 3
_COMPILER: Final = "compiler"
_RELATIVE: Final = 1e-9
_JAVA_ERROR: Final = re.compile(
    r"ERROR in .*?([\w]+\.java) \(at line (\d+)\)\n(.*?)\n-{5,}", re.DOTALL
)
_SYMBOLS: Final = {LONGEST_JUMP: "0", "input_topic": "input", "output_topic": "output"}


@dataclass(frozen=True)
class Tried:
    """The first records of a load: partition, event time and value of each; and what `oracle.sql` makes of them.

    `keys` are those in Kafka of both, in their order. `flush` are records behind them, one on each partition, by which all their windows close. `rows` are by group
    and window.
    """

    records: Sequence[tuple[int, int, bytes]]
    flush: Sequence[tuple[int, int, bytes]]
    flush_ms: int
    keys: Sequence[bytes | None]
    rows: Mapping[tuple[str, int], Mapping[str, Any]]


def dry_run(workload: Workload, plans: Iterable[tuple[Plan, Resolved | None]]) -> None:
    """Try the programs of these plans; nothing where no query is by hand. Raises UsageError for the first that fails.

    What needs Java is not tried where its jars are None.
    """
    if workload.query.by_hand is None:
        return
    given = tried(workload)
    for plan, artifacts in plans:
        names = {program.name for program in plan.programs}
        if HandFile.CONSUMER.value in names:
            try_consumer(workload, plan, given)
        if HandFile.KAFKA_STREAMS.value in names and artifacts is not None:
            artifacts = _with_driver(artifacts, driver_of(plan))
            try_java(workload, plan, artifacts, given)


def _with_driver(artifacts: Resolved, driver: str) -> Resolved:
    """With these jars too, where they are locked and on disk or can be fetched, which is little."""
    if driver not in jar_sets():
        return artifacts
    try:
        found = resolve_artifacts(Artifacts(java=True, jar_sets=(driver,)))
    except EnvironmentLacks:  # without a network it is compiled only
        return artifacts
    return replace(artifacts, jars={**artifacts.jars, **found.jars})


def plans_of(workload: Workload) -> Iterator[tuple[Plan, Resolved | None]]:
    """Those of all engines that can run it, with what is on disk already: nothing is fetched."""
    conditions = Conditions(partitions=workload.partitions)
    for engine in map(engine_named, CONTENDERS):
        variant = Variant(engine.name, engine.version)
        plan = engine.plan(workload, conditions, variant)
        if isinstance(plan, Plan):
            wanted = engine.requires(variant)
            yield plan, None if missing([wanted]) else resolve_artifacts(wanted)


def driver_of(plan: Plan) -> str:
    """The jars of the test driver of Kafka Streams in the version of a plan; not of each version they are locked."""
    return f"streams-driver-{plan.version}"


def tried(workload: Workload) -> Tried:
    """The first thousand records. Raises UsageError for what `oracle.sql` cannot do of them."""
    duration_ms = None
    if workload.pace is not None:
        rate = getattr(workload.input, "rate_per_s", None) or workload.pace.rate_per_s
        duration_ms = max(2 * workload.quantum_ms, -(-2 * TRIED * 1_000 // rate))
    load = resolve(workload, duration_ms=duration_ms, rate_per_s=None)
    values: list[Values] = []
    events: list[tuple[int, int, bytes]] = []
    times: list[int] = []
    keys: list[bytes | None] = []
    for chunk in chunks(
        workload, load, seed=_SEED, partitions=workload.partitions, chunk_records=TRIED
    ):
        ordered = by_batch(chunk, workload, workload.partitions)
        columns = [field.arrow().to_pylist() for field in ordered.chunk.fields]
        names = [field.name for field in workload.fields]
        for at, partition in enumerate(ordered.partition.tolist()):
            each = {name: column[at] for name, column in zip(names, columns, strict=True)}
            event_ms = int(ordered.chunk.event_ms[at])
            values.append(each)
            times.append(event_ms)
            key, value = record(workload, each)
            events.append((partition, event_ms, value))
            keys.append(key)
            if len(events) == TRIED:
                break
        if len(events) == TRIED:
            break
    query = workload.query
    window = query.window
    last_ms = max(times)
    flush_ms = window.shifted(
        window.end(window.newest(last_ms)), window.count_over(window.horizon_ms(query.grace_ms)) + 1
    )
    probes = given_probes(workload)
    flush = [(probe.partition, flush_ms, probe.value) for probe in probes]
    keys += [probe.key for probe in probes]
    return Tried(events, flush, flush_ms, keys, _oracle_rows(workload, values, times))


def _oracle_rows(
    workload: Workload, values: Sequence[Values], times: Sequence[int]
) -> dict[tuple[str, int], dict[str, Any]]:
    where = workload.query.where
    table = records_of(workload, values).append_column("event_ms", pa.array(times, pa.int64()))
    with duckdb_session() as connection:
        connection.register("tried_records", table)
        passing = "true" if where is None else to_sql(where)
        source = f"SELECT * FROM tried_records WHERE {passing}"
        rows = given_rows(connection, workload.query, source)
    found = {}
    for row in rows.to_pylist():
        if isinstance(workload.query.window, Sessions):
            row[SESSION_LENGTH.alias] = row.pop(WINDOW_END) - row[WINDOW_START]
        found[(row["key"], row[WINDOW_START])] = row
    return found


def try_consumer(workload: Workload, plan: Plan, given: Tried) -> None:
    """Run `consumer.py` over the records, in a process of its own. Raises UsageError, with its line where it fails."""
    by_hand = workload.query.by_hand
    file = None if by_hand is None else by_hand.text_of(HandFile.CONSUMER)
    if file is None:
        return
    with tempfile.TemporaryDirectory(prefix="streambench-dry-run-") as name:
        folder = Path(name)
        _write(folder, [each for each in plan.programs if each.name != "job.json"])
        # As in a run: since 1970, shifted without moving a window's edge.
        offset_ms = shift_ms(workload.query)
        lines = [
            json.dumps([partition, event_ms + offset_ms, value.decode()]) + "\n"
            for partition, event_ms, value in (*given.records, *given.flush)
        ]
        (folder / "records.jsonl").write_text("".join(lines), encoding="utf-8")
        try:
            done = subprocess.run(
                [sys.executable, "-m", "streambench.engines.kafka_python.dry_run", name],
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _endless(file.path, given) from None
    rows = list(_said(done.stdout, file.path, len(given.records)))
    if done.returncode != 0:
        words = (done.stderr.strip().splitlines() or ["it ended"])[-1]
        raise UsageError(f"{file.path}: {words}", hint="docs/by-hand-workloads.md has an example")
    _compare(workload, rows, given, file.path)


def _said(printed: str, path: str, records: int) -> Iterator[bytes]:
    """The rows that a dry run printed. Raises UsageError where it failed, or something else was written."""
    for line in printed.splitlines():
        try:
            said = json.loads(line)
        except ValueError:
            continue  # what the user's program prints
        match said:
            case {"failed": why, "line": at, "event": number}:
                place = path if at is None else f"{path}:{at}"
                raise UsageError(
                    f"{place}: at event {number:,} of the first {records:,}: {why}",
                    hint="docs/by-hand-workloads.md says what it is given",
                )
            case {"topic": topic}:
                raise UsageError(
                    f"{path}: it writes to the topic {topic}, and rows go to no other than the output",
                    hint="give rows back, and streambench writes them",
                )
            case {"row": str(row)}:
                yield row.encode()


def _write(folder: Path, programs: Sequence[Program]) -> None:
    for each in programs:
        path = folder / each.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(fill(each.text, _SYMBOLS), encoding="utf-8")


def _compare(workload: Workload, rows: Sequence[bytes], given: Tried, path: str) -> None:
    query = workload.query
    offset_ms = shift_ms(query)
    decoded = decode(
        RawRows.of(RawRow(0, at, 0, 0, None, row) for at, row in enumerate(rows)), query
    )
    if decoded.malformed:
        first = decoded.malformed[0]
        raise UsageError(
            f"{path}: a row is not what [query.columns] declares: {first.reason} in {first.value}",
            hint="docs/by-hand-workloads.md has an example",
        )
    found: dict[tuple[str, int], dict[str, Any]] = {}
    twice = []
    for row in decoded.table.to_pylist():
        place = (row["key"], row["window_start_ms"] - offset_ms)
        if place[1] >= given.flush_ms - query.window.shortest_ms:
            continue  # of the flush alone
        if place in found:
            twice.append(place)
        found[place] = row
    wrong = list(_differences(workload, found, given))
    wrong += [f"the row of {key} at {start} comes twice" for key, start in twice]
    if wrong:
        more = f"; and {len(wrong) - _SHOWN:,} more" if len(wrong) > _SHOWN else ""
        raise UsageError(
            f"{path}: of the first {len(given.records):,} events {'; '.join(wrong[:_SHOWN])}{more}",
            hint=f"compare it with {oracle_text(query).path}",
        )


def _differences(
    workload: Workload, found: Mapping[tuple[str, int], Mapping[str, Any]], given: Tried
) -> Iterator[str]:
    by_hand = workload.query.by_hand
    assert by_hand is not None, "it is by hand"
    columns = {each.name: each.within or 0.0 for each in by_hand.columns}
    if isinstance(workload.query.window, Sessions):
        columns[SESSION_LENGTH.alias] = 0.0
    for place, due in given.rows.items():
        key, start = place
        came = found.get(place)
        if came is None:
            yield f"the row of {key} at {start} is missing, which oracle.sql has"
            continue
        for name, within in columns.items():
            got = came[value_column(name)]
            if not _same(got, due[name], within):
                yield f"{name} is {got} in the row of {key} at {start}, and oracle.sql has {due[name]}"
    for key, start in found:
        if (key, start) not in given.rows:
            yield f"there is a row of {key} at {start}, which oracle.sql has not"


def _same(got: Any, due: Any, within: float) -> bool:
    if isinstance(got, float) and isinstance(due, float | int | Decimal):
        return math.isclose(got, float(due), rel_tol=_RELATIVE, abs_tol=within)
    return bool(got == due)


def try_java(workload: Workload, plan: Plan, artifacts: Resolved, given: Tried) -> None:
    """Compile `KafkaStreams.java`, and drive it over the records where the library's test driver is there.

    Raises UsageError, with the line where it is known.
    """
    by_hand = workload.query.by_hand
    file = None if by_hand is None else by_hand.text_of(HandFile.KAFKA_STREAMS)
    if file is None:
        return
    driver = driver_of(plan)
    sources = [each for each in plan.programs if each.language == "java"]
    if driver in artifacts.jars:
        text = files("streambench.engines.common").joinpath("DryRun.java").read_text("utf-8")
        sources.append(Program("DryRun.java", "java", literal(text)))
    jars = [jar for name, found in artifacts.jars.items() if name != _COMPILER for jar in found]
    with tempfile.TemporaryDirectory(prefix="streambench-compiled-") as name:
        folder = Path(name)
        jump_ms = given.flush_ms - min(event_ms for _, event_ms, _ in given.records)
        symbols = {**_SYMBOLS, "partitions": "1", LONGEST_JUMP: str(jump_ms)}
        for each in sources:
            (folder / each.name).write_text(fill(each.text, symbols), encoding="utf-8")
        try:
            compile_java(
                tuple(folder / each.name for each in sources),
                classpath=tuple(jars),
                out=folder / "classes",
                java=artifacts.java,
                ecj=artifacts.jars[_COMPILER][0],
            )
        except EngineFailed as error:
            raise UsageError(
                _java_words(file.path, error.log_tail or ""),
                hint="docs/by-hand-workloads.md shows the class Query, and what lies beside it",
            ) from None
        if driver in artifacts.jars:
            printed = _driven(
                plan, given, folder, artifacts.java, jars, file.path, shift_ms(workload.query)
            )
            _compare(
                workload, list(_said(printed, file.path, len(given.records))), given, file.path
            )


def _driven(
    plan: Plan,
    given: Tried,
    folder: Path,
    java: Path,
    jars: Sequence[Path],
    path: str,
    offset_ms: int,
) -> str:
    """What the topology prints, driven over the records as if they lay on one partition."""
    _write(folder, [each for each in plan.programs if each.is_table])
    (properties,) = (
        each for each in plan.programs if each.language == "properties" and "log4j" not in each.name
    )
    (folder / properties.name).write_text(
        fill(properties.text, {"job_id": "dry-run", "broker": "127.0.0.1:1"}), encoding="utf-8"
    )
    lines = []
    for (_, event_ms, value), key in zip((*given.records, *given.flush), given.keys, strict=True):
        encoded = "-" if key is None else base64.b64encode(key).decode()
        lines.append(f"{event_ms + offset_ms} {encoded} {base64.b64encode(value).decode()}\n")
    (folder / "records.txt").write_text("".join(lines), encoding="utf-8")
    class_path = os.pathsep.join(map(str, (folder / "classes", folder, *jars)))
    arguments = (str(folder / properties.name), str(folder / "records.txt"), str(folder / "state"))
    try:
        done = subprocess.run(
            [
                str(java),
                "-XX:TieredStopAtLevel=1",
                "-Xmx256m",
                "-cp",
                class_path,
                "DryRun",
                *arguments,
            ],
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _endless(path, given) from None
    if done.returncode != 0:
        words = (done.stderr.strip().splitlines() or ["it ended"])[-1]
        raise UsageError(f"{path}: {words}", hint="docs/by-hand-workloads.md has an example")
    return done.stdout


def _endless(path: str, given: Tried) -> UsageError:
    return UsageError(
        f"{path}: after {_TIMEOUT_S:.0f} s it had not done {len(given.records):,} events",
        hint="look for a loop that does not end",
    )


def _java_words(path: str, log: str) -> str:
    """The compiler's first word, at the line of the author's file."""
    found = _JAVA_ERROR.search(log)
    if found is None:
        return f"{path} does not compile: {log.strip()[:500]}"
    words = found[3].strip().splitlines()[-1].strip()
    if found[1] == HandFile.KAFKA_STREAMS.value:
        return f"{path}:{found[2]}: {words}"
    return f"{path} does not fit {found[1]} (line {found[2]}): {words}"
