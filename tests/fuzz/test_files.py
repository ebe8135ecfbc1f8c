"""Any file of data becomes a workload that plays its very values, or is refused in words."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
import shutil
from collections.abc import Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from streambench.cli.main import app
from streambench.load.events import events_of, first_instant_ms
from streambench.load.trace import compile_trace
from streambench.model.errors import ExitCode
from streambench.model.workload import Replay, Workload
from streambench.workload.parse import load_workload
from tests.fuzz.files import MadeFile, files
from tests.fuzz.reading import UNKNOWN, expected
from tests.fuzz.rules import NOT_OURS, OF_LIBRARIES, PLACE, examples

NAME: Final = "mine"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    made = tmp_path_factory.mktemp("files")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made)
        yield made


_options = st.lists(
    st.one_of(
        st.sampled_from([("--time", "at"), ("--key", "k"), ("--arrival", "at"), ("--zone", "Europe/Berlin")]),
        st.sampled_from([("--unit", "ms"), ("--format", "%d/%m/%Y"), ("--format", "%Y-%m-%d %H:%M:%S")]),
    ),
    max_size=2,
)  # fmt: skip


@examples(20)
@given(file=files, options=st.one_of(st.just([]), st.just([("--time", "at")]), _options))
def test_a_file_becomes_a_workload_or_is_refused(
    folder: Path, file: MadeFile, options: list[tuple[str, str]]
) -> None:
    _clear(folder)
    (folder / file.name).write_bytes(file.data)
    words = [word for option in options for word in option]
    made = _called(["new", NAME, "--from", file.name, *words])
    told = any(option in ("--format", "--unit", "--zone") for option in words)
    times = None if told or not file.sound else file.rows.event_ms
    if made.exit_code != ExitCode.OK:
        times = None  # of two ways to read them the hint may name the wrong one
        hint = _refused(made)
        assert hint.startswith("streambench "), hint
        left = [
            each.name for pattern in ("*", ".*") for each in (folder / "workloads").glob(pattern)
        ]
        assert left == [], "nothing is left"
        made = _tried(hint) or made
    if made.exit_code == ExitCode.OK and (folder / "workloads" / NAME).exists():
        _check_workload(folder / "workloads" / NAME, times)


_types = st.one_of(
    st.sampled_from(["string", "string", "bigint", "boolean", "double", "timestamp"]),
    st.sampled_from(["decimal(10,2)", "decimal(18,9)", "decimal(18,0)"]),
)


@st.composite
def _declarations(draw: st.DrawFn, file: MadeFile) -> str:
    """A workload.toml that plays a file, its columns declared as may come."""
    names = [json.dumps(path, ensure_ascii=False) for path in file.columns if path != ("at",)]
    if draw(st.integers(0, 9)) == 0:
        names.append(json.dumps(draw(st.sampled_from(["at", "x", "in.a", "", "n.a.b.c"]))))
    strange = draw(st.integers(0, 9)) == 0
    time = draw(st.sampled_from(names)) if strange and names else '"at"'
    way = file.rows.way if draw(st.integers(0, 4)) else draw(st.sampled_from(_WAYS))
    event_time = f"{{ column = {time}{way} }}" if way else time
    lines = [
        f'replay = "{file.name}"',
        f"event_time = {event_time}",
        "speed_up = 1e9",
        "partitions = 1",
    ]
    if draw(st.integers(0, 3)) == 0:
        lines.append(f"arrival = {event_time}")
    if draw(st.integers(0, 3)):
        lines.append(f"leave_out = {draw(st.sampled_from(_NOTHING))}")
    if draw(st.integers(0, 4)) == 0:
        lines.append(draw(st.sampled_from(_BOUNDS)))
    if file.name.startswith("data.csv") and draw(st.integers(0, 9)) == 0:
        lines.append(f"delimiter = {json.dumps(draw(st.sampled_from([';', '|', '^', 'ab', ''])))}")
    lines.append("[input.fields]")
    cells = {column.name: column.cells for column in file.rows.columns}
    for number, column in enumerate(draw(st.permutations(names or ['"k"']))[:4]):
        of_it = cells.get("".join(json.loads(column)[-1:]), ())
        fits = draw(st.integers(0, 5)) > 0
        type_ = draw(st.sampled_from(_fitting(of_it)) if fits else _types)
        if number == 0 and type_ == "double":  # nothing is grouped by it
            type_ = "string"
        parts = [f"column = {column}", f'type = "{type_}"']
        if type_ == "bigint" and draw(st.booleans()):
            parts.append(f"times = {draw(st.sampled_from([1, 100, 1_000_000_000]))}")
        if type_ == "timestamp":
            parts.append(draw(st.sampled_from(_WAYS)).removeprefix(", ") or "null = false")
        elif None in of_it or draw(st.integers(0, 4)) == 0:
            parts.append("null = true")
        lines.append(f"f{number} = {{ {', '.join(parts)} }}")
    query = ['group_by = ["f0"]', 'window = { tumbling = "1 d" }', 'select = { n = "count(*)" }']
    return "\n".join(['title = "Mine"', "[input]", *lines, "[query]", *query]) + "\n"


def _fitting(cells: Sequence[Any]) -> list[str]:
    """Types that such cells may be declared as."""
    match next((cell for cell in cells if cell is not None), None):
        case bool():
            return ["boolean", "string"]
        case int():
            return ["bigint", "double", "string", "decimal(18,0)", "decimal(18,2)"]
        case Decimal():
            return ["double", "decimal(18,9)", "decimal(18,2)", "bigint"]
        case float():
            return ["double"]
        case dt.date():
            return ["timestamp", "string"]
        case _:
            return ["string"]


_WAYS: Final = (
    *("", "", "", ', zone = "Europe/Berlin"', ', unit = "ms"', ', unit = "s"', ', unit = "us"', ', unit = "ns"'),
    *(', format = "%d.%m.%Y %H:%M:%S"', ', format = "%d/%m/%Y"', ', format = "%b %d %Y", zone = "Asia/Kolkata"'),
    *(', format = "%m/%d/%Y %I:%M:%S %p"', ', format = "%Y%m%d"', ', format = "%Q"', ', zone = "Nowhere"'),
)  # fmt: skip
_NOTHING: Final = ('[""]', '[""]', '["", "NA", "-", "NaN", "nan"]', '["x"]', "[]")
_BOUNDS: Final = (
    "begin = 2013-06-01T10:00:00Z",
    "end = 2024-03-01",
    "begin = 0001-01-01\nend = 9999-12-31",
    "begin = 2024-02-29T00:00:00+05:00",
)


@examples(20)
@given(file=files, data=st.data())
def test_a_declared_file_is_played_or_refused_with_a_place(
    folder: Path, file: MadeFile, data: st.DataObject
) -> None:
    _clear(folder)
    made = folder / "workloads" / NAME
    made.mkdir(parents=True)
    (made / file.name).write_bytes(file.data)
    (made / "workload.toml").write_text(data.draw(_declarations(file)), encoding="utf-8")
    _check_workload(made, None)


def _check_workload(made: Path, times: tuple[int, ...] | None) -> None:
    """It is sound, and plays what the file holds; or `validate` says where it is not.

    `times` are those of column `at`, as they were before they were written.
    """
    note((made / "workload.toml").read_text())
    checked = _called(["validate", NAME])
    if checked.exit_code != ExitCode.OK:
        _refused(checked)
        assert PLACE.search(checked.stderr), checked.stderr
        return
    workload = load_workload(made)
    replay = workload.input
    assert isinstance(replay, Replay)
    played = played_by(workload, made.parent.parent / "cache")
    wanted = expected(replay.path, replay, workload.sent)
    assert_same(played, wanted)
    if times is not None and replay.event_time.name == "at":
        whole = (replay.begin, replay.end, replay.leave_out) == (None, None, ())
        found = sorted(event_ms for event_ms, _ in played)
        assert found == sorted(times) if whole else set(found) <= set(times)


def played_by(workload: Workload, cache: Path) -> list[tuple[int, dict[str, Any]]]:
    """The event time and the fields of each record of the compiled load."""
    trace = compile_trace(workload, duration_ms=None, seed=1, cache=cache)
    (key,) = workload.query.group_by
    found = []
    for event in events_of(trace, first_instant_ms(workload, trace)):
        values = json.loads(event.value, parse_float=Decimal)
        if isinstance(values[key.name], str):
            assert (event.key or b"").decode() == values[key.name]
        found.append((event.event_ms, values))
    return found


def assert_same(
    played: list[tuple[int, dict[str, Any]]], wanted: list[tuple[Any, dict[str, Any]]]
) -> None:
    """The same records, in whichever order."""
    assert len(played) == len(wanted)
    if any(event_ms is UNKNOWN for event_ms, _ in wanted):
        return
    names = sorted({name for _, values in wanted for name in values})
    names = [name for name in names if all(v.get(name) is not UNKNOWN for _, v in wanted)]
    doubles = {name for name in names if any(isinstance(v[name], float) for _, v in wanted)}

    def comparable(records: list[tuple[int, dict[str, Any]]]) -> list[str]:
        return sorted(
            f"{event_ms} " + " ".join(_shown(values[name], name in doubles) for name in names)
            for event_ms, values in records
        )

    mine, theirs = comparable(played), comparable(wanted)
    differ = [pair for pair in zip(mine, theirs, strict=True) if pair[0] != pair[1]]
    assert not differ, f"{names}: played, read: {differ[:3]}"


def _shown(value: Any, is_double: bool) -> str:
    if value is None or isinstance(value, bool | str):
        return repr(value)
    return repr(float(value)) if is_double else str(Fraction(value))


def _called(words: list[str]) -> Result:
    done = CliRunner().invoke(app, words, env={"COLUMNS": "1000"})
    note(f"{shlex.join(words)}\n{done.output[:3_000]}")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise AssertionError(shlex.join(words)) from done.exception
    assert done.exit_code in (ExitCode.OK, ExitCode.USAGE), done.output
    assert "Traceback" not in done.output
    return done


def _refused(done: Result) -> str:
    """A refusal in words of ours; returns its hint."""
    said, _, hint = done.stderr.removeprefix("error: ").partition("\n\nhint: ")
    assert said.strip()
    assert hint.strip()
    told = f"{said}\n{hint}"
    assert NOT_OURS.search(told) is None, told
    assert OF_LIBRARIES.search(told) is None, told
    assert len(said) < 20_000
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", told), repr(told)
    return hint.strip()


def _tried(hint: str) -> Result | None:
    """What becomes of a hint that is a whole command."""
    if not hint.startswith("streambench new ") or " FILE" in hint or ", " in hint:
        return None
    done = _called(shlex.split(hint)[1:])
    if done.exit_code != ExitCode.OK:
        _refused(done)
    return done


def _clear(folder: Path) -> None:
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
