"""Files as people have them: what a value is follows from the declaration and from the whole file."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streambench.model.errors import UsageError
from streambench.model.workload import Replay, Workload
from streambench.workload.file.cells import ORDINAL
from streambench.workload.parse import load_workload
from streambench.workload.source import (
    ARRIVAL_MS,
    EVENT_MS,
    arrival_order,
    opened,
    survey,
)

TEN = 1_370_080_800_000  # 2013-06-01 10:00 UTC
HOUR = 3_600_000


def declared(folder: Path, input_: str, fields: str, key: str = "k") -> Workload:
    text = f"""
title = "Mine"
[input]
{input_}
[input.fields]
{fields}
[query]
group_by = ["{key}"]
window = {{ tumbling = "1 s" }}
[query.select]
n = "count(*)"
"""
    (folder / "workload.toml").write_text(text, encoding="utf-8")
    return load_workload(folder)


def rows(workload: Workload) -> list[tuple[Any, ...]]:
    """What is played: arrival, event time and the fields, in the order of arrival."""
    assert isinstance(workload.input, Replay)
    survey(workload.input, workload.fields, workload.query.group_by)
    names = "".join(f', "{field.name}"' for field in workload.fields)
    with opened(workload.input, workload.fields) as connection:
        return connection.execute(  # type: ignore[no-any-return]
            f'SELECT "{ARRIVAL_MS}", "{EVENT_MS}"{names} FROM source'
            f" ORDER BY {arrival_order(workload.input)}"
        ).fetchall()


def refused(workload: Workload) -> UsageError:
    with pytest.raises(UsageError) as caught:
        rows(workload)
    assert caught.value.hint is not None
    return caught.value


def events(
    folder: Path, times: list[str], event_time: str = '"t"', ending: str = ".csv"
) -> list[int]:
    """Of a file with these times, the instants that are read."""
    file = folder / f"times{ending}"
    if ending == ".csv":
        file.write_text("t,k\n" + "".join(f'"{each}",a\n' for each in times))
    else:
        file.write_text("".join(json.dumps({"t": each, "k": "a"}) + "\n" for each in times))
    workload = declared(
        folder, f'replay = "{file.name}"\nevent_time = {event_time}', 'k = "string"'
    )
    assert isinstance(workload.input, Replay)
    survey(workload.input, workload.fields, workload.query.group_by)
    with opened(workload.input, workload.fields) as connection:
        found = connection.execute(
            f'SELECT "{EVENT_MS}" FROM source ORDER BY "{ORDINAL}"'
        ).fetchall()
    return [row[0] for row in found]


# --- times ---


@pytest.mark.parametrize(
    ("text", "event_time"),
    [
        ("2013-06-01 10:00:00", '"t"'),
        ("2013/06/01 10:00:00", '"t"'),
        ("2013-6-1 10:00", '"t"'),
        ("2013-06-01T10:00:00Z", '"t"'),
        ("2013-06-01T12:00:00.000+02:00", '"t"'),
        ("2013-06-01 05:30:00-0430", '"t"'),
        ("2013-06-01 12:00:00+02", '"t"'),
        ("2013-06-01 10:00:00 UTC", '"t"'),
        ("2013-06-01 10:00:00,000", '"t"'),
        ("Jun 1 2013 10:00", '{ column = "t", format = "%b %d %Y %H:%M" }'),
        ("6/1/2013 10:00:00 AM", '{ column = "t", format = "%m/%d/%Y %I:%M:%S %p" }'),
        ("01/06/2013 10h00", '{ column = "t", format = "%d/%m/%Y %Hh%M" }'),
        ("01.06.13 12:00 +0200", '{ column = "t", format = "%d.%m.%y %H:%M %z" }'),
        ("01.06.2013 12:00", '{ column = "t", format = "%d.%m.%Y %H:%M", zone = "Europe/Berlin" }'),
        ("2013-06-01 12:00:00", '{ column = "t", zone = "Europe/Berlin" }'),
        ("2013-06-01 10:00:00Z", '{ column = "t", zone = "Europe/Berlin" }'),
        ("1370080800", '{ column = "t", unit = "s" }'),
        ("1370080800.0009", '{ column = "t", unit = "s" }'),
        ("1370080800000", '{ column = "t", unit = "ms" }'),
        ("1370080800000999", '{ column = "t", unit = "us" }'),
        ("1370080800000999999", '{ column = "t", unit = "ns" }'),
    ],
)
@pytest.mark.parametrize("machine", ["Asia/Kathmandu", "UTC"])
def test_a_time_is_read_as_it_is_declared_whatever_the_machines_zone_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, event_time: str, machine: str
) -> None:
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    try:
        assert events(tmp_path, [text], event_time) == [TEN]
        assert events(tmp_path, [text], event_time, ".jsonl") == [TEN]
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["-58979920577000000000", "13700808000000000000", 25 * "0" + "10"])
def test_no_digit_of_a_number_that_counts_time_is_dropped(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(f"t,k\n{text},a\n")
    way = 'event_time = { column = "t", unit = "ns" }'
    workload = declared(tmp_path, f'replay = "a.csv"\n{way}', 'k = "string"')
    assert "is not a number of ns since 1970" in refused(workload).message


def test_a_date_is_its_midnight_in_the_zone(tmp_path: Path) -> None:
    assert events(tmp_path, ["2013-06-01"]) == [TEN - 10 * HOUR]
    assert events(tmp_path, ["Jan 1 2000"], '{ column = "t", format = "%b %d %Y" }') == [
        946_684_800_000
    ]
    berlin = '{ column = "t", zone = "Europe/Berlin" }'
    assert events(tmp_path, ["2013-06-01"], berlin) == [TEN - 12 * HOUR]


@pytest.mark.parametrize(
    ("text", "event_time", "found"),
    [
        ("2013-06-01 09:59:59.9999999999", '"t"', TEN - 1),
        ("1969-12-31 23:59:59.9996", '"t"', -1),
        ("1969-12-31 23:59:59.9984", '"t"', -2),
        (
            "2013-06-01 09:59:59.999999",
            '{ column = "t", format = "%Y-%m-%d %H:%M:%S.%f" }',
            TEN - 1,
        ),
        ("1370080799.9999999999", '{ column = "t", unit = "s" }', TEN - 1),
        ("-0.0001", '{ column = "t", unit = "s" }', -1),
        ("-1", '{ column = "t", unit = "us" }', -1),
        ("-1000001", '{ column = "t", unit = "ns" }', -2),
        ("1370080799999.7", '{ column = "t", unit = "ms" }', TEN - 1),
    ],
)
def test_what_is_below_a_millisecond_is_cut_off(
    tmp_path: Path, text: str, event_time: str, found: int
) -> None:
    assert events(tmp_path, [text], event_time) == [found]


def test_numbers_that_count_time_are_no_texts_in_json_nor_in_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"t": 1370080800.123, "k": "a"}\n{"t": 1370080801, "k": "a"}\n'
    )
    unit = 'event_time = { column = "t", unit = "s" }'
    workload = declared(tmp_path, f'replay = "a.jsonl"\n{unit}', 'k = "string"')
    assert [row[1] for row in rows(workload)] == [TEN + 123, TEN + 1_000]
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT 1370080800.123::DOUBLE AS t, 'a' AS k) TO '{tmp_path}/a.parquet'"
        )
    workload = declared(tmp_path, f'replay = "a.parquet"\n{unit}', 'k = "string"')
    assert rows(workload) == [(TEN + 123, TEN + 123, "a")]


def test_a_clocks_reading_that_was_jumped_over_is_no_time_and_one_shown_twice_is_the_later(
    tmp_path: Path,
) -> None:
    berlin = '{ column = "t", zone = "Europe/Berlin" }'
    assert events(tmp_path, ["2013-10-27 02:30:00"], berlin) == [1_382_837_400_000]
    file = tmp_path / "jump.csv"
    file.write_text("t,k\n2013-03-31 01:30:00,a\n2013-03-31 02:30:00,a\n")
    workload = declared(tmp_path, f'replay = "jump.csv"\nevent_time = {berlin}', 'k = "string"')
    assert (
        "t, row 2: '2013-03-31 02:30:00' is no time in Europe/Berlin: its clocks jumped"
        in refused(workload).message
    )


@pytest.mark.parametrize(
    ("texts", "event_time", "hint"),
    [
        (["01/13/2013", "01/02/2013"], '"t"', 'format = "%m/%d/%Y"'),
        (["01/02/2013"], '"t"', 'format = "%d/%m/%Y" } or { column = "t", format = "%m/%d/%Y"'),
        (["Jan 1 2000"], '"t"', 'format = "%b %d %Y"'),
        (["1370080800"], '"t"', 'unit = "s"'),
        (["1370080800000"], '"t"', 'unit = "ms"'),
        (["1370080800000"], '{ column = "t", unit = "s" }', 'unit = "ms"'),
        (["soon"], '"t"', "strptime"),
        (["2013-06-01"], '{ column = "t", format = "%d.%m.%Y" }', "strptime"),
        (["infinity", "01.06.2013"], '{ column = "t", format = "%d.%m.%Y" }', "strptime"),
        (["Epoch", "01.06.2013"], '{ column = "t", format = "%d.%m.%Y" }', "strptime"),
        (["-infinity", "2013-06-01"], '"t"', "strptime"),
    ],
)
def test_a_time_that_is_none_is_refused_with_how_to_read_it(
    tmp_path: Path, texts: list[str], event_time: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        events(tmp_path, texts, event_time)
    assert f"t, row 1: '{texts[0]}' is not" in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("event_time", "words"),
    [
        ('{ column = "t", zone = "Europe/Berln" }', "no time zone 'Europe/Berln'; did you mean"),
        ('{ column = "t", format = "%Y %Q" }', "'%Y %Q' is no format of times"),
        ('{ column = "t", format = "%H:%M" }', "holds no year"),
        ('{ column = "t", format = "%Y", unit = "s" }', "either format or unit"),
        ('{ column = "t", unit = "s", zone = "UTC" }', "they have no zone"),
        ('{ column = "t", formt = "%Y" }', "did you mean 'format'?"),
        ("5", "a column is a name"),
    ],
)
def test_a_time_that_is_declared_wrongly_is_refused(
    tmp_path: Path, event_time: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        events(tmp_path, ["2013-06-01"], event_time)
    assert words in caught.value.message


# --- arrival ---


def test_without_an_arrival_records_come_as_they_lie_at_the_greatest_time_so_far(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_text(
        "t,k\n2013-06-01 10:00:01,a\n2013-06-01 10:00:00,b\n2013-06-01 10:00:03,c\n2013-06-01 10:00:02,d\n"
    )
    workload = declared(tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"')
    assert rows(workload) == [
        (TEN + 1_000, TEN + 1_000, "a"),
        (TEN + 1_000, TEN, "b"),
        (TEN + 3_000, TEN + 3_000, "c"),
        (TEN + 3_000, TEN + 2_000, "d"),
    ]


def test_without_an_arrival_begin_and_end_select_by_event_time(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "t,k\n2013-06-01 10:00:01,a\n2099-01-01,x\n2013-06-01 10:00:03,c\n2001-01-01,y\n"
    )
    workload = declared(
        tmp_path,
        'replay = "a.csv"\nevent_time = "t"\nbegin = 2013-01-01\nend = 2014-01-01',
        'k = "string"',
    )
    assert rows(workload) == [(TEN + 1_000, TEN + 1_000, "a"), (TEN + 3_000, TEN + 3_000, "c")]


# --- names ---


NAMES = ["domainID", "the name", 'a "quote"', "a.dot", "it's", "A", "a", "größe", "select"]


@pytest.mark.parametrize("ending", [".csv", ".json", ".parquet"])
def test_a_column_may_be_called_anything(tmp_path: Path, ending: str) -> None:
    names = [name for name in NAMES if ending != ".parquet" or name != "a"]
    values = {name: f"v{at}" for at, name in enumerate(names)}
    written(tmp_path / f"file{ending}", [{"t": "2013-06-01T10:00:00", **values}])
    fields = "\n".join(
        f"f{at} = {{ column = {json.dumps(name, ensure_ascii=False)}, type = 'string' }}"
        for at, name in enumerate(names)
    )
    workload = declared(tmp_path, f'replay = "file{ending}"\nevent_time = "t"', fields, "f0")
    assert rows(workload)[0][2:] == tuple(values.values())


@pytest.mark.parametrize("ending", [".jsonl", ".json", ".parquet"])
def test_what_lies_inside_is_found_by_its_path(tmp_path: Path, ending: str) -> None:
    inner = {"id": "7", "e.mail": "x", "the/re": {"~": "y"}}
    written(tmp_path / f"file{ending}", [{"t": "2013-06-01T10:00:00", "user": inner}])
    fields = """
a = { column = "user.id", type = "string" }
b = { column = ["user", "e.mail"], type = "string" }
c = { column = "user.the/re.~", type = "string" }
"""
    workload = declared(tmp_path, f'replay = "file{ending}"\nevent_time = "t"', fields, "a")
    assert rows(workload) == [(TEN, TEN, "7", "x", "y")]


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet"])
@pytest.mark.parametrize("name", ["Key", "kk", "k.id"])
def test_a_column_that_is_not_there_is_refused_with_the_nearest(
    tmp_path: Path, ending: str, name: str
) -> None:
    written(tmp_path / f"file{ending}", [{"t": "2013-06-01T10:00:00", "key": "a"}])
    workload = declared(
        tmp_path,
        f'replay = "file{ending}"\nevent_time = "t"',
        f'k = {{ column = "{name}", type = "string" }}',
    )
    message = refused(workload).message
    assert f"has no column '{name}'" in message
    assert "key" in message


def test_all_columns_that_are_not_there_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("when,shop,price\n2013-06-01,a,1\n")
    fields = 'shop = { column = "Shop", type = "string" }\nprice = "bigint"\nitems = "bigint"'
    workload = declared(tmp_path, 'replay = "a.csv"\nevent_time = "When"', fields, "shop")
    message = refused(workload).message
    assert "a.csv has none of these 3 columns" in message
    for each in ("'When'; did you mean 'when'?", "'Shop'; did you mean 'shop'?", "'items'"):
        assert each in message


def test_two_columns_of_one_name_are_refused_where_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,k,x,x\n2013-06-01,a,1,2\n")
    workload = declared(tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"')
    assert len(rows(workload)) == 1
    workload = declared(
        tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"\nx = "bigint"'
    )
    assert "2 columns called 'x'" in refused(workload).message


# --- types ---


def written(file: Path, records: list[Mapping[str, Any]]) -> Path:
    if file.suffix in (".json", ".jsonl"):
        lines = [json.dumps(each, ensure_ascii=False) for each in records]
        text = "[" + ",\n ".join(lines) + "]" if file.suffix == ".json" else "\n".join(lines)
        file.write_text(text, encoding="utf-8")
    elif file.suffix == ".csv":
        import csv

        with file.open("w", newline="", encoding="utf-8") as opened_file:
            writer = csv.DictWriter(opened_file, list(records[0]))
            writer.writeheader()
            writer.writerows(records)
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist([dict(each) for each in records]), file)
    return file


LATE_ROW = 20_500


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".jsonl", ".json", ".parquet"])
def test_a_value_that_does_not_fit_is_refused_however_late_it_stands(
    tmp_path: Path, ending: str
) -> None:
    """DuckDB looks at 20,480 rows to tell a type, and makes 6 of what then is 5.7."""
    times = [f"2013-06-01 10:{at // 60 % 60:02}:{at % 60:02}" for at in range(LATE_ROW)]
    values = ["5"] * (LATE_ROW - 1) + ["5.7"]
    file = tmp_path / f"file{ending}"
    if ending.startswith(".csv"):
        text = "t,k,n\n" + "".join(f"{t},a,{n}\n" for t, n in zip(times, values, strict=True))
    else:
        lines = [f'{{"t":"{t}","k":"a","n":{n}}}' for t, n in zip(times, values, strict=True)]
        text = "[" + ",".join(lines) + "]" if ending == ".json" else "\n".join(lines)
    if ending == ".parquet":
        written(
            file, [{"t": t, "k": "a", "n": float(n)} for t, n in zip(times, values, strict=True)]
        )
    elif ending.endswith(".gz"):
        file.write_bytes(gzip.compress(text.encode()))
    else:
        file.write_text(text)
    input_ = f'replay = "{file.name}"\nevent_time = "t"'
    workload = declared(tmp_path, input_, 'k = "string"\nn = "bigint"')
    error = refused(workload)
    assert "one value does not fit the declared type" in error.message
    assert "n, row 20,500: '5.7' is not a bigint" in error.message
    assert "times = 100" in (error.hint or "")
    cents = 'k = "string"\nn = { column = "n", type = "bigint", times = 10 }'
    found = rows(declared(tmp_path, input_, cents))
    assert {row[3] for row in found} == {50, 57}
    assert len(found) == LATE_ROW


def test_all_that_does_not_fit_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,k,n\nsoon,a,x\n" + "2013-06-01,a,y\n" * 7)
    workload = declared(
        tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"\nn = "bigint"'
    )
    message = refused(workload).message
    assert "a.csv: 9 values do not fit" in message
    assert "t, row 1: 'soon' is not a time" in message
    assert "n, row 1: 'x' is not a bigint" in message
    assert "n, row 5: 'y' is not a bigint" in message
    assert "n: 3 more" in message


@pytest.mark.parametrize(
    ("written_", "times", "read"),
    [
        ("5", 1, 5),
        (" -7 ", 1, -7),
        ("+5", 1, 5),
        ("5.0", 1, 5),
        ("9223372036854775807", 1, 2**63 - 1),
        ("9223372036854775808", 1, None),
        ("5.", 1, 5),
        ("", 1, None),
        ("1e3", 1, None),
        ("1,234", 1, None),
        ("39.81", 100, 3981),
        ("-39.8", 100, -3980),
        (".5", 100, 50),
        ("5.70000000000000", 10, 57),
        ("39.815", 100, None),
        ("9223372036854775807", 10, None),
        ("00000000000000000010", 10, None),  # more digits than are read: none of them is dropped
        ("-00000000000000000010", 10, None),
        ("0000000000000000001.50", 10, 15),
    ],
)
def test_whole_numbers_are_read_from_text_and_never_rounded(
    tmp_path: Path, written_: str, times: int, read: int | None
) -> None:
    (tmp_path / "a.csv").write_text(f'k,t,n\na,2013-06-01,"{written_}"\n')
    workload = declared(
        tmp_path,
        'replay = "a.csv"\nevent_time = "t"',
        f'k = "string"\nn = {{ column = "n", type = "bigint", times = {times} }}',
    )
    if read is None:
        refused(workload)
    else:
        assert rows(workload)[0][3] == read


def test_a_double_of_json_that_cannot_tell_whole_numbers_apart_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        '{"t":"2013-06-01","k":"a","n":9007199254740993}\n'
        '{"t":"2013-06-01","k":"a","n":9007199254740995.0}\n'
        '{"t":"2013-06-01","k":"a","n":true}\n{"t":"2013-06-01","k":"a","n":[5]}\n'
    )
    workload = declared(
        tmp_path, 'replay = "a.jsonl"\nevent_time = "t"', 'k = "string"\nn = "bigint"'
    )
    message = refused(workload).message
    assert "3 values do not fit" in message
    assert "row 1" not in message


UUID = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"


def test_numbers_and_uuids_are_keys_by_their_exact_text(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT TIMESTAMP '2013-06-01 10:00:00' AS t, 9007199254740993::BIGINT AS k,"
            f" '{UUID}'::UUID AS u, 12.50::DECIMAL(6, 2) AS d, true AS b, DATE '2013-06-01' AS day)"
            f" TO '{tmp_path}/a.parquet'"
        )
    fields = "\n".join(f'{name} = "string"' for name in ("k", "u", "d", "b", "day"))
    workload = declared(tmp_path, 'replay = "a.parquet"\nevent_time = "t"', fields)
    assert rows(workload)[0][2:] == ("9007199254740993", UUID, "12.50", "true", "2013-06-01")
    big = "123456789012345678901234567890"
    (tmp_path / "a.jsonl").write_text(
        f'{{"t":"2013-06-01","k":{big}}}\n{{"t":"2013-06-01","k":7}}\n'
    )
    workload = declared(tmp_path, 'replay = "a.jsonl"\nevent_time = "t"', 'k = "string"')
    assert [row[2] for row in rows(workload)] == [big, "7"]
    (tmp_path / "a.csv").write_text("t,k\n2013-06-01,007\n2013-06-01,1.50\n")
    workload = declared(tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"')
    assert [row[2] for row in rows(workload)] == ["007", "1.50"]


def test_a_double_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"t":"2013-06-01","k":1.50}\n')
    workload = declared(tmp_path, 'replay = "a.jsonl"\nevent_time = "t"', 'k = "string"')
    error = refused(workload)
    assert "k, row 1: '1.5' is not a string" in error.message
    assert "quotes" in (error.hint or "")


def test_a_factor_belongs_to_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t,k\n2013-06-01,a\n")
    with pytest.raises(UsageError, match="times belongs to numbers"):
        declared(
            tmp_path,
            'replay = "a.csv"\nevent_time = "t"',
            'k = { column = "k", type = "string", times = 10 }',
        )


# --- rows that are left out ---


def test_rows_without_a_value_are_refused_and_left_out_where_that_is_asked_for(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.csv").write_text("t,k,n\n2013-06-01,a,1\n2013-06-01,,2\n2013-06-01,b,NA\n")
    input_, fields = 'replay = "a.csv"\nevent_time = "t"', 'k = "string"\nn = "bigint"'
    error = refused(declared(tmp_path, input_, fields))
    assert "n, row 3: 'NA' is not a bigint" in error.message
    assert 'leave_out = ["", "NA"]' in (error.hint or "")
    (tmp_path / "a.csv").write_text("t,k,n\n2013-06-01,a,1\n2013-06-01,,2\n2013-06-01,b,3\n")
    error = refused(declared(tmp_path, input_, fields))
    assert "no value for k in 1 of 3 rows, first in row 2" in error.message
    assert 'leave_out = [""]' in (error.hint or "")
    (tmp_path / "a.csv").write_text("t,k,n\n2013-06-01,a,1\n2013-06-01,,2\n2013-06-01,b,NA\n")
    workload = declared(tmp_path, f'{input_}\nleave_out = ["NA"]', fields)
    assert [row[2:] for row in rows(workload)] == [("a", 1)]
    assert isinstance(workload.input, Replay)
    assert survey(workload.input, workload.fields, workload.query.group_by).left_out == 2


def test_a_file_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"t":"2013-06-01"}\n{"t":"2013-06-01","k":null}\n')
    input_ = 'replay = "a.jsonl"\nevent_time = "t"\nleave_out = [""]'
    assert "all 2 rows are left out" in refused(declared(tmp_path, input_, 'k = "string"')).message


# --- files ---


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.csv", "t,k\n2013-06-01,a\n2013-06-01\n", ["line 3", "1 values", "names 2 columns"]),
        ("a.csv", "t,k\n2013-06-01,a,b\n", ["line 2", "3 values"]),
        ("a.csv", "", ["no line of names"]),
        ("a.csv", "t,k\n", ["has no row"]),
        ("a.json", '[{"t":"2013-06-01","k":"a"}, {"t"', ["is not JSON that can be played"]),
        (
            "a.jsonl",
            '{"t":"2013-06-01","k":"a"}\n{"t" nonsense\n',
            ["is not JSON that can be played", "line 2"],
        ),
        ("a.json", '{\n "data": [\n1]}', ["is not JSON that can be played"]),
        ("a.jsonl", "", ["has no row"]),
        ("a.jsonl", "5\n", ["no column 't'"]),
    ],
)
def test_a_file_that_is_damaged_is_refused_in_words(
    tmp_path: Path, name: str, text: str, words: list[str]
) -> None:
    (tmp_path / name).write_text(text)
    workload = declared(tmp_path, f'replay = "{name}"\nevent_time = "t"', 'k = "string"')
    message = refused(workload).message
    for word in words:
        assert word in message
    assert "Traceback" not in message


def test_a_text_that_is_no_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"t,k\n2013-06-01,\xe4\n")
    workload = declared(tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"')
    error = refused(workload)
    assert "line 2: the text is not UTF-8" in error.message
    assert "iconv" in (error.hint or "")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_by_the_first_line(tmp_path: Path, delimiter: str) -> None:
    lines = [["t", "k", "a, b; c"], ["2013-06-01 10:00:00", "a,b;c", "x"]]
    quoted = "\n".join(delimiter.join(f'"{v}"' for v in line) for line in lines)
    (tmp_path / "a.csv").write_text("\ufeff" + quoted + "\n", encoding="utf-8")
    workload = declared(tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"')
    assert rows(workload) == [(TEN, TEN, "a,b;c")]


def test_a_delimiter_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("t^k\n2013-06-01 10:00:00^a\n")
    workload = declared(
        tmp_path, 'replay = "a.csv"\nevent_time = "t"\ndelimiter = "^"', 'k = "string"'
    )
    assert rows(workload) == [(TEN, TEN, "a")]


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl.gz", "a.json.gz", "A.CSV", "a[1]*.csv"])
def test_packed_files_and_odd_names(tmp_path: Path, name: str) -> None:
    csv = name.lower().startswith("a.csv") or "csv" in name
    text = "t,k\n2013-06-01 10:00:00,a\n" if csv else '{"t":"2013-06-01 10:00:00","k":"a"}\n'
    data = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
    (tmp_path / name).write_bytes(data)
    workload = declared(tmp_path, f'replay = "{name}"\nevent_time = "t"', 'k = "string"')
    assert rows(workload) == [(TEN, TEN, "a")]


def test_a_survey_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("t,k\n2013-06-01,a\n")
    workload = declared(tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"')
    assert isinstance(workload.input, Replay)
    first = survey(workload.input, workload.fields, workload.query.group_by)
    assert survey(workload.input, workload.fields, workload.query.group_by) is first
    file.write_text("t,k\n2013-06-01,a\n2013-06-02,b\n")
    assert survey(workload.input, workload.fields, workload.query.group_by).rows == 2


def test_the_order_of_a_long_file_is_its_own(tmp_path: Path) -> None:
    """Several threads read it."""
    count = 300_000
    (tmp_path / "a.csv").write_text(
        "t,k,n\n" + "".join(f"2013-06-01 10:00:00,a,{at}\n" for at in range(count))
    )
    workload = declared(
        tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"\nn = "bigint"'
    )
    assert [row[3] for row in rows(workload)] == list(range(count))
    assert isinstance(workload.input, Replay)
    later = dataclasses.replace(workload, input=dataclasses.replace(workload.input))
    assert len(rows(later)) == count


@pytest.mark.parametrize("ending", [".csv.gz", ".jsonl.gz"])
@pytest.mark.parametrize("damage", ["cut", "begun", "not packed", "changed", "empty"])
def test_what_cannot_be_unpacked_is_refused(tmp_path: Path, ending: str, damage: str) -> None:
    text = b"t,k\n" if ending == ".csv.gz" else b""
    row = b"2013-06-01,a\n" if ending == ".csv.gz" else b'{"t":"2013-06-01","k":"a"}\n'
    packed = gzip.compress(text + b"".join(row.replace(b"a", b"a%d" % n) for n in range(5_000)))
    data = {
        "cut": packed[:-2_000],
        "begun": packed[:15],
        "not packed": text + row,
        "changed": packed[:500] + b"\xff\x00" * 40 + packed[580:],
        "empty": b"",
    }[damage]
    (tmp_path / f"a{ending}").write_bytes(data)
    workload = declared(tmp_path, f'replay = "a{ending}"\nevent_time = "t"', 'k = "string"')
    error = refused(workload)
    if damage != "empty":
        told = {"cut": "is cut off", "begun": "is cut off", "not packed": "is not packed by gzip"}
        assert told.get(damage, "cannot be unpacked") in error.message
        assert "gzip -t" in (error.hint or "")


def test_lines_that_end_in_two_ways_are_told_of(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"t,k\r\n2013-06-01,a\r\n2013-06-01,b\n")
    workload = declared(tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"')
    error = refused(workload)
    assert "not all of its lines end alike" in error.message
    assert "tr -d" in (error.hint or "")


def test_a_damaged_parquet_file_is_refused_whichever_byte_it_is(tmp_path: Path) -> None:
    table = pa.table({"t": ["2013-06-01 10:00:00"] * 20, "k": ["a"] * 20})
    pq.write_table(table, tmp_path / "a.parquet")
    sound = (tmp_path / "a.parquet").read_bytes()
    workload = declared(tmp_path, 'replay = "a.parquet"\nevent_time = "t"', 'k = "string"')
    refusals = 0
    for at in range(0, len(sound), 7):
        (tmp_path / "a.parquet").write_bytes(
            sound[:at] + bytes([sound[at] ^ 0x1F]) + sound[at + 1 :]
        )
        with contextlib.suppress(UsageError):
            rows(workload)
            continue
        refusals += 1
    assert refusals > 10


def test_a_parquet_files_columns_are_told_apart_by_capitals_and_at_any_depth(
    tmp_path: Path,
) -> None:
    inner = pa.StructArray.from_arrays([pa.array(["c"]), pa.array(["d"])], ["k", "K"])
    arrays = [pa.array(["2013-06-01 10:00:00"]), pa.array(["a"]), pa.array(["b"]), inner]
    pq.write_table(pa.Table.from_arrays(arrays, ["t", "k", "K", "in"]), tmp_path / "a.parquet")
    fields = (
        'k = "string"\nl = { column = "K", type = "string" }\n'
        'm = { column = "in.k", type = "string" }\nn = { column = "in.K", type = "string" }'
    )
    workload = declared(tmp_path, 'replay = "a.parquet"\nevent_time = "t"', fields)
    assert rows(workload) == [(TEN, TEN, "a", "b", "c", "d")]
    pq.write_table(pa.Table.from_arrays(arrays[:3], ["t", "k", "k"]), tmp_path / "a.parquet")
    workload = declared(tmp_path, 'replay = "a.parquet"\nevent_time = "t"', 'k = "string"')
    assert "has 2 columns called 'k'" in refused(workload).message


def test_a_list_of_objects_has_no_columns_inside(tmp_path: Path) -> None:
    table = pa.table({"t": ["2013-06-01"], "k": [[{"a": 1}]]})
    pq.write_table(table, tmp_path / "a.parquet")
    fields = 'k = { column = "k.a", type = "string" }'
    workload = declared(tmp_path, 'replay = "a.parquet"\nevent_time = "t"', fields)
    assert "has no column 'k.a'" in refused(workload).message


def test_decimals_of_more_digits_than_can_be_read_are_doubles_and_nothing_else(
    tmp_path: Path,
) -> None:
    exact = pa.array([Decimal("4503599627370497.123456789")], pa.decimal256(39, 9))
    table = pa.table({"t": ["2013-06-01 10:00:00"], "k": ["a"], "n": exact})
    pq.write_table(table, tmp_path / "a.parquet")
    input_ = 'replay = "a.parquet"\nevent_time = "t"'
    for type_ in ("bigint", "decimal(18,2)", "string"):
        workload = declared(tmp_path, input_, f'k = "string"\nn = "{type_}"')
        assert f"is not a {type_}" in refused(workload).message
    workload = declared(tmp_path, input_, 'k = "string"\nn = "double"')
    assert rows(workload) == [(TEN, TEN, "a", 4503599627370497.123456789)]


@pytest.mark.parametrize("number", ["9007199254740993.0", "9.007199254740993e15", "-9007199254740993.0"])  # fmt: skip
def test_a_number_that_was_rounded_to_the_last_exact_one_is_refused(
    tmp_path: Path, number: str
) -> None:
    (tmp_path / "a.jsonl").write_text(f'{{"t":"2013-06-01","k":"a","n":{number}}}\n')
    input_ = 'replay = "a.jsonl"\nevent_time = "t"'
    workload = declared(tmp_path, input_, 'k = "string"\nn = "bigint"')
    assert "is not a bigint" in refused(workload).message


@pytest.mark.parametrize(
    ("data", "words", "hint"),
    [
        ("t,k,ä\n2013-06-01,a,b\n".encode("latin-1"), "line 1: the text is not UTF-8", "latin1"),
        ("t,k\n2013-06-01,a\n".encode("utf-16"), "the text is UTF-16, not UTF-8", "utf-16"),
        (
            gzip.compress(b"t,k\n2013-06-01,a\n", mtime=0),
            "is packed, and its name",
            "mv a.csv a.csv.gz",
        ),
    ],
)
def test_names_that_are_no_text_are_refused_with_what_to_do(
    tmp_path: Path, data: bytes, words: str, hint: str
) -> None:
    (tmp_path / "a.csv").write_bytes(data)
    error = refused(declared(tmp_path, 'replay = "a.csv"\nevent_time = "t"', 'k = "string"'))
    assert words in error.message
    assert hint in (error.hint or "")
