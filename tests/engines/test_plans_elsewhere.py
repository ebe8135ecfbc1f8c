"""Plans of jobs for clusters that run already: only what gives the job to them is started here."""

from __future__ import annotations

import dataclasses
import json

import pytest

from streambench.engines.flink.engine import FlinkEngine
from streambench.engines.protocol import Engine
from streambench.engines.spark.engine import SparkEngine
from streambench.model.conditions import Conditions, ForeignCluster, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Origin, Plan, Role
from tests.engines.cluster_lab import CLICKS

FLINK = ForeignCluster("flink", "http://jobs.example:8081")
SPARK = ForeignCluster("spark", "spark://master.example:7077", "hdfs://files.example/bench")


def plan_of(engine: Engine, cluster: ForeignCluster, *settings: tuple[str, str]) -> Plan:
    conditions = Conditions(foreign_clusters=(cluster,))
    found = engine.plan(CLICKS, conditions, Variant(engine.name, engine.version, settings))
    assert isinstance(found, Plan)
    return found


def job_of(plan: Plan) -> dict[str, object]:
    (text,) = (program.text for program in plan.programs if program.name == "job.json")
    return dict(json.loads(text))


def test_a_job_for_a_flink_that_runs_starts_only_the_client() -> None:
    plan = plan_of(FlinkEngine(), FLINK)
    assert plan.cluster == FLINK.endpoint
    assert [process.role for process in plan.processes] == [Role.SUBMITTER]
    configuration = job_of(plan)["configuration"]
    assert isinstance(configuration, dict)
    assert configuration["rest.address"] == "jobs.example"
    assert configuration["rest.port"] == "8081"
    # Where checkpoints go is the cluster's own setting, and nothing is left there.
    assert "execution.checkpointing.dir" not in configuration
    retention = "execution.checkpointing.externalized-checkpoint-retention"
    assert configuration[retention] == "NO_EXTERNALIZED_CHECKPOINTS"
    assert not any("127.0.0.1" in program.text for program in plan.programs)
    assert not any(name.startswith(("jobmanager.", "taskmanager.")) for name in configuration)
    kept = {each.name for each in plan.settings if each.origin is Origin.CLUSTER}
    assert "taskmanager.numberOfTaskSlots" in kept
    assert any(FLINK.endpoint in warning for warning in plan.warnings)


def test_flinks_checkpoints_go_where_the_user_says() -> None:
    plan = plan_of(FlinkEngine(), dataclasses.replace(FLINK, checkpoint_dir="s3://bucket/bench"))
    configuration = job_of(plan)["configuration"]
    assert isinstance(configuration, dict)
    assert configuration["execution.checkpointing.dir"] == "s3://bucket/bench"


def test_a_job_for_a_spark_that_runs_starts_only_the_driver() -> None:
    plan = plan_of(SparkEngine(), SPARK)
    assert plan.cluster == SPARK.endpoint
    (driver,) = plan.processes
    assert "HADOOP_CONF_DIR" not in driver.env
    job = job_of(plan)
    configuration = job["configuration"]
    assert isinstance(configuration, dict)
    assert configuration["spark.master"] == SPARK.endpoint
    assert job["executors"] == Conditions().workers
    assert job["discard"] == "hdfs://files.example/bench/${job_id}"
    assert "spark.executor.extraClassPath" not in configuration
    # A bare path would be one of the user's Hadoop, where Spark makes the folder.
    assert configuration["spark.sql.warehouse.dir"] == "file://${job_dir}/warehouse"
    (query,) = (program.text for program in plan.programs if program.name == "query.py")
    assert "hdfs://files.example/bench/${job_id}" in query
    # A manager of files on a disk does not fit a folder elsewhere.
    assert "spark.sql.streaming.checkpointFileManagerClass" not in configuration
    assert not any("Master" in each.name for each in plan.settings)


@pytest.mark.parametrize(
    ("engine", "cluster", "name"),
    [
        (FlinkEngine(), FLINK, "taskmanager.numberOfTaskSlots"),
        (FlinkEngine(), FLINK, "heartbeat.timeout"),
        (FlinkEngine(), FLINK, "streambench.spare-task-managers"),
        (SparkEngine(), SPARK, "spark.worker.timeout"),
    ],
)
def test_what_only_those_set_who_start_the_processes_is_refused(
    engine: Engine, cluster: ForeignCluster, name: str
) -> None:
    with pytest.raises(UsageError, match=f"'{name}' is a setting of .*'s processes"):
        plan_of(engine, cluster, (name, "1"))


def test_a_variant_that_sets_it_is_refused_too() -> None:
    conditions = Conditions(foreign_clusters=(FLINK,))
    engine = FlinkEngine()
    with pytest.raises(UsageError, match=r"jobmanager\.scheduler"):
        engine.plan(CLICKS, conditions, Variant("flink", engine.version, name="adaptive"))


def test_a_setting_of_the_job_is_the_users_there_too() -> None:
    plan = plan_of(FlinkEngine(), FLINK, ("execution.checkpointing.interval", "5 s"))
    configuration = job_of(plan)["configuration"]
    assert isinstance(configuration, dict)
    assert configuration["execution.checkpointing.interval"] == "5 s"
