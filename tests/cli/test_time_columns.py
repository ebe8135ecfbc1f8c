"""Wrong and odd times in a user's file: each is told in the user's words, with a command that goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streambench.model.workload import TimeColumn
from streambench.workload.file.formats import mended_time, strptime_of
from streambench.workload.file.zones import zone_meant
from tests.cli.own_files import made, refused, replay_of, streambench, write

FORM = (
    "--format FORMAT, where FORMAT is as for strptime, such as '%d/%m/%Y %H:%M'; or write them as"
    " 2024-01-31 10:00:00"
)


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def iso(at: int) -> str:
    return f"2024-01-{1 + at % 28:02} 10:00:00"


def written(time: Callable[[int], str], others: str = "") -> None:
    write("data.csv", f"when,k{',' if others else ''}{others}", *(
        f"{time(at)},a{at % 5}{f',{iso(at)}' if others else ''}" for at in range(40)
    ))  # fmt: skip


MENDED: list[tuple[Callable[[int], str], str, str, str]] = [
    (
        lambda at: "unknown" if at == 17 else iso(at),
        "",
        "when has times such as '2024-01-",
        "--time when --leave-out 'unknown'",
    ),
    (
        lambda at: f"2024-02-{1 + at % 30:02}",
        "--time when",
        "and in one row something else: '2024-02-30'",
        "--time when --leave-out '2024-02-30'",
    ),
    (
        lambda at: f"2016-12-31 23:59:{30 + at % 31}",
        "--time when",
        "something else: '2016-12-31 23:59:60'",
        "--time when --leave-out '2016-12-31 23:59:60'",
    ),
    (
        lambda at: f"{1_700_000_000 + 60 * at}",
        "--unit ms",
        "in when is no number of ms since 1970",
        "--time when --unit s",
    ),
    (iso, "--unit ms", "in when is no number of ms since 1970", "--time when"),
    (
        lambda at: f"{1 + at % 28:02}/01/2024",
        "--format %m/%d/%Y",
        "is not a time as '%m/%d/%Y'",
        "--time when --format '%d/%m/%Y'",
    ),
    (
        lambda at: f"{1 + at % 28:02}/01/2024",
        "--format dd/MM/yyyy",
        "its directives begin with %",
        "--format '%d/%m/%Y'",
    ),
    (
        lambda at: f"{1_700_000_000 + 60 * at}",
        "--unit s --format %s",
        "two ways to read times",
        "--unit s",
    ),
    (
        lambda at: f"{1_700_000_000 + 60 * at}",
        "--zone Europe/Berlin",
        "--zone would do nothing: numbers since 1970 count in UTC",
        "",
    ),
    (iso, "--zone EDT", "did you mean 'America/New_York'?", "--zone America/New_York"),
    (iso, "--zone +02:00", "did you mean 'Etc/GMT-2'?", "--zone Etc/GMT-2"),
    (iso, "--zone Berlin", "did you mean 'Europe/Berlin'?", "--zone Europe/Berlin"),
    (
        lambda at: f"2024-07-{1 + at % 28:02} 10:00:00 CEST",
        "",
        "names its zone by an abbreviation",
        "--time when --format '%Y-%m-%d %H:%M:%S CEST' --zone Europe/Berlin",
    ),
    (
        lambda at: f"2024-03-31 0{1 + at % 3}:{at:02}:00",
        "--zone Europe/Berlin",
        "'2024-03-31 02:01:00' is no time in Europe/Berlin: its clocks jumped over it",
        "--time when",
    ),
    (iso, "--leave-out none", "no value of data.csv is 'none'", ""),
]


@pytest.mark.parametrize(("time", "options", "told", "mends"), MENDED)
def test_the_command_of_the_hint_reads_the_file(
    time: Callable[[int], str], options: str, told: str, mends: str
) -> None:
    written(time)
    message, hint = refused(f"new mine --from data.csv {options}")
    assert told in message
    command = hint.partition(", which ")[0]
    assert command == f"streambench new mine --from data.csv {mends}".strip()
    made(command.removeprefix("streambench "))


UNREAD: list[tuple[Callable[[int], str], str, str, str]] = [
    (
        lambda at: iso(at)[:10] if at % 2 else f"{1 + at % 28:02}.01.2024",
        "",
        "in 20 rows something else: '01.01.2024', '03.01.2024', '05.01.2024', …",
        "--time when, when all times are written in one way",
    ),
    (
        lambda at: f"{at % 24:02}:{at:02}:00",
        "",
        "when holds times of day without a date",
        "--time when, when date and time stand in one column",
    ),
    (
        lambda at: f"{45_000 + at}.5",
        "",
        "may be a day as spreadsheets count them",
        "--time when, when dates are saved as text such as 2024-01-31",
    ),
    (lambda at: f"2024-Q{1 + at % 4}", "--time when", "no way is known to read '2024-Q", FORM),
    (lambda at: f"{1 + at % 28}. März 2024", "", "no way is known to read '", FORM),
    (lambda at: f"{at}", "--time when", "in when is no time: as s, ms, us or ns since 1970", FORM),
    (iso, "--format %d/%m", "holds no year", "--format '%d/%m/%Y'"),
    (iso, "--format %Q%Y", "is no format of times", "--format '%d/%m/%Y'"),
]


@pytest.mark.parametrize(("time", "options", "told", "hinted"), UNREAD)
def test_what_no_command_reads_is_told_with_what_to_change(
    time: Callable[[int], str], options: str, told: str, hinted: str
) -> None:
    written(time)
    message, hint = refused(f"new mine --from data.csv {options}")
    assert told in message
    assert hinted in hint
    assert "workload.toml" not in message


@pytest.mark.parametrize("option", ["--time", "--arrival"])
@pytest.mark.parametrize("time", [lambda at: f"{at}", lambda at: f"b{at % 3}"])
def test_a_column_that_holds_no_times_is_answered_with_one_that_does(
    time: Callable[[int], str], option: str
) -> None:
    written(time, "at")
    _, hint = refused(f"new mine --from data.csv {option} when")
    assert hint == f"streambench new mine --from data.csv {option} at"
    made(hint.removeprefix("streambench "))


def test_numbers_that_can_be_times_are_told_of_whatever_they_are_called() -> None:
    write("data.csv", "x,k", *(f"{1_700_000_000 + 60 * at},a{at % 5}" for at in range(40)))
    message, hint = refused("new mine --from data.csv")
    assert "the numbers of x can be times" in message
    workload, _ = made(hint.removeprefix("streambench "))
    assert replay_of(workload).event_time.unit is not None


def test_one_bad_value_among_many_rows_is_found() -> None:
    """More rows than are sampled: the one that is no time may be in none of them."""
    rows = [
        f"2024-01-{1 + at // 1440:02} {at // 60 % 24:02}:{at % 60:02},a{at % 5}"
        for at in range(9_000)
    ]
    rows[4_321] = "n/k,a1"
    write("data.csv", "when,k", *rows)
    message, hint = refused("new mine --from data.csv --time when")
    assert "and in one row something else: 'n/k'" in message
    workload, _ = made(hint.removeprefix("streambench ").partition(", which ")[0])
    assert replay_of(workload).leave_out == ("", "n/k")
    assert "one row is left out" in streambench("validate mine").stderr


def test_a_text_that_is_left_out_may_be_one_of_the_key() -> None:
    written(iso)
    workload, _ = made("new mine --from data.csv --leave-out a3")
    assert replay_of(workload).leave_out == ("", "a3")
    assert "8 rows are left out" in streambench("validate mine").stderr


def test_a_date_apart_from_its_time_of_day_is_told_of() -> None:
    rows = [f"2024-01-{1 + at % 28:02},{at % 24:02}:{at:02},a{at % 5}" for at in range(40)]
    write("data.csv", "date,clock,k", *rows)
    _, said = made("new mine --from data.csv")
    assert "date is a date alone, and clock holds times of day: write both into one column" in said


def test_compact_times_of_iso_are_read() -> None:
    written(lambda at: f"20240131T2359{at:02}")
    workload, _ = made("new mine --from data.csv")
    assert replay_of(workload).event_time == TimeColumn("when", format="%Y%m%dT%H%M%S")


def test_a_file_of_one_instant_is_told_of() -> None:
    written(lambda at: "2024-01-01 10:00:00")
    made("new mine --from data.csv")
    told = streambench("validate mine").stderr
    assert "all 40 rows of data.csv have one event time, of 2024-01-01" in told


def test_centuries_are_told_of_and_not_refused_at_a_line_nobody_wrote() -> None:
    write("data.csv", "year,k", *(f"{1700 + at},a{at % 5}" for at in range(300)))
    done = streambench("new mine --from data.csv")
    assert done.exit_code == 0
    assert "It cannot run as it is: the event times of data.csv span 299 years" in done.stdout


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("dd/MM/yyyy", "%d/%m/%Y"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSS", "%Y-%m-%dT%H:%M:%S.%f"),
        ("YYYY-MM-DD hh:mm A", "%Y-%m-%d %I:%M %p"),
        ("d. MMM yy", "%d. %b %y"),
        ("%d/%m", None),
        ("HH:mm", None),
        ("fancy", None),
        ("", None),
    ],
)
def test_formats_of_other_programs_are_understood(given: str, meant: str | None) -> None:
    assert strptime_of(given) == meant


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ({"column": "t", "format": "dd.MM.yyyy"}, '{ column = "t", format = "%d.%m.%Y" }'),
        ({"column": "t", "unit": "s", "zone": "UTC"}, '{ column = "t", unit = "s" }'),
        (
            {"column": "t", "format": "%Y", "unit": "s", "zone": "UTC"},
            '{ column = "t", format = "%Y", zone = "UTC" }',
        ),
        ({"format": "%Y"}, None),
        ("t", None),
    ],
)
def test_a_column_of_times_is_put_right(value: object, meant: str | None) -> None:
    assert mended_time(value) == meant


def test_validate_answers_with_the_users_own_column() -> None:
    written(iso)
    made("new mine --from data.csv")
    file = Path("workloads/mine/workload.toml")
    text = file.read_text()
    for wrong, right in (
        ('{ column = "when", format = "dd.MM.yyyy" }', 'format = "%d.%m.%Y" }'),
        ('{ column = "when", unit = "s", zone = "UTC" }', '{ column = "when", unit = "s" }'),
        ('{ column = "when", zone = "EDT" }', 'write zone = "America/New_York"'),
    ):
        file.write_text(text.replace('event_time = "when"', f"event_time = {wrong}"))
        said = streambench("validate mine")
        assert said.exit_code == 2
        assert right in said.stderr.partition("\n\nhint: ")[2]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("edt", "America/New_York"),
        ("UTC+2", "Etc/GMT-2"),
        ("-0500", "Etc/GMT+5"),
        ("+00:00", "UTC"),
        ("+05:30", None),
        ("new york", "America/New_York"),
        ("europe/berlin", "Europe/Berlin"),
        ("Europe/Berln", "Europe/Berlin"),
        ("X", None),
        ("", None),
    ],
)
def test_which_zone_was_meant(text: str, meant: str | None) -> None:
    names = ("America/New_York", "Europe/Berlin", "Etc/GMT-2", "Etc/GMT+5", "UTC", "WET")
    assert zone_meant(text, names) == meant
