"""Variants that users declare: they run as shipped ones do, and a file with a mistake is refused whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from streambench.engines.registry import engine_named
from streambench.experiment.build import Options, make_request
from streambench.experiment.contenders import chosen
from streambench.experiment.declared import contenders_anywhere, declared_for
from streambench.experiment.execute import run_record
from streambench.experiment.loads import Loads
from streambench.experiment.request import Contender, Request
from streambench.model.errors import UsageError
from streambench.model.experiment import Single
from streambench.model.plan import Origin, Plan
from streambench.results.schema import run_from_data, run_to_json
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

FILE = """\
[flink.tuned]
title = "RocksDB, tuned"
note = "RocksDB with unaligned checkpoints."
based_on = "rocksdb"
jvm_options = "-Xss2m -Da=b"

[flink.tuned.settings]
execution.checkpointing.unaligned.enabled = true
"heartbeat.interval" = "700 ms"

[spark.slow]
trigger = "2 s"

[spark.java]
jvm_options = "-Xss2m"

[kafka-streams.old]
version = "4.3.1"
jvm_options = "-Xss2m"

[kafka-streams.new]
version = "4.4.0"

[kafka-python.few]
settings = { "consumer.max_poll_records" = 500, consumer.check_crcs = false }

[reference.quick]
settings = { delay_ms = 5 }
"""


@pytest.fixture(autouse=True)
def working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def request(*engines: str, workload: str = "clicks", **changes: object) -> Request:
    return make_request(Options(workload=workload, engines=engines, faults=(), **changes))  # type: ignore[arg-type]


def one(name: str) -> Contender:
    (contender,) = request(name).contenders
    return contender


def plan(name: str) -> Plan:
    made = one(name).plan
    assert isinstance(made, Plan)
    return made


def text(made: Plan, name: str) -> str:
    return next(program.text for program in made.programs if program.name == name)


def write(file: Path, written: str = FILE) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(written, encoding="utf-8")


def payments(folder: Path) -> Path:
    """A workload of the user's own."""
    made = folder / "workloads" / "payments"
    shutil.copytree(shipped_root() / "clicks", made)
    return made


def test_a_declared_variant_runs_beside_shipped_ones_under_its_name(working_folder: Path) -> None:
    write(working_folder / "variants.toml")
    found = request("flink", "flink:spare", "flink:tuned", "spark:slow").contenders
    assert [c.variant.label for c in found] == [
        *("flink", "flink:spare", "flink:tuned", "spark:slow"),
    ]
    assert [c.title for c in found[2:]] == [
        "Apache Flink, RocksDB, tuned",
        "Spark Structured Streaming, slow",
    ]
    made = found[2].plan
    assert isinstance(made, Plan)
    assert {(s.name, s.value) for s in made.settings if s.origin is Origin.VARIANT} == {
        ("state.backend.type", "rocksdb"),  # of the variant that it is based on
        ("execution.checkpointing.unaligned.enabled", "true"),
        ("heartbeat.interval", "700 ms"),
        ("env.java.opts.taskmanager", "-Xss2m -Da=b"),
    }


def test_what_the_user_sets_for_the_engine_wins_over_a_declaration(working_folder: Path) -> None:
    write(working_folder / "variants.toml")
    (contender,) = request("flink:tuned", settings=("flink:heartbeat.interval=1 s",)).contenders
    assert isinstance(contender.plan, Plan)
    values = {
        (s.value, s.origin) for s in contender.plan.settings if s.name == "heartbeat.interval"
    }
    assert values == {("1 s", Origin.USER)}
    assert contender.variant.label.startswith("flink:tuned+heartbeat.interval")


def test_a_setting_is_not_for_one_declared_variant(working_folder: Path) -> None:
    write(working_folder / "variants.toml")
    with pytest.raises(UsageError, match="names one variant"):
        request("flink:tuned", settings=("flink:tuned:heartbeat.interval=1 s",))


def test_a_version_is_part_of_the_title_and_the_command_line_wins(working_folder: Path) -> None:
    write(working_folder / "variants.toml")
    names = ("kafka-streams:old", "kafka-streams:new", "kafka-streams@4.3.1:new")
    old, new, other = request(*names).contenders
    assert [c.variant.label for c in (old, new, other)] == list(names)
    assert [c.variant.version for c in (old, new, other)] == ["4.3.1", "4.4.0", "4.3.1"]
    assert old.title == "Kafka Streams 4.3.1, old"
    assert new.title == "Kafka Streams 4.4.0, new"
    needs = [c.engine.requires(c.variant).jar_sets[0] for c in (old, new)]
    assert needs == ["streams-4.3.1", "streams-4.4.0"]
    assert isinstance(new.plan, Plan)
    assert new.plan.version == "4.4.0"


def test_jvm_options_reach_the_workers_of_each_engine(working_folder: Path) -> None:
    write(working_folder / "variants.toml")
    workers = [p for p in plan("flink:tuned").processes if "taskmanager" in p.name]
    assert workers
    for process in workers:
        assert process.argv.index("-Da=b") < process.argv.index("-cp")
        assert process.argv.index("-Xss2m") > process.argv.index("-XX:+UseSerialGC")
    for process in plan("kafka-streams:old").processes:
        assert "-Xss2m" in process.argv
    job = text(plan("spark:java"), "job.json")
    (line,) = [line for line in job.splitlines() if "executor.extraJavaOptions" in line]
    assert line.rstrip('",').endswith(" -Xss2m")
    assert "-XX:+UseSerialGC" in line  # ours stand before it
    assert "-Xss2m" not in next(s for s in job.splitlines() if "driver.extraJavaOptions" in s)


def test_values_are_as_they_would_be_on_the_command_line(working_folder: Path) -> None:
    write(working_folder / "variants.toml")
    settings = dict(one("kafka-python:few").named.settings)  # type: ignore[union-attr]
    assert settings == {"consumer.max_poll_records": "500", "consumer.check_crcs": "false"}


def test_the_workloads_own_file_is_for_that_workload(working_folder: Path) -> None:
    write(payments(working_folder) / "variants.toml", '[spark.slow]\ntrigger = "2 s"\n')
    (contender,) = request("spark:slow", workload="payments").contenders
    assert contender.named is not None
    assert contender.named.declared_in == "workloads/payments/variants.toml"
    with pytest.raises(UsageError, match="no variant 'slow'"):
        request("spark:slow")


def test_both_files_count_and_a_name_is_in_one_of_them(working_folder: Path) -> None:
    folder = payments(working_folder)
    write(folder / "variants.toml", '[spark.slow]\ntrigger = "2 s"\n')
    write(working_folder / "variants.toml", '[spark.slower]\ntrigger = "5 s"\n')
    assert len(request("spark:slow", "spark:slower", workload="payments").contenders) == 2
    write(working_folder / "variants.toml", '[spark.slow]\ntrigger = "5 s"\n')
    with pytest.raises(UsageError) as told:
        request("spark:slow", workload="payments")
    assert told.value.message == (
        "variants.toml: line 1, column 2: spark.slow: workloads/payments/variants.toml declares it, "
        "too; one of them needs another name"
    )


def test_a_file_that_is_both_is_read_once(
    working_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = payments(working_folder)
    write(folder / "variants.toml", '[spark.slow]\ntrigger = "2 s"\n')
    monkeypatch.chdir(folder)
    declared = declared_for(load_workload(folder))
    assert [each.name for each in declared["spark"]] == ["slow"]


def test_who_names_no_variant_needs_no_file(working_folder: Path) -> None:
    write(working_folder / "variants.toml", "this is no TOML")
    assert request("spark").contenders
    with pytest.raises(UsageError, match="broken TOML"):
        request("spark:rocksdb")


def test_a_name_that_nobody_declared_is_answered_by_the_nearest_of_both(
    working_folder: Path,
) -> None:
    write(working_folder / "variants.toml")
    with pytest.raises(UsageError, match="did you mean 'tuned'") as told:
        request("flink:tuend")
    assert told.value.hint == (
        "streambench engines; a variant of your own is declared in variants.toml"
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[flink.a\n", "broken TOML"),
        ("[flink.a]\n[flink.a]\n", "broken TOML"),
        ("[flnk.a]\n", "line 1, column 2: flnk: there is no engine called 'flnk'; did you mean 'flink'"),
        ('title = "x"\n', "line 1, column 1: title: there is no engine called 'title'"),
        ("flink = 5\n", "line 1, column 1: flink: this is a table of variants: [flink.NAME]"),
        ("[flink]\na = 5\n", "line 2, column 1: flink.a: this is a table"),
        ("[flink.spare]\n", "flink.spare: flink ships a variant of that name; choose another one"),
        ("[flink.Tuned]\n", "a variant's name is lower-case letters, digits and hyphens"),
        ('[flink."a+b"]\n', "a variant's name is lower-case"),
        ('[flink."a:b"]\n', "a variant's name is lower-case"),
        (f"[flink.{41 * 'a'}]\n", "at most 40"),
        ("[flink.a]\nsetings = {}\n", "line 2, column 1: flink.a.setings: unknown key; did you mean 'settings'"),
        ("[flink.a]\ntitle = 5\n", "line 2, column 1: flink.a.title: this is a text, not 5"),
        ('[flink.a]\ntitle = ""\n', "flink.a.title: this text is empty"),
        ('[flink.a]\ntitle = "$x$"\n', "flink.a.title: a title is one line of at most 60 characters, without '$'"),
        ('[flink.a]\ntitle = "a\\nb"\n', "a title is one line"),
        ('[flink.a]\ntitle = "spare worker"\n', "line 2, column 1: flink.a.title: flink:spare has the title 'spare worker', too"),
        ('[flink.a]\ntitle = "b"\n[flink.b]\n', "line 3, column 2: flink.b.title: flink:a has the title 'b', too"),
        (f'[flink.a]\nnote = "{500 * "a "}"\n', "a note has at most 400"),
        ('[flink.a]\nversion = "9"\n', "line 2, column 1: flink.a.version: Apache Flink 9 is not among the versions that are tested here: "),
        ('[flink.a]\nbased_on = "rockdb"\n', "flink.a.based_on: flink ships no variant 'rockdb'; did you mean 'rocksdb'"),
        ('[reference.a]\nbased_on = "x"\n', "reference ships no variant 'x': it ships none"),
        ('[flink.a]\ntrigger = "1s"\n', "flink.a.trigger: flink has no trigger"),
        ('[kafka-python.a]\njvm_options = "-Xmx1g"\n', "kafka-python has no jvm_options"),
        ('[kafka-streams.a]\njvm_options = "-Da=\'b"\n', "kafka-streams.a.jvm_options: a quotation in 'jvm.options' does not end"),
        ('[flink.a]\njvm_options = "-Da=\'b"\n', "flink.a.jvm_options: a quotation in 'env.java.opts.taskmanager' does not end"),
        ('[spark.a]\ntrigger = "soon"\n', "line 2, column 1: spark.a.trigger: 'soon' is no trigger"),
        ('[spark.a]\ntrigger = "1s"\nsettings = { trigger = "2s" }\n', "'trigger' is set twice; also as spark.a.settings.trigger"),
        ("[flink.a]\nsettings = 5\n", "flink.a.settings: this is a table"),
        ("[flink.a.settings]\nx = [1]\n", "flink.a.settings.x: a value is a text on one line, a number, true or false"),
        ("[flink.a.settings]\nx = 2013-07-10\n", "flink.a.settings.x: a value is"),
        ('[flink.a.settings]\nx = "a\\nb"\n', "flink.a.settings.x: a value is"),
        ('[flink.a.settings]\n"a b" = 1\n', "'a b' cannot be a setting's name"),
        ('[flink.a.settings]\n"" = 1\n', "'' cannot be a setting's name"),
        ('[flink.a.settings]\na.b = 1\n"a.b" = 2\n', "'a.b' is set twice"),
        ("[flink.a.settings]\nparalelism.default = 1\n", "line 2, column 1: flink.a.settings.paralelism.default: flink has no setting 'paralelism.default'; did you mean 'parallelism.default'"),
        ('[flink.a.settings]\nparallelism.default = "two"\n', "'parallelism.default' is a whole number, not 'two'"),
        ("[kafka-streams.a.settings]\nnonsense = 1\n", "kafka-streams has no setting 'nonsense'"),
        ('[kafka-python.a.settings]\nconsumer.group_id = "x"\n', "kafka-python has no setting 'consumer.group_id'"),
        ("[reference.a.settings]\nnonsense = 1\n", "the reference engine has no setting 'nonsense'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_told_with_the_file_and_the_place(
    working_folder: Path, written: str, said: str
) -> None:
    write(working_folder / "variants.toml", written)
    with pytest.raises(UsageError) as told:
        request("spark:rocksdb")
    assert told.value.message.startswith("variants.toml: ")
    assert said in told.value.message
    assert "\n" not in told.value.message
    assert told.value.hint
    assert "validate" not in told.value.hint, "who validates is not told to validate"


def test_all_that_is_wrong_with_a_file_is_told_at_once(working_folder: Path) -> None:
    written = """\
[flink.a]
titel = "x"
version = "9"
[spark.b]
trigger = "soon"
[spark.c.settings]
spark.locality.wait = "1s"
spark.localty.wait = "1s"
spark.sql.shuffle.partition = 3
"""
    write(working_folder / "variants.toml", written)
    with pytest.raises(UsageError) as told:
        request("spark:c")
    head, *problems = told.value.message.splitlines()
    assert head == "variants.toml has 5 mistakes:"
    assert [each.partition(": ")[0].strip() for each in problems] == [
        *("line 2, column 1", "line 3, column 1", "line 5, column 1"),
        *("line 8, column 1", "line 9, column 1"),
    ]


def test_a_variant_may_be_the_engine_as_it_is_under_another_name(working_folder: Path) -> None:
    write(working_folder / "variants.toml", "[spark.again]\n")
    usual, again = request("spark", "spark:again").contenders
    assert usual.plan == again.plan
    assert usual.variant.folder != again.variant.folder


def test_what_is_fetched_is_that_of_every_workload(working_folder: Path) -> None:
    write(payments(working_folder) / "variants.toml", '[kafka-streams.x]\nversion = "4.4.0"\n')
    flights = working_folder / "workloads" / "flights"
    shutil.copytree(shipped_root() / "clicks", flights)
    write(flights / "variants.toml", '[kafka-streams.x]\nversion = "4.3.1"\n')
    found = contenders_anywhere("kafka-streams:x")
    assert {variant.version for _, variant in found} == {"4.3.1", "4.4.0"}
    with pytest.raises(UsageError, match="no variant 'y'"):
        contenders_anywhere("kafka-streams:y")
    assert contenders_anywhere("spark") == ((engine_named("spark"), chosen_spark()),)


def chosen_spark() -> object:
    ((_, variant),) = chosen(("spark",), (), {})
    return variant


def test_the_run_keeps_what_its_variants_were(working_folder: Path, tmp_path: Path) -> None:
    write(working_folder / "variants.toml")
    asked = request("kafka-python", "kafka-python:few", "flink:spare", quick=True)
    with Loads(tmp_path / "traces") as loads:
        run = run_record(asked, loads.broker_warm_up(asked), Single())
    (working_folder / "variants.toml").unlink()
    again = run_from_data(json.loads(run_to_json(run)))
    assert again == run
    assert set(again.named) == {"kafka-python:few", "flink:spare"}
    few = again.named["kafka-python:few"]
    assert (few.title, few.declared_in) == ("few", "variants.toml")
    assert dict(few.settings)["consumer.max_poll_records"] == "500"
    assert again.named["flink:spare"].declared_in is None
    assert again.named["flink:spare"].note
