"""The processes of a Flink job: JobManager, TaskManagers and the client that submits."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.engines.common.access import token_flags_in_flink
from streambench.engines.common.jvm import (
    coordinator_flags,
    gc_log_flag,
    heap_flags,
    options_asked,
)
from streambench.engines.common.restart import kept_alive
from streambench.engines.flink.settings import (
    CLUSTER,
    JOB_MANAGER_HEAP_MIB,
    JOB_MANAGER_OPTIONS,
    SUBMITTER_HEAP_MIB,
    TASK_MANAGER_OPTIONS,
    direct_memory_mib,
    spare_task_managers,
)
from streambench.model.conditions import Conditions
from streambench.model.plan import ProcessPlan, Role, Setting

JOB_MANAGER = "flink-jobmanager"
TASK_MANAGER = "flink-taskmanager"
SUBMITTER = "flink-submit"

_OPEN_PACKAGES = (
    *(
        f"java.base/{name}"
        for name in (
            "java.lang",
            "java.net",
            "java.io",
            "java.nio",
            "sun.nio.ch",
            "java.lang.reflect",
            "java.text",
            "java.time",
            "java.util",
            "java.util.concurrent",
            "java.util.concurrent.atomic",
            "java.util.concurrent.locks",
        )
    ),
)
_EXPORTED_PACKAGES = ("java.rmi/sun.rmi.registry", "java.security.jgss/sun.security.krb5")
# What Flink's own scripts pass, without the packages of the Java compiler, which a runtime lacks.
MODULE_FLAGS = (
    *(f"--add-exports={name}=ALL-UNNAMED" for name in _EXPORTED_PACKAGES),
    *(f"--add-opens={name}=ALL-UNNAMED" for name in _OPEN_PACKAGES),
)
_LOG4J_FLAG = "-Dlog4j.configurationFile=file:${job_dir}/conf/log4j.properties"


def flink_processes(conditions: Conditions, settings: Sequence[Setting]) -> tuple[ProcessPlan, ...]:
    """One JobManager, the workers' and all spare TaskManagers and the submitter, in the order of their start.

    Only the submitter where a cluster runs already. Raises UsageError for settings that cannot be.
    """
    if conditions.cluster_of("flink") is not None:
        return (_submitter(conditions),)
    numbers = range(conditions.workers + spare_task_managers(settings))
    cluster_wide = [setting for setting in settings if setting.scope == CLUSTER]
    flags = token_flags_in_flink(conditions)
    own = (*flags, *options_asked(cluster_wide, *TASK_MANAGER_OPTIONS))
    cluster = (
        _job_manager((*flags, *options_asked(cluster_wide, *JOB_MANAGER_OPTIONS))),
        *(_task_manager(number, conditions, own) for number in numbers),
    )
    return (*(kept_alive(process, conditions) for process in cluster), _submitter(conditions))


def _job_manager(options: tuple[str, ...]) -> ProcessPlan:
    return ProcessPlan(
        name=JOB_MANAGER,
        role=Role.COORDINATOR,
        argv=(
            "${java}",
            *coordinator_flags(JOB_MANAGER_HEAP_MIB),
            "-XX:MaxMetaspaceSize=192m",
            *_common_flags(options),
            "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
            *("--configDir", "${job_dir}/conf"),
            *("--executionMode", "cluster"),
        ),
        env={"FLINK_CONF_DIR": "${job_dir}/conf"},
        heap_mib=JOB_MANAGER_HEAP_MIB,
    )


def _task_manager(number: int, conditions: Conditions, options: tuple[str, ...]) -> ProcessPlan:
    return ProcessPlan(
        name=f"{TASK_MANAGER}-{number}",
        role=Role.WORKER,
        argv=(
            "${java}",
            *heap_flags(conditions.worker_heap_mib),
            "-XX:MaxMetaspaceSize=192m",
            f"-XX:MaxDirectMemorySize={direct_memory_mib()}m",
            *_common_flags(options),
            "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
            *("--configDir", "${job_dir}/conf"),
        ),
        env={"FLINK_CONF_DIR": "${job_dir}/conf"},
        heap_mib=conditions.worker_heap_mib,
    )


def _submitter(conditions: Conditions) -> ProcessPlan:
    return ProcessPlan(
        name=SUBMITTER,
        role=Role.SUBMITTER,
        argv=("${python}", "${script}", "${job_dir}/job.json"),
        env={
            "JAVA_HOME": "${java_home}",
            "JVM_ARGS": " ".join(coordinator_flags(SUBMITTER_HEAP_MIB)),
            "FLINK_ENV_JAVA_OPTS": " ".join((*MODULE_FLAGS, *token_flags_in_flink(conditions))),
            # Another Flink that the user has must not be taken.
            "FLINK_HOME": "${flink_home}",
            "FLINK_CONF_DIR": "${job_dir}/conf",
            "FLINK_LIB_DIR": "${flink_home}/lib",
            "FLINK_OPT_DIR": "${flink_home}/opt",
            "FLINK_PLUGINS_DIR": "${flink_home}/plugins",
            "FLINK_LOG_DIR": "${job_dir}",
            "FLINK_IDENT_STRING": "streambench",
            "LOG4J_PROPERTIES": "${job_dir}/conf/log4j.properties",
            "HADOOP_CONF_DIR": "",
            "HADOOP_CLASSPATH": "",
            "PYTHONPATH": "",
            # The small environment has no library for Python code inside the JVM, nor needs it.
            "_python_worker_execution_mode": "process",
        },
        heap_mib=SUBMITTER_HEAP_MIB,
    )


def _common_flags(options: tuple[str, ...]) -> tuple[str, ...]:
    return (
        gc_log_flag("${job_dir}/gc"),
        _LOG4J_FLAG,
        *MODULE_FLAGS,
        *options,
        "-cp",
        "${flink_home}/lib/*",
    )
