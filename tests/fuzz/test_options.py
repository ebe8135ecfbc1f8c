"""Any command line ends in what was asked for, or in a sentence and a hint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from streambench.cli.deferred import command_of
from streambench.cli.main import COMMANDS as LISTED
from streambench.cli.main import app
from streambench.cli.refusals import _EXAMPLES
from streambench.model.errors import ExitCode
from tests.cli.conftest import Asked, asked
from tests.fuzz.rules import NOT_OURS, examples
from tests.fuzz.values import durations, names, nasty_text, numbers

# Others would fetch, delete, compile loads, or measure.
COMMANDS: Final = (
    *(
        "run",
        "find-rate",
        "curve",
        "sweep",
        "drain",
        "report",
        "compare",
        "history",
        "judge",
        "logs",
    ),
    *("explain", "validate", "schema", "workloads", "baseline", "engines", "nonsense", ""),
)
OPTIONS: Final = {
    name: [
        option
        for parameter in command_of(name).params
        for option in parameter.opts
        if option.startswith("-") and option not in ("--help", "-h")
    ]
    for name in LISTED
}
assert "--engine" in OPTIONS["run"]
WORDS: Final = (
    *_EXAMPLES.values(),
    *("clicks", "flights", "clik", ".", "./x", "results", "keys=100,10k", "rate=5k,10k"),
    *("workers=1,2", "commit=100ms,970ms", "width=0,100", "skew=0,1", "partitions=2,4", "keys=", "=", "a=b"),
    *("worker-kill*3@25s", "worker-pause:5s@25s", "burst:5s@30s", "rescale@25s", "none", "broker-restart:2s@9s"),
    *("ramp:5k:40k", "steps:5k:10k", "bursts:10k:60k:10s:1s", "saw:1", "p99=2s", "p99 ±10%", "late_time 10%"),
    *("delay_p99 < 500ms", "lost = 0", "p99 > +10%", "lost", "@needs.txt", "@", "at-once", "never", "exactly-once"),
    *("flink:spare", "spark@4.2.0", "kafka-streams@9", "flink:mine", "reference", "flink,spark", "flink:"),
    *("flink:parallelism.default=2", "spark:trigger=1s", "flink:=", "kafka-streams:commit.interval.ms=5"),
    *("kafka-python:worker.commit_interval_ms=0", "reference:delay_ms=5", "4.3.1", "5", "auto", "5k,10k", "machine"),
)  # fmt: skip

values = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS),
    numbers,
    durations,
    nasty_text,
    names,
    st.builds("{}{}".format, st.sampled_from(WORDS), st.one_of(numbers, nasty_text)),
    st.builds("{}@{}".format, st.sampled_from(("worker-kill", "burst:5s", "rescale*²")), durations),
    st.builds(
        "{}={},{}".format, st.sampled_from(("keys", "rate", "skew", "width")), numbers, numbers
    ),
)


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """A command with some of its options, each with a value that may be one of its own."""
    command = draw(st.sampled_from(COMMANDS))
    words = [command] if command else []
    for _ in range(draw(st.integers(0, 2))):
        words.append(draw(values))
    known = OPTIONS.get(command) or ["--x"]
    for _ in range(draw(st.integers(0, 4))):
        option = draw(st.sampled_from(known))
        value = _EXAMPLES.get(option) if draw(st.booleans()) else None
        words.append(option)
        if draw(st.integers(0, 9)):
            words.append(value.strip("'") if value else draw(values))
    return [_harmless(word) for word in words]


def _harmless(word: str) -> str:
    """The same within the folder of the test; the operating system would end it at a NUL."""
    kept = word.replace("\x00", "").replace("..", ".")
    option, equals, value = kept.partition("=")
    if value.startswith(("/", "~")):
        return f"{option}{equals}x{value}"
    return f"x{kept}" if kept.startswith(("/", "~")) else kept


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """Commands go as far as to what they would carry out."""
    with pytest.MonkeyPatch.context() as patch:
        body: Any = asked.__wrapped__ if hasattr(asked, "__wrapped__") else asked
        yield body(tmp_path_factory.mktemp("fuzz"), patch)


@examples(200)
@given(words=command_lines())
def test_a_command_line_is_carried_out_or_refused(found: Asked, words: list[str]) -> None:
    done = CliRunner().invoke(app, words, env={"COLUMNS": "1000"})
    assert done.exception is None or isinstance(done.exception, SystemExit), words
    assert done.exit_code in (ExitCode.OK, ExitCode.FAILED, ExitCode.USAGE, ExitCode.INVALID), words
    assert "Traceback" not in done.output
    if done.exit_code == ExitCode.USAGE and "error: " in done.stderr:
        said, _, hint = done.stderr.partition("\n\nhint: ")
        assert hint.strip(), words
        assert NOT_OURS.search(f"{said}\n{hint}") is None, done.stderr
