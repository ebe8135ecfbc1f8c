"""The processes of a Spark job: Master, Workers (each starts an executor) and the driver."""

from __future__ import annotations

from dataclasses import replace

from streambench.engines.common.jvm import coordinator_flags, gc_log_flag
from streambench.engines.common.restart import kept_alive
from streambench.engines.spark.programs import LOG4J_FLAG
from streambench.engines.spark.settings import (
    DAEMON_HEAP_MIB,
    DRIVER_HEAP_MIB,
    WORKER_TIMEOUT,
    executor_heap_mib,
    worker_timeout_ms,
)
from streambench.model.conditions import Conditions
from streambench.model.plan import ProcessPlan, Role

MASTER = "spark-master"
WORKER = "spark-worker"
DRIVER = "spark-driver"

_ENVIRONMENT = {
    "JAVA_HOME": "${java_home}",
    # Another Spark that the user has must not be taken.
    "SPARK_HOME": "${spark_home}",
    "SPARK_CONF_DIR": "${job_dir}",
    "SPARK_LOCAL_IP": "127.0.0.1",
    "SPARK_LOCAL_DIRS": "${job_dir}/tmp",
    # Without it no executor starts: the pip package does not say its Scala version.
    "SPARK_SCALA_VERSION": "2.13",
    "SPARK_DIST_CLASSPATH": "",
    "HADOOP_CONF_DIR": "",
    "PYTHONPATH": "",
}


def spark_processes(conditions: Conditions) -> tuple[ProcessPlan, ...]:
    """One Master, `workers` Workers and the driver, in the order of their start; only the driver where a
    cluster runs already.
    """
    if conditions.cluster_of("spark") is not None:
        return (_driver_elsewhere(),)
    workers = (_worker(number, conditions) for number in range(conditions.workers))
    restarted = (kept_alive(process, conditions) for process in (*workers, _driver()))
    return (_master(conditions), *restarted)


def _master(conditions: Conditions) -> ProcessPlan:
    return ProcessPlan(
        name=MASTER,
        role=Role.COORDINATOR,
        argv=(
            *_daemon(conditions),
            "org.apache.spark.deploy.master.Master",
            *("--host", "127.0.0.1"),
            *("--port", "${port:master}"),
            *("--webui-port", "${port:master-ui}"),
        ),
        env=_ENVIRONMENT,
        heap_mib=DAEMON_HEAP_MIB,
    )


def _worker(number: int, conditions: Conditions) -> ProcessPlan:
    heap_mib = executor_heap_mib(conditions)
    return ProcessPlan(
        name=f"{WORKER}-{number}",
        role=Role.WORKER,
        argv=(
            *_daemon(conditions),
            "org.apache.spark.deploy.worker.Worker",
            *("--host", "127.0.0.1"),
            *("--webui-port", "0"),
            *("--cores", "1"),
            *("--memory", f"{heap_mib}m"),
            *("--work-dir", f"${{job_dir}}/{WORKER}-{number}"),
            "spark://127.0.0.1:${port:master}",
        ),
        env=_ENVIRONMENT,
        heap_mib=DAEMON_HEAP_MIB + heap_mib,
    )


def _driver() -> ProcessPlan:
    return ProcessPlan(
        name=DRIVER,
        role=Role.COORDINATOR,
        argv=("${python}", "${script}", "${job_dir}/job.json"),
        env={**_ENVIRONMENT, "PYSPARK_PYTHON": "${python}", "PYSPARK_SUBMIT_ARGS": "pyspark-shell"},
        heap_mib=DRIVER_HEAP_MIB,
    )


def _driver_elsewhere() -> ProcessPlan:
    """It listens where executors on other hosts reach it, and finds Hadoop as its user does."""
    driver = _driver()
    env = {name: value for name, value in driver.env.items() if name != "HADOOP_CONF_DIR"}
    return replace(driver, env={**env, "SPARK_LOCAL_IP": "${driver_host}"})


def _daemon(conditions: Conditions) -> tuple[str, ...]:
    return (
        "${java}",
        *coordinator_flags(DAEMON_HEAP_MIB),
        gc_log_flag("${job_dir}/gc"),
        LOG4J_FLAG,
        "-Dspark.master.rest.enabled=false",
        # A port that is taken must be told, not replaced by one that nobody knows.
        "-Dspark.port.maxRetries=0",
        f"-D{WORKER_TIMEOUT}={worker_timeout_ms(conditions) // 1000}",
        "-cp",
        "${spark_home}/jars/*",
    )
