"""What a bundle keeps and loses when it may be given away: keys, labels, names of another machine."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from streambench.load.trace import compile_trace
from streambench.kafka.skew import not_the_brokers
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound
from streambench.model.conditions import NamedVariant, Variant
from streambench.model.fault import FaultKind
from streambench.model.machine import MachineUsage, Stranger
from streambench.model.observed import ByMonitoring, ObservedUsage
from streambench.model.plan import EventClock, Program
from streambench.model.trial import Failed, Invalid
from streambench.model.verdict import Damage, Example, RowClass
from streambench.oracle.expected import Expected, expect
from streambench.results.anonymous.bundles import anonymous
from streambench.results.anonymous.copying import write_copy
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from streambench.results.schema import PlanRecord
from streambench.results.judged_again import judge_again
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.report.example import HELD, RIGHT, RUN, completed, measures, tables, trial
from tests.report.example_recovery import kill, recovery
from tests.results.test_judged_again import stored


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    workload = load_workload(find("clicks"))
    cache = tmp_path_factory.mktemp("traces")
    trace = compile_trace(workload, duration_ms=2_000, seed=1, cache=cache, rate_per_s=2_000)
    return expect(trace, workload.query, EventClock.PER_PARTITION)


def changed(folder: Path, **fields: object) -> Bundle:
    """A bundle whose run's record has other fields."""
    file = folder / "run.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **fields}))
    return read_bundle(folder)


def keys(folder: Path) -> set[str]:
    found: set[str] = set()
    for file in folder.rglob("rows.parquet"):
        found.update(pc.unique(pq.read_table(file).column("key")).to_pylist())
    return found


def test_keys_of_a_replay_are_numbered_and_rows_are_judged_as_before(
    tmp_path: Path, expected: Expected
) -> None:
    bundle = changed(stored(tmp_path / "a", expected, change=True), rate_per_s=None)
    copy = read_bundle(write_copy(bundle, tmp_path / "b"))
    was, found = keys(bundle.folder), keys(copy.folder)
    assert len(was) == len(found) > 10
    assert not was & found
    assert all(key.startswith("key-") for key in found)
    (before,), (after,) = (list(judge_again(each)) for each in (bundle, copy))
    assert after.lacks is None
    assert after.differences == before.differences != ()


def test_generated_keys_stay(tmp_path: Path, expected: Expected) -> None:
    bundle = read_bundle(stored(tmp_path / "a", expected))
    copy = write_copy(bundle, tmp_path / "b")
    assert keys(copy) == keys(bundle.folder)
    (again,) = judge_again(read_bundle(copy))
    assert again.same


def test_keys_that_a_workload_declares_by_such_words_are_numbered(tmp_path: Path) -> None:
    text = '[input.fields]\nuser = { choice = ["/home/tessa/a/b", "x"] }\n'
    writer = BundleWriter.create(tmp_path, replace(RUN, workload_text=text, planned=("flink",)))
    example = Example(RowClass.LOST, "/home/tessa/a/b", 0, "n 1", None)
    wrong = replace(RIGHT, damage=Damage(lost=1), examples=(example,), right=False)
    writer.add_trial(completed(1, "flink", wrong, measures(1, 2, 3)), tables(1, 2))
    (found,) = anonymous(read_bundle(writer.finish())).bundle.trials
    assert "tessa" not in repr(found.record)
    assert "key-0" in repr(found.record)


LOOKUP = """
[input]
rate = 1
[query.lookup.ads]
file = "ads.csv"
"""


def test_a_table_of_the_users_own_is_left_out_and_its_values_are_no_keys(tmp_path: Path) -> None:
    programs = (
        Program("query.sql", "sql", "SELECT 1;"),
        Program("lookup/ads.tsv", "text", "ad1\tsecret campaign\n"),
    )
    plans = {"flink": PlanRecord(programs=programs)}
    run = replace(RUN, workload_text=LOOKUP, planned=("flink",), plans=plans, rate_per_s=1)
    writer = BundleWriter.create(tmp_path, run)
    example = Example(RowClass.LOST, "secret campaign", 0, "n 1", None)
    wrong = replace(RIGHT, damage=Damage(lost=1), examples=(example,), right=False)
    record = replace(completed(1, "flink", wrong, measures(1, 2, 3)), programs=programs)
    writer.add_trial(record, tables(1, 2))
    copy = write_copy(read_bundle(writer.finish()), tmp_path / "copy")
    for file in (each for each in copy.rglob("*") if each.is_file()):
        assert b"secret" not in file.read_bytes(), file
    texts = {each.name: each.text for each in read_bundle(copy).trials[0].record.programs}
    assert texts["query.sql"] == "SELECT 1;"
    assert set(texts) == {"query.sql", "lookup/ads.tsv"}


def test_two_variants_that_become_alike_are_numbered(tmp_path: Path) -> None:
    variants = [
        Variant("flink", "2", (("io.tmp.dirs", f"/mnt/{disk}/tmp"),)) for disk in ("fast", "slow")
    ]
    labels = tuple(each.label for each in variants)
    writer = BundleWriter.create(
        tmp_path,
        replace(RUN, planned=labels, titles={label: f"Flink, {label}" for label in labels}),
    )
    for number, variant in enumerate(variants, 1):
        record = trial(number, "flink", Failed("load", f"{variant.label} died"))
        writer.add_trial(replace(record, variant=variant), {})
    bundle = read_bundle(writer.finish())
    copy = read_bundle(write_copy(bundle, tmp_path / "b"))
    assert len(copy.labels) == 2
    assert all(len(copy.of(label)) == 1 for label in copy.labels)
    assert set(copy.run.titles) == set(copy.labels)
    for trial_ in copy.trials:
        assert trial_.record.variant.label in repr(trial_.record.outcome)
    told = json.dumps([path.name for path in copy.folder.rglob("*")]) + repr(copy)
    assert "fast" not in told
    assert "slow" not in told


def test_names_that_only_the_bundle_tells_are_left_out_too(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, replace(RUN, planned=("flink",)))
    reason = "worker-0 of olga on build-7 died; olga is told"
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "w.log").write_text("Started daemon with process name: 10124@build-7\n/home/olga/x")
    writer.add_trial(trial(1, "flink", Failed("load", reason, "less /x/y.log", "olga")), {}, logs)
    (found,) = anonymous(read_bundle(writer.finish())).bundle.trials
    assert found.record.outcome == Failed(
        "load", "worker-0 of user on host died; user is told", None, ""
    )


def test_hosts_that_played_the_load_are_not_named(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, replace(RUN, planned=("flink",)))
    said = "the clock of {} (shard 0/1) is not the broker's"
    clock = ClockBound("shard 0/1", "rack7-blade3.example.org", 30.0, 31.0)
    record = trial(1, "flink", Invalid(said.format(clock.host)))
    writer.add_trial(replace(record, certificate=replace(HELD, clocks=(clock,))), {})
    (found,) = anonymous(read_bundle(writer.finish())).bundle.trials
    assert found.record.outcome == Invalid(said.format("host"))
    assert found.record.certificate is not None
    assert found.record.certificate.clocks == (replace(clock, host="host"),)


def test_a_host_whose_clock_let_no_load_begin_is_not_named(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, replace(RUN, planned=("flink",)))
    clock = ClockBound(RUN_HOST_CLOCK, "rack7-blade3.example.org", 39.0, 41.0, 2)
    record = replace(trial(1, "flink", Invalid(not_the_brokers(clock))), certificate=None)
    writer.add_trial(record, {})
    (found,) = anonymous(read_bundle(writer.finish())).bundle.trials
    assert found.record.outcome == Invalid(not_the_brokers(replace(clock, host="host")))


def test_who_else_used_the_machine_is_not_named(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, replace(RUN, planned=("flink",)))
    said = "something else was running: 21% of the machine"
    busy = MachineUsage(0.1, None, None, 0.21, (Stranger("Olgas game", 0.2),), None, None, None)
    record = replace(trial(1, "flink", Invalid(f"{said} (Olgas game 20%)")), machine=busy)
    writer.add_trial(record, {})
    (found,) = anonymous(read_bundle(writer.finish())).bundle.trials
    assert found.record.outcome == Invalid(said)
    assert found.record.machine == replace(busy, strangers=())


def test_what_cannot_be_read_is_left_out_and_told_as_missing(
    tmp_path: Path, expected: Expected
) -> None:
    folder = stored(tmp_path / "a", expected)
    (rows,) = folder.glob("trials/*/rows.parquet")
    rows.write_bytes(b"PAR1 olga")
    copy = write_copy(read_bundle(folder), tmp_path / "b")
    assert not list(copy.rglob("trials/*/rows.parquet"))


def test_a_declared_variant_tells_no_folder_and_no_path(tmp_path: Path) -> None:
    secret = "/srv/zz-folder"
    declared = NamedVariant(
        "mine",
        "mine",
        f"As in {secret}/notes.",
        (("state.backend.local-recovery.dir", f"{secret}/state"),),
        declared_in=f"{secret}/variants.toml",
    )
    variant = Variant("flink", "2.3.0", name="mine", declared=declared)
    run = replace(RUN, planned=(variant.label,), named={variant.label: declared})
    writer = BundleWriter.create(tmp_path / "a", run)
    record = replace(completed(1, "flink", RIGHT, measures(30.0, 31.0, 32.0)), variant=variant)
    writer.add_trial(record, tables(30.0, 31.0))
    copy = write_copy(read_bundle(writer.finish()), tmp_path / "b")
    written = "".join(file.read_text() for file in copy.rglob("*.json"))
    assert "flink:mine" in written
    assert "variants.toml" in written
    assert "zz-folder" not in written


def test_commands_of_a_shell_and_what_is_watched_are_left_out(tmp_path: Path) -> None:
    told = "kubectl -n zzteam delete pod zzpod"
    run = replace(
        RUN,
        planned=("flink",),
        command=f"streambench run --fault-command '{told}@25s' --prometheus=http://zzhost:9090",
        faults=("worker-kill@10s", f"command '{told}'@25s"),
    )
    writer = BundleWriter.create(tmp_path, run)
    ran = kill(kind=FaultKind.COMMAND, victim=None, command=told, output=("zzsaid",))
    record = completed(1, "flink", RIGHT, measures(1, 2, 3))
    seen = ByMonitoring((ObservedUsage("broker", "kafka/zzbroker:1", 9.0, 1.0),))
    recoveries = (replace(recovery(2), hit=ran),)
    writer.add_trial(replace(record, recoveries=recoveries, monitored=seen), tables(1, 2))
    missed = f"a fault that was asked for did not happen: 0 of 1 faults happened: exit 1: {told}"
    writer.add_trial(replace(record, number=2, outcome=Invalid(missed)), tables(1, 2))
    copy = write_copy(read_bundle(writer.folder), tmp_path / "copy")
    texts = "".join(file.read_text() for file in copy.rglob("*.json"))
    assert "zz" not in texts
    found = read_bundle(copy)
    assert found.run.faults == ("worker-kill@10s", "command …")
    assert "--fault-command" in found.run.command
    (first, second) = found.trials
    assert first.record.recoveries[0].hit.command == "…"
    assert first.record.monitored is not None
    assert first.record.monitored.usage[0].cpu_s == 1.0
    assert isinstance(second.record.outcome, Invalid)
    assert second.record.outcome.reason.endswith("0 of 1 faults happened: …")
