"""What of a load on many hosts is refused before anything is asked of a Kafka."""

from __future__ import annotations

import re

import pytest

from streambench.cli.foreign_kafka import elsewhere
from streambench.cli.joining import named_after, run_id, run_id_asked
from streambench.model.errors import ExitCode
from tests.cli.conftest import Asked
from tests.cli.test_commands import streambench

WRONG = [
    ("run --shards 0", "--shards: '0' is not a whole number from 1 to 256"),
    ("run --shards 4", "hosts that play the load meet in a Kafka of yours, and none is named"),
    ("run --run-id monday", "none is waited for"),
    ("run --shards 9 --bootstrap-servers h:1", "9 shards cannot share 4 partitions"),
    ("run --shards 2 --run-id 'a b' --bootstrap-servers h:1", "'a b' cannot name a run"),
    ("run --shards 2 --run-id monday-2 --bootstrap-servers h:1", "'monday-2' cannot name a run"),
    ("play --shard 0/2 --join monday-2 --bootstrap-servers h:1", "'monday-2' cannot name a run"),
    ("judge --shards 2", "has no option --shards"),
    ("play --join x --bootstrap-servers h:1", "--shard"),
    ("play --shard 1/4 --bootstrap-servers h:1", "--join"),
    ("play --shard 1/4 --join x", "none is named"),
    ("play --shard 4/4 --join x --bootstrap-servers h:1", "counted from 0/4 to 3/4"),
    ("play --shard 3 --join x --bootstrap-servers h:1", "'3' is not a shard"),
    ("play --shard 0/0 --join x --bootstrap-servers h:1", "'0/0' is not a shard"),
    ("play --shard -1/4 --join x --bootstrap-servers h:1", "'-1/4' is not a shard"),
    ("play --shard 1/999 --join x --bootstrap-servers h:1", "'1/999' is not a shard"),
    ("play --shard 1/4 --join 'a/b' --bootstrap-servers h:1", "'a/b' cannot name a run"),
    (
        "play --shard 1/4 --join x --bootstrap-servers h:1 --data none.csv",
        "there is no file none.csv",
    ),
    ("play --shard 1/4 --join x --bootstrap-servers h:1 --within soon", "is not a duration"),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[line for line, _ in WRONG])
def test_a_wrong_call_is_one_sentence_and_a_hint(asked: Asked, line: str, said: str) -> None:
    refused = streambench(line, columns=1_000)
    assert refused.exit_code == ExitCode.USAGE
    assert not asked.requests
    form = re.fullmatch(r"error: (.+)\n\nhint: (.+)\n", refused.stderr)
    assert form is not None, refused.stderr
    assert said in form[1]
    assert not form[1].endswith(".")


def test_a_name_that_is_drawn_or_given_never_begins_another_one() -> None:
    drawn = run_id_asked(None, joined=True)
    assert run_id(drawn) == drawn
    there = elsewhere("h:1", None, None, None)
    assert there is not None
    # Where none is named: the same form, so neither kind takes the other one's topics away.
    assert re.fullmatch(r"streambench-[^-]+-", there.prefix)
    assert re.fullmatch(r"streambench-[^-]+-", named_after(there, drawn).prefix)


def test_the_help_of_play_is_one_screen() -> None:
    shown = streambench("play --help").stdout.splitlines()
    assert len(shown) <= 48
    assert max(map(len, shown)) <= 80
