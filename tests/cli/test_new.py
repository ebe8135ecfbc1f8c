"""`streambench new`: what it finds in a file, and that what it writes can be run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from streambench.model.errors import ExitCode
from streambench.model.expression import FieldType
from streambench.model.workload import EpochUnit, Synthetic, TimeColumn
from tests.cli.own_files import made, refused, replay_of, streambench, write

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def stocks(count: int = 120) -> None:
    """Grouped by symbol, as such files are: not in the order of their times."""
    rows = [
        f"{symbol},{month} 1 {2000 + year},{20 + year}.{year}{each}"
        for symbol in ("MSFT", "AMZN", "IBM", "GOOG", "AAPL")
        for year in range(count // 12)
        for each, month in enumerate(
            ["Jan", "Feb", "Mar", "Apr", "Jun", "Jul", "Aug", "Sep", "Oct"]
        )
    ]
    write("stocks.csv", "symbol,date,price", *rows)


def test_a_template_is_a_workload_that_runs() -> None:
    workload, said = made("new mine")
    assert isinstance(workload.input, Synthetic)
    assert workload.title == "Mine"
    assert said.strip() == "workloads/mine/workload.toml"
    assert not workload.late_records_possible
    assert "#" in Path("workloads/mine/workload.toml").read_text()


def test_a_file_becomes_a_workload_that_runs() -> None:
    stocks()
    workload, said = made("new stocks --from stocks.csv")
    replay = replay_of(workload)
    assert replay.event_time == TimeColumn("date", format="%b %d %Y")
    assert replay.arrival == replay.event_time
    assert (
        "The file is grouped by symbol: its times begin anew where symbol changes, 4 times." in said
    )
    key, price = workload.fields
    assert (key.name, key.type.value) == ("symbol", "string")
    assert (price.in_file.name, price.in_file.times) == ("price", 100)
    assert [key.name for key in workload.query.group_by] == ["symbol"]
    assert replay.path == Path("workloads/stocks/stocks.csv")
    assert "450 rows; all of them were looked at" in said
    assert "no record can be late" in said
    assert not Path("stocks-2").exists()


def test_the_window_lasts_a_second_or_two_and_all_of_it_a_minute_or_two() -> None:
    stocks()
    workload, said = made("new stocks --from stocks.csv")
    speed_up = replay_of(workload).speed_up
    assert 1_000 <= workload.query.window.shortest_ms / speed_up <= 2_000
    assert "all of it plays for" in said


@pytest.mark.parametrize(
    ("header", "row", "event_time"),
    [
        ("when,k", "2013-06-{:02},a{}", TimeColumn("when")),
        ("when,k", "2013/06/{:02} 10:00:00,a{}", TimeColumn("when")),
        ("when,k", "{:02}.06.2013,a{}", TimeColumn("when", format="%d.%m.%Y")),
        ("when,k", "6/{}/2013 10:00 AM,a{}", TimeColumn("when", format="%m/%d/%Y %I:%M %p")),
        ("ts,k", "13700808{:02},a{}", TimeColumn("ts", unit=EpochUnit.SECONDS)),
        (
            "created_at,k",
            "13700808{:02}000,a{}",
            TimeColumn("created_at", unit=EpochUnit.MILLISECONDS),
        ),
        ("year,k", "20{:02},a{}", TimeColumn("year", format="%Y")),
    ],
)
def test_how_times_are_written_is_found(header: str, row: str, event_time: TimeColumn) -> None:
    write("data.csv", header, *(row.format(10 + at, at % 5) for at in range(19)))
    workload, _ = made("new mine --from data.csv")
    assert replay_of(workload).event_time == event_time
    assert replay_of(workload).arrival is None


def test_a_date_of_two_readings_is_for_the_user_to_tell() -> None:
    write(
        "data.csv", "when,k", *(f"{day:02}/0{2 + day % 3}/2013,a{day % 5}" for day in range(1, 12))
    )
    message, hint = refused("new mine --from data.csv")
    assert "can be" in message
    assert "(--format '%d/%m/%Y')" in message
    assert "(--format '%m/%d/%Y')" in message
    workload, _ = made(hint.removeprefix("streambench "))
    assert replay_of(workload).event_time.format == "%d/%m/%Y"


def test_one_row_that_has_but_one_reading_tells_for_all() -> None:
    rows = [f"0{1 + at % 9}/0{1 + at % 5}/2013,a{at % 5}" for at in range(5_000)]
    write("data.csv", "when,k", *rows, "05/13/2013,a1")
    workload, _ = made("new mine --from data.csv")
    assert replay_of(workload).event_time.format == "%m/%d/%Y"


def test_which_of_two_times_is_the_events_is_for_the_user_to_tell() -> None:
    rows = [f"2013-06-01 10:00:{at:02},2013-06-01 10:01:{at:02},a{at % 5}" for at in range(60)]
    write("data.csv", "Begun,Stored,k", *rows)
    message, hint = refused("new mine --from data.csv")
    assert "2 columns of times: Begun (2013-06-01 10:00" in message
    assert "--time Begun, and --arrival Stored" in hint
    workload, said = made(
        "new mine --from data.csv --time Begun --arrival Stored --zone Europe/Berlin"
    )
    replay = replay_of(workload)
    assert replay.event_time == TimeColumn("Begun", zone="Europe/Berlin")
    assert replay.arrival == TimeColumn("Stored", zone="Europe/Berlin")
    assert "UTC" not in said


def test_other_columns_of_times_are_timestamps() -> None:
    rows = [
        f"2013-06-01 10:{each // 60:02d}:{each % 60:02d},a{each % 3},{each % 28 + 1:02d}.05.2013,{each}"
        for each in range(120)
    ]
    write("parcels.csv", "came,shop,sent,fee", *rows)
    workload, _ = made("new parcels --from parcels.csv --time came --zone Europe/Berlin")
    (sent,) = (field for field in workload.fields if field.name == "sent")
    assert sent.type is FieldType.TIMESTAMP
    assert sent.in_file.instants == TimeColumn("sent", "%d.%m.%Y", zone="Europe/Berlin")


def test_disorder_is_measured_and_what_each_clock_would_drop() -> None:
    rows = [f"2013-06-01 {10 + at // 60}:{at % 60:02}:00,a{at % 5}" for at in range(600)]
    for at in range(30, 600, 50):
        rows[at], rows[at - 20] = rows[at - 20], rows[at]
    write("data.csv", "t,k", *rows)
    workload, said = made("new mine --from data.csv")
    assert replay_of(workload).arrival is None
    # 12 swaps: each lets the 19 records between it, and the one that came late, lie behind.
    assert "Disorder: 240 of 600 records lie behind an earlier one" in said
    assert "all by 20 min" in said
    table = said.partition("by grace:\n")[2].splitlines()
    for engine in ("Apache Flink", "Spark", "Kafka Streams", "Python consumer"):
        assert engine in table[0]
    zero = next(line for line in table if line.startswith("0 ms"))
    written_ = next(line for line in table if "(written)" in line)
    assert "%" in zero
    assert "%" not in written_
    assert workload.query.grace_ms >= 20 * 60_000


def test_a_row_far_away_is_told_of_and_left_out() -> None:
    rows = [f"2013-06-{1 + at // 24:02} {at % 24:02}:00:00,a{at % 5}" for at in range(500)]
    rows[100] = "2099-01-01 00:00:00,a1"
    write("data.csv", "t,k", *rows)
    workload, said = made("new mine --from data.csv")
    assert "2099-01-01 in row 101" in said
    assert "lets nothing else into a window" in said
    replay = replay_of(workload)
    assert (replay.begin, replay.end) == ("2013-06-01", "2013-06-22")
    text = Path("workloads/mine/workload.toml").read_text()
    Path("workloads/mine/workload.toml").write_text(
        "\n".join(line for line in text.splitlines() if not line.startswith(("begin", "end")))
    )
    warned = streambench("validate mine")
    assert "span 86 years" in warned.stderr
    assert "Kafka's stamps begin in 1970" in warned.stderr


def test_a_row_far_away_is_told_of_by_validate() -> None:
    rows = [f"2013-06-{1 + at // 24:02} {at % 24:02}:00:00,a{at % 5}" for at in range(500)]
    rows[100] = "2014-01-01 00:00:00,a1"
    write("data.csv", "t,k", *rows)
    made("new mine --from data.csv")
    file = Path("workloads/mine/workload.toml")
    lines = [x for x in file.read_text().splitlines() if not x.startswith(("begin", "end"))]
    file.write_text("\n".join(lines))
    told = streambench("validate mine").stderr
    assert "event times far away from all others" in told
    assert "2014-01-01 in row 101" in told


def test_a_file_that_plays_for_years_is_refused_with_a_speed() -> None:
    stocks()
    made("new stocks --from stocks.csv")
    file = Path("workloads/stocks/workload.toml")
    lines = [x for x in file.read_text().splitlines() if not x.startswith("speed_up")]
    file.write_text("\n".join(lines))
    done = streambench("validate stocks")
    assert done.exit_code == ExitCode.USAGE
    assert "would play for 10 years at a speed_up of 1" in done.stderr
    assert "speed_up = 3_" in done.stderr
    file.write_text(file.read_text().replace("event_time", "speed_up = 50_000\nevent_time"))
    told = streambench("validate stocks").stderr
    assert "plays for 103 min: its arrivals span" in told


ORDER = {
    "at": "2026-01-{:02}T10:{:02}:00.250Z",
    "user": {"id": 7, "e.mail": "x@y"},
    "Total $": 12.5,
    "isGift": True,
    "note": None,
    "tags": ["a"],
}


@pytest.mark.parametrize("name", ["orders.json", "orders.jsonl"])
def test_objects_within_objects(name: str) -> None:
    def order(at: int) -> Mapping[str, Any]:
        user = {"id": at % 9, "e.mail": f"{at % 9}@y"}
        return ORDER | {"at": ORDER["at"].format(1 + at // 60, at % 60), "user": user}  # type: ignore[attr-defined]

    found = [order(at) for at in range(300)]
    text = json.dumps(found) if name.endswith("json") else "\n".join(map(json.dumps, found))
    Path(name).write_text(text)
    workload, said = made(f"new orders --from {name} --key user.id")
    assert {field.name: field.in_file.name for field in workload.fields} == {
        "user_id": "user.id",
        "user_e_mail": ("user", "e.mail"),
        "total": "Total $",
        "is_gift": "isGift",
    }
    assert "tags" in said
    assert "no type fits" in Path("workloads/orders/workload.toml").read_text()


def test_rows_without_a_value_are_left_out_unless_they_are_many_that_lack_one() -> None:
    rows = [
        f"2013-06-01 10:{at // 60:02}:{at % 60:02},a{at % 5},"
        f"{'NA' if at == 7 else at},{at if at < 50 else ''}"
        for at in range(600)
    ]
    write("data.csv", "t,k,n,rare", *rows)
    workload, said = made("new mine --from data.csv")
    assert replay_of(workload).leave_out == ("", "NA")
    assert [(field.name, field.nullable) for field in workload.fields] == [
        ("k", False),
        ("n", False),
        ("rare", True),
    ]
    text = Path("workloads/mine/workload.toml").read_text()
    assert 'rare = { type = "bigint", null = true }    # ' in text
    assert "rare: bigint, where there is one" in " ".join(said.split())
    assert "one row is left out of data.csv" in streambench("validate mine").stderr


def test_numbers_and_uuids_can_be_keys(tmp_path: Path) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT TIMESTAMP '2026-01-01' + to_seconds(i) AS ts, uuid() AS u,"
            " (i % 20)::INTEGER AS domainID, i::DECIMAL(9, 2) / 4 AS price FROM range(600) AS r (i))"
            f" TO '{tmp_path}/data.parquet'"
        )
    workload, _ = made("new mine --from data.parquet")
    assert [key.name for key in workload.query.group_by] == ["domain_id"]
    assert workload.field("domain_id").type.value == "string"
    workload, _ = made("new other --from data.parquet --key u")
    assert [key.name for key in workload.query.group_by] == ["u"]


@pytest.mark.parametrize(
    ("options", "column", "told"),
    [("", "level", True), ("--key level", "level", False), ("", "meter_id", False)],
)
def test_a_number_that_becomes_the_key_unasked_is_told_of(
    options: str, column: str, told: bool
) -> None:
    rows = [f"2026-01-01 10:00:{at:02},{at % 5}" for at in range(60)]
    write("a.csv", f"t,{column}", *rows)
    workload, said = made(f"new mine --from a.csv {options}")
    assert [key.name for key in workload.query.group_by] == [column]
    assert (f"the number {column} is the key. --key COLUMN takes another" in said) is told


def test_refunds_are_summed() -> None:
    rows = [
        f"2013-06-01 10:{at // 60:02}:{at % 60:02},a{at % 5},{(-1) ** at * at}" for at in range(600)
    ]
    write("data.csv", "t,k,amount", *rows)
    workload, _ = made("new mine --from data.csv")
    assert [a.alias for a in workload.query.aggregates] == [
        "records",
        "total_amount",
        "greatest_amount",
    ]


def test_a_large_file_stays_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streambench.experiment.own_data.COPIED_BYTES", 100)
    stocks()
    workload, said = made("new stocks --from stocks.csv")
    assert replay_of(workload).path == Path("stocks.csv").resolve()
    assert "stays where it is" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--time dat", "has no column 'dat'; did you mean 'date'?"),
        ("--key symbl", "did you mean 'symbol'?"),
        ("--unit hours", "--unit: 'hours' is not one of s, ms, us, ns"),
        ("--zone Europe/Berln", "no time zone 'Europe/Berln'"),
        ("--format %Q", "%Q"),
        ("--format '%d.%m.%Y'", "450 values do not fit"),
    ],
)
def test_what_does_not_fit_the_file_is_refused(options: str, words: str) -> None:
    stocks()
    message, _ = refused(f"new stocks --from stocks.csv {options}")
    assert words in message


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("none.csv", None, "does not exist"),
        ("a.xlsx", "x", "told by its ending"),
        ("a.csv", "", "no line of names"),
        ("a.csv", "t,k\n", "holds no value"),
        ("a.csv", "a,b\n1,2\n", "looks like times"),
        ("a.csv", "t\n2013-06-01\n2013-06-02\n", "fit to group by"),
        ("a.json", '{"data": [', "is not JSON that can be played"),
        ("a.csv", "t,k\n2013-06-01\n", "line 2: 1 values"),
    ],
)
def test_a_file_of_which_nothing_can_be_made_is_refused(
    name: str, text: str | None, words: str
) -> None:
    if text is not None:
        Path(name).write_text(text)
    message, _ = refused(f"new mine --from {name}")
    assert words in message


def test_a_list_within_one_object_is_told_of() -> None:
    Path("a.json").write_text(json.dumps({"type": "x", "features": [{"t": 1}]}, indent=1))
    message, _ = refused("new mine --from a.json")
    assert "jq -c '.features[]' takes them out" in message


def test_numbers_of_many_digits_are_no_keys() -> None:
    rows = [
        f"2013-06-01 10:{at // 60:02}:{at % 60:02},{at % 7}.{at % 7}23456789,a{at % 3}"
        for at in range(600)
    ]
    write("data.csv", "t,gust,origin", *rows)
    workload, _ = made("new mine --from data.csv")
    assert [(field.name, field.type.value) for field in workload.fields] == [
        ("origin", "string"),
        ("gust", "double"),
    ]


def test_what_can_be_summed_is_read_before_other_columns() -> None:
    texts = ",".join(f"text{n}" for n in range(10))
    rows = [
        f"2013-06-01 10:{at // 60:02}:{at % 60:02},{at % 12},{','.join('abc' + str(at % 3) for _ in range(10))},{at}"
        for at in range(600)
    ]
    write("data.csv", f"t,month,{texts},cost", *rows)
    workload, _ = made("new mine --from data.csv")
    assert "cost" in {field.name for field in workload.fields}
    assert len(workload.fields) == 8
    assert [a.alias for a in workload.query.aggregates][1] == "total_cost"


def test_nulls_of_json_are_values_that_are_not_there() -> None:
    rows = [
        {
            "t": f"2013-06-01 10:{at // 60:02}:{at % 60:02}",
            "k": f"a{at % 5}",
            "n": at if at % 50 else None,
        }
        for at in range(600)
    ]
    Path("a.json").write_text(json.dumps(rows))
    workload, _ = made("new mine --from a.json")
    assert [field.name for field in workload.fields] == ["k", "n"]
    assert replay_of(workload).leave_out == ("",)


def test_how_many_values_there_are_is_said_for_what_it_is() -> None:
    """It is an estimate; whether there is more than one is not."""
    rows = [
        f"2024-01-01T00:{n // 60 % 60:02d}:{n % 60:02d},k{n % 1000},x,{n % 2}" for n in range(3_000)
    ]
    write("orders.csv", "at,customer,shop,paid", *rows)
    _, said = made("new orders --from orders.csv")
    words = {line.split()[0]: line for line in said.splitlines() if line.strip()}
    assert "about 1,000 " in words["customer"]
    assert "about 2 " in words["paid"]
    assert " 1 " in words["shop"]
    assert "about" not in words["shop"]
    written = Path("workloads/orders/workload.toml").read_text()
    assert "about 1,000 different" in written
    assert "always the same" in written


@pytest.mark.parametrize("column", ["select", "distinct", "from", "case", "group", "order"])
def test_a_column_may_be_called_like_a_word_of_sql(column: str) -> None:
    rows = [f"2024-01-01T00:{n // 60:02d}:{n % 60:02d},k{n % 9},{n}" for n in range(2_000)]
    write("orders.csv", f"at,name,{column}", *rows)
    workload, _ = made("new orders --from orders.csv")
    assert len(workload.query.aggregates) == 3


def test_the_hint_for_a_name_that_is_taken_keeps_the_file() -> None:
    write("clicks data.csv", "at,k,n", "2024-01-01,a,1")
    _, hint = refused("new clicks --from 'clicks data.csv'")
    assert hint == "streambench new clicks-2 --from 'clicks data.csv'"
    _, hint = refused("new Clicks --from 'clicks data.csv'")
    assert hint == "streambench new clicks --from 'clicks data.csv'"


def test_a_file_without_anything_to_group_by_is_refused_with_what_it_lacks() -> None:
    write("a.csv", "t,empty", *(f"2013-06-01 10:00:{at:02}," for at in range(30)))
    for options in ("", " --key t", " --key k"):
        message, hint = refused(f"new mine --from a.csv{options}")
        assert "none but the times has a value" in message
        assert "add a column to group by" in hint


@pytest.mark.parametrize(
    ("key", "words"), [("t", "is the column of the times"), ("empty", "it has no value in any row")]
)
def test_a_column_that_cannot_be_the_key_is_refused_with_why(key: str, words: str) -> None:
    write("a.csv", "t,k,empty", *(f"2013-06-01 10:00:{at:02},a{at % 3}," for at in range(30)))
    message, hint = refused(f"new mine --from a.csv --key {key}")
    assert words in message
    assert hint.endswith("--key k")


def test_a_number_beyond_all_calendars_is_no_time() -> None:
    rows = [f"{1_370_080_800 + at},a{at % 3}" for at in range(30)]
    write("a.csv", "n,k", *rows, "13700808000000000000000,a", "1e400,b", "-" + "9" * 400 + ",a")
    message, _ = refused("new mine --from a.csv --time n")
    assert "no way is known to read all times of n" in message
    write("a.csv", "n,k", *rows, "13700808000000000,a1")
    message, _ = refused("new mine --from a.csv --time n")
    assert "no way is known to read all times of n" in message


@pytest.mark.parametrize("years", [(1, 9_999), (1_900, 2_300), (1_000, 2_000)])
def test_a_file_of_many_years_is_written_and_what_stands_against_it_is_said(
    years: tuple[int, int],
) -> None:
    span = range(years[0], years[1], max(1, (years[1] - years[0]) // 100))
    write("a.csv", "t,k", *(f"{year:04}-01-01,a{at % 3}" for at, year in enumerate(span)))
    done = streambench("new mine --from a.csv")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert "It cannot run as it is" in done.stdout
    assert "Kafka's stamps begin in 1970" in streambench("validate mine").stderr


def test_one_row_is_told_of_as_one() -> None:
    write("a.csv", "t,k", "2013-06-01,a")
    _, said = made("new mine --from a.csv --key k")
    assert "One row; it was looked at." in said
    assert "This is one window" in said
