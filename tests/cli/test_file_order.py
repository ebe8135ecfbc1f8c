"""Files that do not lie in the order of their times: what `new` says of them, and the commands that it names."""

from __future__ import annotations

import datetime
import random
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.cli.own_files import made, refused, replay_of, streambench, write

DAY = datetime.timedelta(days=1)
CITIES = ("Berlin", "Madrid", "Oslo", "Rome")


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def days_of(city: str, count: int, begin: int = 0) -> Iterator[str]:
    """A temperature a day."""
    first = datetime.date(2015, 1, 1)
    return (f"{city},{first + (begin + at) * DAY},{at * 7 % 30}" for at in range(count))


def temperatures(days: Mapping[str, int], newest_first: bool = False) -> None:
    """City after city, each in the order of its days."""
    rows = [
        row
        for city, count in days.items()
        for row in (list(days_of(city, count))[:: -1 if newest_first else 1])
    ]
    write("temps.csv", "city,day,temperature", *rows)


def command_in(said: str) -> str:
    """The command that is named for the other way; what it removes is removed."""
    line = next(line for line in said.splitlines() if line.startswith("    rm -r "))
    removed, command = line.removeprefix("    rm -r ").split(" && streambench ")
    shutil.rmtree(removed)
    return command


@pytest.mark.parametrize(
    "days",
    [
        dict.fromkeys(CITIES, 365),
        {"Berlin": 3_000, "Madrid": 60, "Oslo": 50, "Rome": 40},  # few records are behind at all
    ],
)
@pytest.mark.parametrize("newest_first", [False, True])
def test_city_after_city_is_played_by_time_and_told(
    days: Mapping[str, int], newest_first: bool
) -> None:
    temperatures(days, newest_first)
    workload, said = made("new temps --from temps.csv")
    assert replay_of(workload).arrival == replay_of(workload).event_time
    assert "grouped by city: its times begin anew where city changes, 3 times" in said
    assert "Played so, records would come up to" in said
    assert "So they are played in the order of their times: arrival is day, too." in said
    assert "no record can be late" in said
    command = command_in(said)
    assert command == "new temps --from temps.csv --file-order"
    workload, said = made(command)
    assert replay_of(workload).arrival is None
    assert "records lie behind an earlier one" in said
    assert "grouped by city" in said
    assert "rm -r" not in said


def test_the_second_half_of_a_file_may_begin_a_little_before_the_end_of_the_first() -> None:
    write("temps.csv", "city,day,temperature", *days_of("Rome", 365), *days_of("Oslo", 365, 350))
    workload, said = made("new temps --from temps.csv")
    assert "begin anew where city changes, once" in said
    assert replay_of(workload).arrival is not None


def test_blocks_that_come_again_can_be_an_order_of_arrival() -> None:
    hours = [
        f"d{device},2024-01-{1 + day:02} {hour:02}:00:00"
        for day in range(28)
        for device in range(6)
        for hour in range(24)
    ]
    write("meters.csv", "device,at", *hours)
    workload, said = made("new meters --from meters.csv")
    assert replay_of(workload).arrival is None
    assert "grouped by device: its times begin anew where device changes, 140 times" in said
    assert "If records did not arrive so, play them in the order of their times:" in said
    command = command_in(said)
    assert command == "new meters --from meters.csv --arrival at"
    workload, said = made(command)
    assert replay_of(workload).arrival == replay_of(workload).event_time
    assert "grouped" not in said


def test_newest_first_is_told() -> None:
    temperatures({"Rome": 100, "Oslo": 100})
    lines = Path("temps.csv").read_text().splitlines()
    ordered = sorted(lines[1:], key=lambda line: line.split(",")[1], reverse=True)
    write("temps.csv", lines[0], *ordered)
    workload, said = made("new temps --from temps.csv")
    assert "The file lies newest first." in said
    assert replay_of(workload).arrival is not None


@pytest.mark.parametrize("seed", range(5))
def test_a_file_in_no_order_is_grouped_by_nothing(seed: int) -> None:
    drawn = random.Random(seed)
    temperatures(dict.fromkeys(CITIES, 100))
    head, *rows = Path("temps.csv").read_text().splitlines()
    drawn.shuffle(rows)
    write("temps.csv", f"{head},row", *(f"{row},r{at}" for at, row in enumerate(rows)))
    _, said = made("new temps --from temps.csv")
    assert "The file does not lie in the order of its times." in said
    assert "grouped" not in said


@pytest.mark.parametrize("seed", range(5))
def test_late_records_are_no_grouping(seed: int) -> None:
    drawn = random.Random(seed)
    rows = [
        f"{drawn.choice(CITIES)},2024-01-01 {at // 60:02}:{at % 60:02}:00,s{at // 100}"
        for at in range(1_000)
    ]
    for at in range(20, 1_000, 97):
        rows[at], rows[at - 15] = rows[at - 15], rows[at]
    write("stream.csv", "city,at,session", *rows)
    workload, said = made("new stream --from stream.csv")
    assert "records lie behind an earlier one" in said
    assert "grouped" not in said
    assert replay_of(workload).arrival is None


def test_a_row_far_away_hides_no_grouping() -> None:
    rows = [*days_of("Rome", 200), "Rome,2099-01-01,3", *days_of("Oslo", 200)]
    write("temps.csv", "city,day,temperature", *rows)
    _, said = made("new temps --from temps.csv")
    assert "grouped by city" in said
    assert "2099-01-01 in row 201" in said


def test_the_order_of_arrival_is_told_once() -> None:
    temperatures({"Rome": 100, "Oslo": 100})
    message, hint = refused("new temps --from temps.csv --file-order --arrival day")
    assert "each name another order of arrival" in message
    assert hint == "streambench new temps --from temps.csv --arrival day"
    message, _ = refused("new temps --file-order")
    assert "--file-order belongs to a file" in message


def test_validate_says_how_a_grouped_file_is_played_in_order() -> None:
    temperatures(dict.fromkeys(CITIES, 365))
    made("new temps --from temps.csv --file-order")
    told = streambench("validate temps").stderr
    assert "records of temps.csv lie up to 364.0 days behind earlier ones" in told
    assert '[input] arrival = "day" plays the file in the order of its times' in told
    file = Path("workloads/temps/workload.toml")
    file.write_text(file.read_text().replace("speed_up", 'arrival = "day"\nspeed_up', 1))
    assert "every result is checked exactly" in streambench("validate temps").stdout
