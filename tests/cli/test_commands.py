"""Each command has its own options only, shows them on one screen, and refuses what makes no sense."""

from __future__ import annotations

import re
import shlex

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.main import app
from streambench.kafka.inspection import Inspection, WantedOfKafka
from streambench.kafka.removal import Leftovers
from streambench.model.errors import ExitCode
from streambench.model.kafka_access import KafkaAccess
from streambench.model.kafka_facts import KafkaFacts
from streambench.trial.workspace import workspace
from tests.cli.conftest import Asked

COMMANDS = ("run", "find-rate", "curve", "sweep", "drain")


def streambench(line: str, columns: int = 80) -> Result:
    return CliRunner().invoke(app, shlex.split(line), env={"COLUMNS": str(columns)})


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_one_screen_with_examples_that_work(asked: Asked, command: str) -> None:
    shown = streambench(f"{command} --help").stdout
    assert len(shown.splitlines()) <= 60
    assert max(map(len, shown.splitlines())) <= 80
    examples = re.findall(r"^ +streambench (.+)$", shown.split("Examples:")[1], re.MULTILINE)
    assert 2 <= len(examples) <= 3
    for example in examples:
        assert example.split()[0] == command
        asked.forget()
        done = streambench(example.replace("payments", "clicks"))
        assert done.exit_code == ExitCode.OK, done.stderr
        assert asked.requests


WRONG = [
    ("run clik", "did you mean 'clicks'"),
    ("run clicks clicks", "unexpected extra argument"),
    ("run --engine flnk", "did you mean flink"),
    ("run --engine flink:spar", "did you mean 'spare'"),
    ("run --rate fast", "--rate: 'fast' is not a rate"),
    ("run --rate 0", "--rate: '0' is not a rate"),
    ("run --rate -5", "--rate: '-5' is not a rate"),
    ("run --rate 90M", "rate"),
    ("run --rate 5k --shape ramp:5k:40k", "another rate is fixed"),
    ("run --shape saw:1", "'saw:1' is no shape"),
    ("run --shape ramp:0:40k", "'0' is not a rate"),
    ("run --duration soon", "--duration: 'soon' is not a duration"),
    ("run --duration 0s", "--duration: '0s' is not a duration"),
    ("run --warm-up", "--warm-up"),
    ("run --workers 0", "--workers: '0' is not a whole number from 1 to 64"),
    ("run --workers 9", "9 workers cannot share 4 partitions"),
    ("run --repeat 0", "--repeat: '0' is not a whole number from 1 to 100"),
    ("run --repeat two", "--repeat: 'two' is not a whole number"),
    ("run --until 'p9 ±10%'", "at character 1: nothing is called p9; did you mean p99?"),
    ("run --until p99", "at character 4: p99 needs a width"),
    ("run --until 'p99 ±10%' --quick", "--until does not fit --quick"),
    ("run --until 'p99 10%' --repeat 3", "4 rounds at the earliest, and --repeat allows 3"),
    ("run --until 'late_time 10%' --fault none", "nothing fails in this run"),
    ("run --until 'late_time 10%' --fault burst:5s@30s", "nothing fails in this run"),
    ("run --until 'p50 10%' --duration 8s", "needs 20 windows: 16 are measured"),
    ("run --until 'rate 10%'", "`streambench find-rate` searches another"),
    ("curve --until 'p99 10%'", "`streambench curve` has no option --until"),
    ("sweep keys=10,20 --until 'p99 10%'", "`streambench sweep` has no option --until"),
    ("drain --until 'p99 10%'", "`streambench drain` has no option --until"),
    ("find-rate --until 'p99 10%'", "`streambench find-rate` has no option --until"),
    ("run --seed -1", "--seed: '-1' is not a whole number of 0 or more"),
    ("run --garantee exactly-once", "did you mean '--guarantee'"),
    ("run --guarantee at-most-once", "--guarantee: 'at-most-once' is not one of"),
    ("run --set flink", "'flink' is not a setting"),
    ("run --engine flink --set spark:a=b", "--set names spark, which is not run"),
    ("run --fault meteor@5s", "there is no fault 'meteor'"),
    ("run --fault worker-kill", "does not say when"),
    ("run --fault-command 'kill 1'", "does not say when its command is run"),
    ("run --fault-command 'kill 1@25s' --fault none", "--fault none stands alone"),
    ("run --fault-command 'kill 1@2s'", "what is timely is told by at least 20"),
    ("run --fault command@25s", "a command has an option of its own"),
    ("curve --fault-command 'kill 1@25s'", "has no faults unless its rates are named"),
    ("drain --prometheus http://a:1", "`streambench drain` has no option --prometheus"),
    ("run --fault none --fault burst@30s", "--fault none stands alone"),
    (
        "run --restart 5s --quick",
        "--restart says when a dead process is started again, and nothing fails",
    ),
    ("run --restart never --fault none", "and nothing fails in this run"),
    ("run --restart 5s --fault burst:5s@30s", "no fault of this run kills a process"),
    ("run --restart 5s --fault worker-pause:5s@25s", "no fault of this run kills a process"),
    ("run flights --restart 5s", "nothing fails in this run"),
    ("run flights --seed 7", "--seed does not fit flights: nothing of a replayed file is drawn"),
    (
        "run flights --warm-up 10m",
        "--warm-up leaves nothing to be measured: flights is played in 88 s",
    ),
    ("sweep flights workers=1,2 --seed 7", "--seed does not fit flights"),
    ("generate flights --seed 7", "--seed does not fit flights"),
    ("curve --restart 5s", "a curve has no faults unless its rates are named"),
    ("curve --rates 5k,10k --restart 5s", "nothing fails in this run"),
    ("sweep keys=10,20 --restart never", "nothing fails in this run"),
    ("sweep keys=10,20 --cold", "--cold is for rates"),
    ("run --restart later", "--restart is at-once, never or a time"),
    (
        "run flights --duration 30s",
        "--duration does not fit flights: some of its records may be late",
    ),
    ("run flights --rate 4M", "these would be"),
    ("run flights --shape ramp:5k:40k", "--shape does not fit flights: some of its records"),
    ("run flights --fault worker-kill@25s", "--fault does not fit flights: some of its records"),
    ("find-rate clik", "did you mean 'clicks'"),
    ("find-rate flights", "a search for a rate does not fit flights"),
    ("find-rate --quick", "`streambench find-rate` has no option --quick"),
    ("find-rate --duration 5s", "has no option --duration"),
    ("find-rate --rate 5k", "has no option --rate"),
    ("find-rate --limit 2s", "--limit: '2s' is not a limit"),
    ("find-rate --limit p98=2s", "'p98=2s' is not a limit"),
    ("find-rate --limit p99=soon", "--limit: 'soon' is not a duration"),
    ("find-rate --limit", "--limit"),
    ("find-rate --precision 0", "--precision: '0' is not a percentage from 0.5 to 50"),
    ("find-rate --precision close", "--precision: 'close' is not a percentage"),
    ("find-rate --budget 0", "--budget: '0' is not a duration"),
    ("find-rate --budget -5m", "--budget: '-5m' is not a duration"),
    ("find-rate --workers 9", "cannot share"),
    ("find-rate --engine sprak", "did you mean spark"),
    ("find-rate 5k", "5k"),
    ("curve clik", "did you mean 'clicks'"),
    ("curve flights", "a curve does not fit flights"),
    ("curve 5k,10k", "5k,10k"),
    ("curve --rates 5k", "rate=5k has fewer than two values"),
    ("curve --rates 5k,fast", "'fast' is not a number"),
    ("curve --rates 5k,5000", "names a value twice"),
    ("curve --rates 0,5k", "0 is no value for rate"),
    ("curve --rates -1,5k", "'-1' is not a number"),
    ("curve --rates 5k,,6k", "'' is not a number"),
    ("curve --rates 1k,90M", "rate"),
    ("curve --rates", "--rates"),
    ("curve --rate 5k", "has no option --rate; did you mean '--rates'"),
    ("curve --shape ramp:5k:40k", "has no option --shape"),
    ("curve --fault worker-kill@25s", "no faults unless its rates are named"),
    ("curve --duration 0", "--duration: '0' is not a duration"),
    ("curve --workers 9", "cannot share"),
    ("sweep", "a sweep needs something that is varied"),
    ("sweep keys", "'keys' has no values"),
    ("sweep keys skew=0,1", "'keys' has no values"),
    ("sweep clicks", "a sweep needs something that is varied"),
    ("sweep clik keys=100,200", "did you mean 'clicks'"),
    ("sweep clicks flights keys=10,20", "'flights' is neither the workload nor NAME=LIST"),
    ("sweep keys=", "fewer than two"),
    ("sweep keys=5", "fewer than two"),
    ("sweep keys=5,many", "'many' is not a number"),
    ("sweep keys=0,10", "0 is no value for keys"),
    ("sweep keys=5,5", "twice"),
    ("sweep keys=5,6 keys=7,8", "varied twice"),
    ("sweep key=1,2", "did you mean 'keys'"),
    ("sweep keys=100,200 skew=0,1 workers=1,2", "2 at most"),
    ("sweep workers=2,9", "cannot share"),
    ("sweep workers=1,2.5", "2.5 is no value for workers"),
    ("sweep partitions=4,900", "partition"),
    ("sweep commit=100,970", "'100' is not a duration"),
    ("sweep commit=100ms,970ms --profile defaults", "does not fit --profile defaults"),
    ("sweep rate=5k,10k --rate 5k", "--rate fixes what rate= varies"),
    ("sweep rate=5k,10k --shape ramp:5k:40k", "another rate is fixed"),
    ("sweep flights keys=100,1k", "its own records"),
    ("drain clik", "did you mean 'clicks'"),
    ("drain flights", "a drain does not fit flights"),
    ("drain 1M", "1M"),
    ("drain --records few", "--records: 'few' is not a count"),
    ("drain --records 0", "--records: '0' is not a count"),
    ("drain --records -5", "--records: '-5' is not a count"),
    ("drain --records 1.5", "--records: '1.5' is not a count"),
    ("drain --records 10k", "at least 30,000 records, not 10,000"),
    ("drain --records", "--records"),
    ("drain --rate fast", "--rate: 'fast' is not a rate"),
    ("drain --quick", "has no option --quick"),
    ("drain --fault burst@30s", "has no option --fault"),
    ("drain --duration 5s", "has no option --duration"),
    ("drain --limit p99=2s", "has no option --limit"),
    ("drain --repeat 0", "--repeat: '0' is not a whole number from 1 to 100"),
    ("drain --workers 9", "cannot share"),
    ("drain --set flink", "'flink' is not a setting"),
    ("drain --engine flink --set spark:a=b", "--set names spark"),
    ("find-rate -e", "option '-e' requires an argument"),
    ("run --wait=yes", "option '--wait' does not take a value"),
    ("rnu", "no such command 'rnu'"),
    ("--bad run", "no such option: --bad"),
    ("generate --rate 90M --out x", "cannot be played"),
    ("explain clik", "did you mean 'clicks'"),
    ("validate clik", "did you mean 'clicks'"),
    ("new", "missing argument 'NAME'"),
    ("new clicks", "there is a workload 'clicks' already"),
    ("new 'My Data'", "'My Data' is no name of a workload"),
    ("new mine --time day", "--time belongs to a file"),
    ("new mine --frm data.csv", "no option --frm; did you mean '--from'"),
    ("engines --jsno", "did you mean '--json'"),
]


@pytest.mark.parametrize(("line", "said"), WRONG, ids=[line for line, _ in WRONG])
def test_a_wrong_call_is_one_sentence_and_a_command_that_works(
    asked: Asked, line: str, said: str
) -> None:
    refused = streambench(line, columns=1_000)
    assert refused.exit_code == ExitCode.USAGE
    assert not asked.requests
    form = re.fullmatch(r"error: (.+)\n\nhint: streambench (.+)\n", refused.stderr)
    assert form is not None, refused.stderr
    assert said in form[1]
    assert not form[1].endswith(".")
    # What follows a comma or a semicolon is for what no command can do, such as to edit a file.
    hinted = re.split(r"[,;] ", form[2])[0]
    done = streambench(hinted)
    assert done.exit_code == ExitCode.OK, f"{hinted}: {done.stderr}"
    assert asked.requests or hinted.split()[-1] == "--help" or hinted.split()[0] not in COMMANDS


COMPLETE = tuple("sweep keys=10,20" if name == "sweep" else name for name in COMMANDS)


@pytest.mark.parametrize("command", [*COMPLETE, "curve --rates 5k,10k"])
def test_each_runs_in_a_kafka_of_the_users_and_makes_sure_of_it_before(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    looked_at: list[str] = []

    def inspect(access: KafkaAccess, wanted: WantedOfKafka) -> Inspection:
        assert not asked.requests
        looked_at.append(f"{access.bootstrap} {wanted.replication} {wanted.prefix}")
        return Inspection(KafkaFacts(3, "4.4"), ("a note",))

    def none_left(access: KafkaAccess, prefix: str) -> Leftovers:
        looked_at.append(prefix)
        return Leftovers((), ())

    monkeypatch.setattr("streambench.kafka.inspection.inspect_kafka", inspect)
    monkeypatch.setattr("streambench.kafka.inspection.inspect_brokers", lambda access: {})
    monkeypatch.setattr("streambench.kafka.removal.leftovers", none_left)
    there = "--bootstrap-servers nowhere:1 --replication 3 --topic-prefix ours-"
    done = streambench(f"{command} {there}")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert all(request.conditions.foreign_kafka for request in asked.requests)
    assert asked.workspaces not in (None, workspace)
    first, after = looked_at
    assert re.fullmatch(r"nowhere:1 3 ours-[0-9a-f]{6}-", first)
    assert first.endswith(after)
    assert "Kafka 4.4 at nowhere:1: 3 broker(s)" in done.stderr
    assert all(each.kafka == KafkaFacts(3, "4.4") for each in asked.requests)
    assert all("a note" in each.warnings for each in asked.requests)

    asked.forget()
    usual = streambench(command)
    assert usual.exit_code == ExitCode.OK, usual.stderr
    assert asked.workspaces is workspace


@pytest.mark.parametrize("command", COMPLETE)
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--replication 3", "--replication is for a Kafka of yours, and none is named"),
        ("--topic-prefix a-", "--topic-prefix is for a Kafka of yours"),
        ("--bootstrap-servers a:1 --broker 4.3.1", "says which broker streambench starts"),
        ("--bootstrap-servers a:1 --topic-prefix 'a b'", "cannot begin the name of a topic"),
        ("--kafka-config nowhere.properties", "nowhere.properties"),
    ],
)
def test_what_cannot_be_of_a_kafka_is_refused_by_each(
    asked: Asked, command: str, options: str, said: str
) -> None:
    done = streambench(f"{command} {options}")
    assert done.exit_code == ExitCode.USAGE, done.stderr
    assert said in " ".join(done.stderr.split())
    assert not asked.requests


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("prometheus:9090", ExitCode.USAGE, "is no address of a Prometheus"),
        (
            "http://127.0.0.1:1",
            ExitCode.ENVIRONMENT,
            "there is no Prometheus at http://127.0.0.1:1",
        ),
    ],
)
def test_a_run_is_refused_where_no_prometheus_is(
    asked: Asked, address: str, code: ExitCode, said: str
) -> None:
    done = streambench(f"run --prometheus {address}")
    assert done.exit_code == code, done.stderr
    assert said in " ".join(done.stderr.split())
    assert not asked.requests
