"""Settings of a Spark job whose executors are in a cluster that streambench did not start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from streambench.engines.common.elsewhere import refuse_others_settings
from streambench.engines.spark.masters import Manager, manager_of
from streambench.engines.spark.settings import APPLICATION, FILE_MANAGER_NAME, JVM
from streambench.model.conditions import ForeignCluster
from streambench.model.errors import UsageError
from streambench.model.plan import Setting

# What only those can set who start Spark's processes.
_OF_PROCESSES: Final = ("spark.deploy.", "spark.master.", "spark.worker.")
_IMAGES: Final = ("spark.kubernetes.container.image", "spark.kubernetes.executor.container.image")


def settings_elsewhere(settings: Sequence[Setting], cluster: ForeignCluster) -> tuple[Setting, ...]:
    """Those that are set for a job there.

    Raises UsageError for one that is the cluster's own, and where Kubernetes is told no image.
    """
    refuse_others_settings(settings, cluster, "Spark", _OF_PROCESSES)
    if manager_of(cluster.endpoint) is Manager.KUBERNETES and not any(
        each.scope == APPLICATION and each.name in _IMAGES and each.value for each in settings
    ):
        raise UsageError(
            f"Kubernetes at {cluster.endpoint} must be told from which image executors are made",
            hint=f"--set spark:{_IMAGES[0]}=apache/spark:VERSION, with the Spark of the driver: "
            "--engine spark@VERSION",
        )
    return tuple(each for each in settings if _is_the_jobs(each, cluster))


def refuse_of_driver(settings: Sequence[Setting]) -> None:
    """Refuse what would take the driver away from here. Raises UsageError.

    streambench reads the driver's progress, ends its query and hits it as a process and by files of this
    machine. Spark itself has no cluster mode for a Python program on a standalone cluster.
    """
    asked = {each.name: each.value for each in settings if each.scope == APPLICATION}
    if "spark.master" in asked:
        raise UsageError(
            "'spark.master' is not set: which cluster a run uses is an option of its own",
            hint=f"streambench run --spark-master {asked['spark.master']}",
        )
    if "spark.app.name" in asked:
        raise UsageError(
            "'spark.app.name' is not set: by its name streambench finds an application again, to end it",
            hint="leave it out; an application is called as its job, streambench-…",
        )
    if asked.get("spark.submit.deployMode", "client") != "client":
        raise UsageError(
            "Spark's driver runs on this machine, not in the cluster: streambench measures and ends it here",
            hint="leave spark.submit.deployMode out; run streambench near the cluster, and only executors "
            "are away: streambench run --spark-master yarn",
        )


def _is_the_jobs(setting: Setting, cluster: ForeignCluster) -> bool:
    """Whether it is set for a job in a cluster that runs already."""
    if setting.scope == JVM:
        return setting.name in ("executor heap", "driver heap", "garbage collector")
    folder = cluster.checkpoint_dir
    on_disk = folder is None or folder.startswith("file:")
    # Elsewhere than on a disk the manager that Spark ships with is the one that fits.
    return on_disk or setting.name != FILE_MANAGER_NAME
