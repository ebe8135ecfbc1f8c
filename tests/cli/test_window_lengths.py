"""What nobody gave a length follows from the window: every command can be planned with every window."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.bench import expected_s_of, show_plan
from streambench.cli.main import app
from streambench.experiment.loads import measured_ms
from streambench.experiment.request import Request
from streambench.model.errors import ExitCode
from streambench.model.fault import FaultKind
from streambench.model.trial import Purpose
from streambench.workload.durations import about
from streambench.workload.locate import shipped_root
from tests.cli.conftest import Asked

WINDOWS_MS = {
    "500 ms": 500,
    "4 s": 4_000,
    "5 s": 5_000,
    "10 s": 10_000,
    "1 min": 60_000,
    "1 h": 3_600_000,
}
NAME = "slow"


def streambench(window: str, *options: str) -> Result:
    """A command of clicks with other windows, at a rate whose sums and files are small."""
    text = (shipped_root() / "clicks" / "workload.toml").read_text()
    text = text.replace('tumbling = "500 ms"', f'tumbling = "{window}"')
    text = text.replace("rate = 20_000", "rate = 1_000")
    folder = Path("workloads") / NAME
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workload.toml").write_text(text)
    command, rest = (
        (options[0], options[1:]) if options and options[0][0] != "-" else ("run", options)
    )
    return CliRunner().invoke(app, [command, NAME, *rest])


def said(result: Result) -> str:
    return " ".join(result.stderr.split())


def windows_measured(request: Request) -> float:
    return request.measured_s * 1_000 / request.workload.query.window.advance_ms


@pytest.mark.parametrize("window", WINDOWS_MS)
@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--quick"],
        ["curve", "--rates", "1k,2k"],
        ["curve"],
        ["sweep", "keys=100,1k"],
        ["--shape", "ramp:1k:2k"],
        ["--rate", "2k"],
        ["--guarantee", "exactly-once"],
        ["--repeat", "3"],
        ["--profile", "defaults"],
    ],
    ids=lambda options: " ".join(options) or "plain",
)
def test_every_command_can_be_planned(asked: Asked, window: str, options: list[str]) -> None:
    result = streambench(window, *options)
    assert result.exit_code == ExitCode.OK, said(result)
    for request in asked.requests:
        assert windows_measured(request) >= 3
        # The first window has closed before anything is measured, and the last measured one closes.
        spans = {span.purpose: span for span in request.spans}
        closes_ms = WINDOWS_MS[window] + request.workload.query.grace_ms
        assert spans[Purpose.MEASURED].start_ms > closes_ms
        cool_down = spans[Purpose.COOL_DOWN]
        assert cool_down.end_ms - cool_down.start_ms > closes_ms


@pytest.mark.parametrize("window", WINDOWS_MS)
def test_a_plain_run_earns_a_percentile_unless_that_takes_more_than_an_hour(
    asked: Asked, window: str
) -> None:
    assert streambench(window).exit_code == ExitCode.OK
    request = asked.one
    if window == "1 h":
        assert windows_measured(request) == 3
    else:
        assert windows_measured(request) >= 22
        assert request.measured_s <= 3_600


def test_the_default_run_is_as_long_as_ever(asked: Asked) -> None:
    assert streambench("500 ms").exit_code == ExitCode.OK
    request = asked.one
    assert (request.warm_up_s, request.measured_s, request.recovery_s) == (20, 60, 58)
    assert [str(fault) for fault in request.faults] == ["worker-kill@63s", "burst:5s@103s"]
    assert request.length_notes == ()
    assert streambench("500 ms", "--quick").exit_code == ExitCode.OK
    assert (asked.one.warm_up_s, asked.one.measured_s, asked.one.recovery_s) == (5, 10, 0)
    assert streambench("500 ms", "curve", "--rates", "1k,2k").exit_code == ExitCode.OK
    assert {(each.warm_up_s, each.measured_s) for each in asked.requests} == {(5, 50)}


@pytest.mark.parametrize("window", ["4 s", "5 s"])
def test_the_usual_faults_leave_windows_before_and_after_them(asked: Asked, window: str) -> None:
    assert streambench(window).exit_code == ExitCode.OK
    request, window_s = asked.one, WINDOWS_MS[window] / 1_000
    kill, burst = request.faults
    assert (kill.kind, burst.kind) == (FaultKind.WORKER_KILL, FaultKind.BURST)
    assert windows_measured(request) >= 20
    assert burst.at_ms - kill.at_ms >= 12 * window_s * 1_000
    end_s = request.measured_s + request.recovery_s
    assert end_s - burst.at_ms / 1_000 >= 12 * window_s


@pytest.mark.parametrize("window", ["10 s", "1 min", "1 h"])
def test_windows_in_which_no_outage_would_be_seen_have_no_fault_unasked(
    asked: Asked, window: str
) -> None:
    assert streambench(window).exit_code == ExitCode.OK
    assert asked.one.faults == ()
    assert f"to within a window, which is {window} here" in " ".join(asked.one.length_notes)
    for options in (["--fault", "none"], ["--duration", "4h"], ["--quick"]):
        assert streambench(window, *options).exit_code == ExitCode.OK
        assert "no fault" not in " ".join(asked.one.length_notes)


def test_a_fault_that_leaves_too_few_windows_is_refused_with_one_that_does_not(
    asked: Asked,
) -> None:
    refused = streambench("10 s", "--fault", "worker-kill@25s")
    assert refused.exit_code == ExitCode.USAGE
    hint = re.search(r"hint: streambench run (\S+) --fault (\S+)", said(refused))
    assert hint is not None
    assert hint[1] == NAME
    assert streambench("10 s", "--fault", hint[2]).exit_code == ExitCode.OK
    assert windows_measured(asked.one) >= 20
    assert asked.one.recovery_s >= 12 * 10


@pytest.mark.parametrize("window", ["500 ms", "4 s", "10 s", "1 min"])
def test_a_search_has_time_for_its_probes_and_its_confirming_trials(
    asked: Asked, window: str
) -> None:
    result = streambench(window, "find-rate")
    assert result.exit_code == ExitCode.OK, said(result)
    assert asked.terms is not None
    window_s = WINDOWS_MS[window] / 1_000
    # Of each of four engines: at least six probes of 24 windows and 100 windows to confirm.
    assert asked.terms.budget_s >= (6 * 24 + 100) * window_s
    if window == "500 ms":
        assert asked.terms.budget_s == 375


def test_a_search_that_takes_days_is_refused_until_it_is_asked_for(asked: Asked) -> None:
    refused = streambench("1 h", "find-rate")
    assert refused.exit_code == ExitCode.USAGE
    assert "a search with windows of 1 h takes about" in said(refused)
    assert "--duration" not in said(refused)
    hint = re.search(rf"streambench find-rate {NAME} (--budget \d+h)", said(refused))
    assert hint is not None
    assert streambench("1 h", "find-rate", *hint[1].split()).exit_code == ExitCode.OK


@pytest.mark.parametrize("window", WINDOWS_MS)
def test_a_drain_is_planned_by_records_alone(asked: Asked, window: str) -> None:
    result = streambench(window, "drain", "--records", "20M")
    assert result.exit_code == ExitCode.OK, said(result)
    assert asked.records == 20_000_000
    assert streambench(window, "drain").exit_code == ExitCode.OK
    # Three windows of the workload's 1,000 events/s, and what is around them.
    assert asked.records == (1_000_000 if window != "1 h" else 10_800_000)


@pytest.mark.parametrize("window", WINDOWS_MS)
def test_the_other_commands_take_every_window(asked: Asked, window: str) -> None:
    for command in ("validate", "explain"):
        assert streambench(window, command).exit_code == ExitCode.OK


@pytest.mark.parametrize("window", ["500 ms", "1 min"])
def test_a_load_alone_holds_three_windows(
    asked: Asked, window: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    result = streambench(window, "generate", "--rate", "100")
    assert result.exit_code == ExitCode.OK, said(result)
    assert ("60 s, seed" if window == "500 ms" else "180 s, seed") in said(result)


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ("500 ms", None),
        ("4 s", "22 windows of 4 s are measured, which takes 88 s for each engine: 20 earn"),
        ("1 min", "22 windows of 1 min are measured, which takes 22 min for each engine: 20 earn"),
        ("1 h", "3 windows of 1 h are measured, which takes 3 h for each engine; 20 would earn"),
    ],
)
def test_the_run_says_beforehand_how_long_it_takes_and_why(
    asked: Asked, window: str, words: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert streambench(window).exit_code == ExitCode.OK
    request = asked.one
    show_plan(asked.requests, (), f"about {about(expected_s_of(asked.requests, together=False))}")
    told = " ".join(capsys.readouterr().err.split())
    assert re.search(r"about [\d.]+ (min|h)", told)
    assert (words is None) == ("windows of" not in told)
    assert words is None or words in told
    load_ms = measured_ms(request)
    assert load_ms is not None
    assert f"in {load_ms / 1_000:.0f} s for each" in told


def test_the_duration_that_the_words_name_is_taken(asked: Asked) -> None:
    assert streambench("1 h").exit_code == ExitCode.OK
    option = re.search(r"--duration \S+", " ".join(asked.one.length_notes))
    assert option is not None
    assert streambench("1 h", *option[0].split()).exit_code == ExitCode.OK
    assert windows_measured(asked.one) >= 20
    assert asked.one.length_notes == ()


@pytest.mark.parametrize(
    "options",
    [
        ["run", "--fault", "worker-kill@59s", "--duration", "60s"],
        ["run", "--fault", "worker-kill@25s", "--fault", "worker-pause:5s@26s"],
        ["run", "--workers", "5"],
        ["run", "--workers", "4", "--fault", "rescale@25s"],
        ["run", "--rate", "fast"],
        ["find-rate", "--workers", "5"],
        ["find-rate", "--limit", "2s"],
        ["drain", "--records", "5k"],
        ["drain", "--set", "flink"],
        ["curve", "--workers", "5"],
        ["curve", "--rates", "1k"],
        ["curve", "--fault", "worker-kill@25s"],
        ["curve", "--rates", "1k,2k", "--fault", "worker-kill@1s"],
        ["sweep", "keys"],
        ["sweep", "keys=100,200", "--workers", "5"],
        ["sweep", "keys=100,200", "skew=0,1", "workers=1,2"],
    ],
    ids=" ".join,
)
def test_a_hint_is_a_command_for_the_same_question_and_workload(
    asked: Asked, options: list[str]
) -> None:
    refused = streambench("500 ms", *options)
    assert refused.exit_code == ExitCode.USAGE
    hint = re.fullmatch(rf".* hint: streambench {options[0]} {NAME}( .*)?", said(refused))
    assert hint is not None, said(refused)
    followed = streambench("500 ms", options[0], *(hint[1] or "").split())
    assert followed.exit_code == ExitCode.OK, said(followed)
