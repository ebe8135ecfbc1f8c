"""Generated decimals, doubles and flags: what is drawn is what is sent, and what the oracle reads."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streambench.load.columns import Decimals, Doubles, Flags, decimal_text, json_text
from streambench.load.probe import record, representative
from streambench.load.trace import compile_trace
from streambench.model.errors import UsageError
from streambench.model.expression import DecimalType, FieldType
from streambench.model.workload import Replay, Workload
from streambench.workload.parse import load_workload
from streambench.workload.source import opened, survey
from tests.oracle.stand_in import T0_MS
from tests.oracle.whole_way import logged_records

GENERATED = """
title = "Types"
[input]
rate       = 2_000
partitions = 2
[input.fields]
user   = { choice = 9 }
amount = { decimal = [-0.05, 12.5], scale = 3 }
whole  = { decimal = [1, 500] }
weight = { double = [-1.0, 3.5] }
paid   = { bool = 0.25 }
[query]
where    = "paid and amount > 1.5"
group_by = ["user"]
window   = { tumbling = "200 ms" }
select   = { n = "count(*)" }
"""


@pytest.fixture(scope="module")
def workload(tmp_path_factory: pytest.TempPathFactory) -> Workload:
    folder = tmp_path_factory.mktemp("types")
    (folder / "workload.toml").write_text(GENERATED)
    return load_workload(folder)


def test_the_types_are_those_that_are_written(workload: Workload) -> None:
    assert [field.type for field in workload.fields] == [
        FieldType.STRING,
        DecimalType(5, 3),
        DecimalType(3, 0),
        FieldType.DOUBLE,
        FieldType.BOOLEAN,
    ]


def test_what_is_sent_is_what_the_columns_hold(workload: Workload, tmp_path: Path) -> None:
    trace = compile_trace(workload, duration_ms=1_000, seed=3, cache=tmp_path)
    with duckdb.connect() as connection:
        rows = connection.execute(
            f"SELECT amount, whole, weight, paid FROM '{trace.columns_glob}'"
            " ORDER BY quantum, partition, position"
        ).fetchall()
    sent = [value for _, _, _, value in logged_records(trace)]
    assert len(sent) == len(rows) == 2_000
    for text, row in zip(sent, rows, strict=True):
        exact, plain = json.loads(text, parse_float=Decimal), json.loads(text)
        assert (exact["amount"], exact["whole"], plain["weight"], plain["paid"]) == row
        assert isinstance(exact["whole"], int)
        assert len(str(exact["amount"]).partition(".")[2]) == 3
    amounts, wholes, weights, flags = zip(*rows, strict=True)
    assert (min(wholes), max(wholes)) == (1, 500)
    assert min(amounts) >= Decimal("-0.05")
    assert max(amounts) <= Decimal("12.5")
    assert len(set(amounts)) > 1_000
    assert min(weights) >= -1.0
    assert max(weights) < 3.5
    assert 400 < sum(flags) < 600


def test_a_representative_passes_and_is_encoded_as_the_load_is(workload: Workload) -> None:
    values = representative(workload)
    assert values["paid"] is True
    assert values["amount"] > Decimal("1.5")  # type: ignore[operator]
    text = record(workload, values)[1].decode()
    assert json.loads(text, parse_float=Decimal)["amount"] == values["amount"]
    assert f'"amount":{values["amount"]},' in text


UNITS = np.array([0, 5, -5, 100, -12345, 10**18, -(10**18)], np.int64)


@pytest.mark.parametrize("scale", [0, 2, 18])
def test_decimals_are_exact_as_text_and_in_parquet(scale: int) -> None:
    field = Decimals(UNITS, DecimalType(19, scale))
    meant = [Decimal(int(units)).scaleb(-scale) for units in UNITS]
    assert field.arrow().to_pylist() == meant
    texts = [decimal_text(int(units), scale) for units in UNITS]
    assert [Decimal(text) for text in texts] == meant
    assert [text.encode() for text in texts] == [json_text(value) for value in meant]
    column = field.json()
    sent = [bytes(row[row != 255]).decode() for row in column.padded()]
    assert sent == texts
    assert field.take(np.array([3, 1])).arrow().to_pylist() == [meant[3], meant[1]]


def test_doubles_and_flags_are_what_json_reads_back() -> None:
    values = np.array([0.1, -2.5, 1e-7, 1e22, 123456789.123456789])
    texts = [bytes(row[row != 255]) for row in Doubles(values).json().padded()]
    assert [json.loads(text) for text in texts] == values.tolist()
    flags = np.array([True, False, True])
    assert [bytes(row[row != 255]) for row in Flags(flags).json().padded()] == [
        b"true",
        b"false",
        b"true",
    ]


def replay(folder: Path, columns: dict[str, pa.Array], declared: str) -> Workload:
    count = len(next(iter(columns.values())))
    at = pa.array([T0_MS + each for each in range(count)], pa.timestamp("ms"))
    pq.write_table(pa.table({"at": at, **columns}), folder / "file.parquet")
    (folder / "workload.toml").write_text(
        f"""
title = "File"
[input]
replay     = "file.parquet"
arrival    = "at"
event_time = "at"
origin     = "made for this test"
[input.fields]
{declared}
[query]
group_by = ["k"]
window   = {{ tumbling = "200 ms" }}
select   = {{ n = "count(*)" }}
"""
    )
    return load_workload(folder)


def test_a_file_is_surveyed_in_its_types(tmp_path: Path) -> None:
    workload = replay(
        tmp_path,
        {
            "k": pa.array([True, False, True]),
            "d": pa.array([Decimal("1.5"), Decimal("-2.25"), Decimal("0")], pa.decimal128(6, 2)),
            "x": pa.array([0.5, -1.5, 2.0]),
        },
        'k = "boolean"\nd = "decimal(10,3)"\nx = "double"',
    )
    found = survey(workload.input, workload.fields, workload.query.group_by)  # type: ignore[arg-type]
    assert found.groups == ((False,), (True,))
    assert found.bounds["d"] == (Fraction("-2.25"), Fraction("1.5"))
    assert found.bounds["x"] == (-1.5, 2.0)


@pytest.mark.parametrize(
    ("values", "declared", "words"),
    [
        (pa.array([1.0, float("nan")]), "double", "v, row 2: 'nan' is not a double"),
        (pa.array([float("-inf"), 1.0]), "double", "v, row 1: '-inf' is not a double"),
        (pa.array([1.5, 2.555]), "decimal(5,2)", "v, row 2: '2.555' is not a decimal(5,2)"),
        (pa.array([1, 2]), "boolean", "v, row 1: '1' is not a boolean"),
        (
            pa.array([Decimal("1.20"), Decimal("1.25")], pa.decimal128(6, 2)),
            "decimal(6,1)",
            "v, row 2: '1.25' is not a decimal(6,1)",
        ),
        (pa.array([1000, 999]), "decimal(5,2)", "v, row 1: '1000' is not a decimal(5,2)"),
    ],
)
def test_what_a_file_does_not_hold_is_refused(
    tmp_path: Path, values: pa.Array, declared: str, words: str
) -> None:
    workload = replay(
        tmp_path, {"k": pa.array(["a", "b"]), "v": values}, f'k = "string"\nv = "{declared}"'
    )
    with pytest.raises(UsageError) as caught:
        survey(workload.input, workload.fields, workload.query.group_by)  # type: ignore[arg-type]
    assert words in caught.value.message
    assert "one value does not fit" in caught.value.message or declared == "boolean"


@pytest.mark.parametrize(
    ("written", "declared", "read"),
    [
        ("1.50", "decimal(6,2)", Decimal("1.50")),
        ("1.5000", "decimal(6,2)", Decimal("1.50")),
        (" -.5 ", "decimal(6,2)", Decimal("-0.50")),
        ("+7", "decimal(6,2)", Decimal("7.00")),
        ("7.", "decimal(6,2)", Decimal("7.00")),
        ("120.00", "decimal(6,0)", Decimal("120")),
        ("9999.99", "decimal(6,2)", Decimal("9999.99")),
        ("10000", "decimal(6,2)", None),
        ("0.001", "decimal(6,2)", None),
        ("1e1", "decimal(6,2)", None),
        ("NaN", "decimal(6,2)", None),
        ("1e-3", "double", 0.001),
        ("-7", "double", -7.0),
        (".5", "double", 0.5),
        ("1e999", "double", None),
        ("NaN", "double", None),
        ("0x10", "double", None),
        ("true", "boolean", True),
        (" FALSE ", "boolean", False),
        ("t", "boolean", None),
        ("0", "boolean", None),
    ],
)
def test_text_is_read_as_it_is_declared_and_never_rounded(
    tmp_path: Path, written: str, declared: str, read: Decimal | float | bool | None
) -> None:
    (tmp_path / "file.csv").write_text(f'k,at,v\na,2013-06-01,"{written}"\n')
    (tmp_path / "workload.toml").write_text(
        f"""
title = "File"
[input]
replay     = "file.csv"
event_time = "at"
origin     = "made for this test"
[input.fields]
k = "string"
v = "{declared}"
[query]
group_by = ["k"]
window   = {{ tumbling = "200 ms" }}
select   = {{ n = "count(*)" }}
"""
    )
    workload = load_workload(tmp_path)
    assert isinstance(workload.input, Replay)
    if read is None:
        with pytest.raises(UsageError, match="does not fit"):
            survey(workload.input, workload.fields, workload.query.group_by)
        return
    with opened(workload.input, workload.fields) as connection:
        ((value,),) = connection.execute("SELECT v FROM source").fetchall()
    assert value == read
    assert type(value) is type(read)
