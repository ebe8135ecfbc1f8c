"""What a text keeps and what it loses when it may be given away."""

from __future__ import annotations

import pytest

from streambench.results.anonymous.mask import Mask
from streambench.runtime.identity import telling

OURS = telling(
    hosts=("tessa-laptop.lan.example.org", "web"),
    users=("tessa", "root"),
    folders=("/Users/tessa/My Work", "/jobs", "/"),
)
MASK = Mask(OURS, {"flink+dir=-home-tessa~12": "flink+dir=-~34"})


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("less /home/tessa/.cache/streambench/worker-0.log", "less …/worker-0.log"),
        ("Caused by: java.io.IOException: /var/lib/kafka: disk is full.", "Caused by: java.io.IOException: …: disk is full."),
        ("see /Users/tessa/My Work/plans/a.csv, please", "see …/a.csv, please"),
        ("it is in '/Volumes/Old Disk/x/flights.parquet'", "it is in '…/flights.parquet'"),
        ("~/results/x and ~tessa/y.txt and ../secret/plan.sql", "… and …/y.txt and …/plan.sql"),
        ("file:///srv/app/lib.jar!", "file:…/lib.jar!".replace("file:", "")),
        (r"C:\Users\tessa\Desktop\flights.csv is open", "…/flights.csv is open"),
        ("-Djava.io.tmpdir=/tmp/x-1 -Dlog=/dev/null", "-Djava.io.tmpdir=… -Dlog=/dev/null"),
        ("cc -I/jobs/x -L/usr/lib/y", "cc -I… -L…"),
        ("/jobs/now and /jobsite", "… and /jobsite"),
        ("10124@tessa-laptop", "10124@host"),
        ("TESSA-LAPTOP.lan.example.org:9092, tessa-laptop.local", "host:9092, host"),
        ("web did not answer; web.timeout is 5 s", "host did not answer; web.timeout is 5 s"),
        ("tessa_2 ran rootLogger, as root", "user_2 ran rootLogger, as root"),
        ("to tessa.x@mail.example.org", "to …"),
        ("10.1.2.3:9092 and 127.0.0.1:9092 and 0.0.0.0", "…:9092 and 127.0.0.1:9092 and 0.0.0.0"),
        ("aa:bb:cc:dd:ee:0f, fe80::1ff:fe23, at 08:23:32", "…, …, at 08:23:32"),
        ("something else was running: 12% of the machine (tessas (old) editor 9%, x 3%), it says",
         "something else was running: 12% of the machine, it says"),
        ("flink+dir=-home-tessa~12 died", "flink+dir=-~34 died"),
    ],
)  # fmt: skip
def test_names_folders_and_addresses_are_left_out(text: str, left: str) -> None:
    assert MASK.text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "20,000 events/s, 3 of 4 /s, ~20/s, a/b/c, and/or",
        "kafka-streams@4.4.0 beside flink@2.2.1:spare",
        "see https://kafka.apache.org/documentation/streams/x#y and docs/method.md",
        "SELECT a / b AS c -- x\n/* y */ FROM src // z",
        "${job_dir}/jobs and ${job_dir}/tmp and done/jobs",
        "${job_dir}/conf/query.sql and ${port:rest} and spark://127.0.0.1:${port:master}",
        "jobmanager.memory.jvm-overhead.min: 16 mb\nweb.timeout: 5000 ms",
        "campaign = { choice = 1_000, prefix = \"c\", skew = 0.8 }",
        "Map::of and 14:03:05 and 2026-11-20T14:03:05+00:00 and ramp:5:40:60:80",
    ],
)  # fmt: skip
def test_what_tells_nothing_stays_as_it_is(text: str) -> None:
    assert MASK.text(text) == text


@pytest.mark.parametrize(
    ("typed", "left"),
    [
        ("streambench run /srv/wl/clicks-1s --out /srv/out --wait", "streambench run clicks-1s --wait"),
        ("streambench run --out=/srv/out --require @/srv/needs.txt", "streambench run --require @needs.txt"),
        ("streambench run --require 'p99 <= 5s' --fault worker-kill@25s", "streambench run --require 'p99 <= 5s' --fault worker-kill@25s"),
        ("streambench run --set flink:io.tmp.dirs=/srv/tmp", "streambench run --set 'flink:io.tmp.dirs=…'"),
        ("streambench run /srv/wl/mine --in ../zz", "streambench run '…' --in '…'"),
        ("streambench run 'a", "streambench run 'a"),
    ],
)  # fmt: skip
def test_a_command_keeps_what_another_can_type(typed: str, left: str) -> None:
    assert MASK.command(typed, "clicks-1s") == left


def test_a_value_that_begins_like_a_path_is_one_to_its_end() -> None:
    assert MASK.value("/mine") == "…"
    assert MASK.value("/Volumes/Old Disk/of mine") == "…"
    assert MASK.value("5000 ms") == "5000 ms"


def test_a_version_of_four_numbers_is_no_address() -> None:
    assert MASK.version("Corretto-17.0.4.1 of tessa") == "Corretto-17.0.4.1 of user"
