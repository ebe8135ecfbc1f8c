"""The driver of a Spark job; runs until its query ends or until it is ended.

Run by the interpreter of Spark's environment: `python driver.py JOB`, where JOB is a JSON file with
`query` (path of a Python program that starts `query`), `configuration` (names and values) and
`progress` (path of a file that gets one JSON object a line). A Master that is started beside the driver
has its `master_port` there. In a cluster that runs already `executors` are waited for, and it is told what
they wait for. Once the file `end` is there, the query ends and the folder `discard` (a URL that Hadoop reads)
is deleted. Where that is a `yarn`, an application that it does not begin is ended there. Imports nothing of
streambench.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TextIO

_MASTER_TIMEOUT_S = 60.0
_POLL_S = 0.05
_EXECUTORS_TIMEOUT_S = 60.0
_END_POLL_S = 0.5
_AWAITED_POLL_S = 1.0
_AWAITED_END_S = 5.0


class ProgressLines:
    """One JSON object a line, from any thread; each has `event` and `at` (seconds since the epoch)."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._awaited = ""

    def write(self, event: str, **values: Any) -> None:
        """Append a line."""
        with self._lock:
            self._file.write(json.dumps({"event": event, "at": time.time(), **values}) + "\n")
            self._file.flush()

    def awaits(self, why: str) -> None:
        """Append why the start still takes, unless that stands there."""
        if why != self._awaited:
            self._awaited = why
            self.write("awaits", why=why)


def wait_for_master(port: int) -> None:
    """A driver that asks too early asks again only after 20 s, so it waits for the port."""
    deadline = time.monotonic() + _MASTER_TIMEOUT_S
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > deadline:
            raise SystemExit(f"no Spark Master listens on port {port}")
        time.sleep(_POLL_S)


def yarn_client(jvm: Any) -> Any:
    """YARN's own, started: so whoever may submit there may also ask and end. To be stopped."""
    client = jvm.org.apache.hadoop.yarn.client.api.YarnClient.createYarnClient()
    client.init(jvm.org.apache.hadoop.yarn.conf.YarnConfiguration())
    client.start()
    return client


class AwaitedStart:
    """Gives up an application that YARN takes and does not begin: until then its session is not there.

    A context manager around the start of the session. What sending Spark's jars to the cluster takes, and
    what a node takes to fetch them, is not counted.
    """

    def __init__(self, job: dict[str, Any], jvm: Any, progress: ProgressLines) -> None:
        self._name = job["configuration"]["spark.app.name"]
        self._wanted = int(job["executors"])
        self._jvm = jvm
        self._progress = progress
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="awaited-start", daemon=True)

    def __enter__(self) -> None:
        self._watching.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watching.join(_AWAITED_END_S)

    def _watch(self) -> None:
        client = yarn_client(self._jvm)
        try:
            since, taken = None, False
            while not self._over.wait(_AWAITED_POLL_S):
                found = self._taken(client)
                if found is None or containers_of(found) > 0:
                    self._progress.awaits(_why(found, taken))
                    since, taken = None, taken or found is not None
                    continue
                self._progress.awaits("YARN has no room for the application yet")
                taken = True
                since = since or time.monotonic()
                if time.monotonic() - since > _EXECUTORS_TIMEOUT_S:
                    self._progress.write("lacking", have=0, wanted=self._wanted)
                    client.killApplication(found.getApplicationId())
                    return
        finally:
            client.stop()

    def _taken(self, client: Any) -> Any:
        """What YARN tells of the application while it has been taken and has not begun; else None."""
        states = self._jvm.org.apache.hadoop.yarn.api.records.YarnApplicationState
        kinds = self._jvm.java.util.Collections.singleton("SPARK")
        among = self._jvm.java.util.EnumSet.of(states.SUBMITTED, states.ACCEPTED)
        for found in client.getApplications(kinds, among):
            if found.getName() == self._name:
                return found
        return None


def _why(found: Any, taken: bool) -> str:
    if found is not None:
        return "a node of YARN fetches Spark and begins the application"
    return "executors start" if taken else "YARN has not taken the application yet"


def containers_of(report: Any) -> int:
    """How many YARN gave an application, its ApplicationMaster's with them."""
    return int(report.getApplicationResourceUsageReport().getNumUsedContainers())


@contextlib.contextmanager
def given_by_yarn(spark: Any) -> Iterator[Callable[[], int]]:
    """Tells how many executors YARN gave a container, whether or not they have come."""
    jvm = spark.sparkContext._jvm
    application = spark.sparkContext.applicationId
    name = jvm.org.apache.hadoop.yarn.api.records.ApplicationId.fromString(application)
    client = yarn_client(jvm)
    try:
        yield lambda: containers_of(client.getApplicationReport(name)) - 1
    finally:
        client.stop()


def executors_of(spark: Any) -> int:
    """How many executors have registered; the driver's own block manager is counted with them."""
    return int(spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size()) - 1


def wait_for_executors(
    spark: Any, wanted: int, progress: ProgressLines, given: Callable[[], int] = lambda: 0
) -> None:
    """A cluster that runs already may have no room for all of them: that is told before any record.

    `given` tells how many it has given room. Once it gave all of them room, how long they take is not
    counted: a node of YARN fetches Spark first, each time.
    """
    asked = counted = time.monotonic()
    while (have := executors_of(spark)) < wanted:
        progress.awaits(f"{have} of {wanted} executors are there")
        now = time.monotonic()
        if now - asked > _AWAITED_POLL_S:
            asked = now
            if given() >= wanted:
                counted = now
        if now - counted > _EXECUTORS_TIMEOUT_S:
            progress.write("lacking", have=have, wanted=wanted)
            raise SystemExit(f"{have} of {wanted} executors have come")
        time.sleep(_POLL_S)


def versions_of_executors(spark: Any, job: dict[str, Any]) -> list[str]:
    """The version of Spark in the processes that do tasks, one for each executor; none where they do not tell.

    Reflection is not folded by the optimizer, so it happens where the task runs. No Python is needed there.
    """
    tasks = int(job["executors"])
    asked = "reflect('org.apache.spark.package', 'SPARK_VERSION') AS version"
    try:
        rows = spark.range(0, tasks, 1, tasks).selectExpr(asked).collect()
    except Exception:  # whatever it is, the query goes on without it
        return []
    return sorted({str(row["version"]) for row in rows})


def run_until_asked(spark: Any, query: Any, job: dict[str, Any], progress: ProgressLines) -> None:
    """Stay until the file `end` is there; then end the query. What it kept is deleted, also if it failed."""
    try:
        asked = False
        while not os.path.exists(job["end"]):
            if query.awaitTermination(_END_POLL_S):
                return
            if not asked and query.lastProgress:
                # A first batch has been done: this is no part of the time to it.
                asked = True
                progress.write("executors", versions=versions_of_executors(spark, job))
        query.stop()
    finally:
        context = spark.sparkContext
        path = context._jvm.org.apache.hadoop.fs.Path(job["discard"])
        path.getFileSystem(context._jsc.hadoopConfiguration()).delete(path, True)
        progress.write("discarded")
    spark.stop()
    progress.write("ended")


def unreadable_in(told: dict[str, Any]) -> int | None:
    """How many records a batch could not read, where the program observes that; said in the log, too."""
    found = (told.get("observedMetrics") or {}).get("unreadable")
    if found is None:
        return None
    count = int(found["records"] or 0)
    if count:
        print(f"WARN batch {told['batchId']}: {count} unreadable records left out", flush=True)
    return count


def listener(progress: ProgressLines, executors: Callable[[], int | None]) -> Any:
    """A listener that writes what Spark tells of each batch, and how many `executors` there are."""
    from pyspark.sql.streaming import StreamingQueryListener

    class Listener(StreamingQueryListener):  # type: ignore[misc]  # pyspark is not here
        def onQueryStarted(self, event: Any) -> None:
            pass

        def onQueryProgress(self, event: Any) -> None:
            told = json.loads(event.progress.json)
            states = told.get("stateOperators") or [{}]
            progress.write(
                "batch",
                number=told["batchId"],
                records=told["numInputRows"],
                duration_ms=told["durationMs"],
                watermark=told.get("eventTime", {}).get("watermark"),
                late_partial_rows=states[0].get("numRowsDroppedByWatermark", 0),
                executors=executors(),
                unreadable=unreadable_in(told),
            )

        def onQueryIdle(self, event: Any) -> None:
            pass

        def onQueryTerminated(self, event: Any) -> None:
            progress.write("terminated", exception=event.exception)

    return Listener()


def main(job_file: str) -> None:
    """Start the session and the query, and stay until it ends."""
    with open(job_file, encoding="utf-8") as file:
        job = json.load(file)
    with open(job["progress"], "a", encoding="utf-8") as file:
        if file.tell():
            file.write("\n")  # a driver that was killed may have left half a line
        progress = ProgressLines(file)
        progress.write("begun", pid=os.getpid())
        run(job, progress)


def run(job: dict[str, Any], progress: ProgressLines) -> None:
    """The same for a parsed JOB."""
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    conf = SparkConf(loadDefaults=False)
    conf.setAll(job["configuration"].items())
    # The JVM is started while the Master still starts.
    SparkContext._ensure_initialized(conf=conf)
    if "master_port" in job:
        wait_for_master(int(job["master_port"]))
    in_yarn = bool(job.get("yarn"))
    with AwaitedStart(job, SparkContext._jvm, progress) if in_yarn else contextlib.nullcontext():
        spark = SparkSession.builder.config(conf=conf).getOrCreate()
    effective = {
        name: spark.conf.get(name, None) for name in job["configuration"] if _readable(name)
    }
    progress.write("session", configuration=effective)
    elsewhere = "executors" in job
    if elsewhere:
        with given_by_yarn(spark) if in_yarn else contextlib.nullcontext(lambda: 0) as given:
            wait_for_executors(spark, int(job["executors"]), progress, given)
    spark.streams.addListener(
        listener(progress, lambda: executors_of(spark) if elsewhere else None)
    )
    with open(job["query"], encoding="utf-8") as file:
        program = compile(file.read(), job["query"], "exec")
    names: dict[str, Any] = {"spark": spark}
    exec(program, names)
    query = names["query"]
    # Only the JVM's query has it; its own word, e.g. `ProcessingTimeTrigger(1000)`.
    trigger = str(query._jsq.streamingQuery().trigger().toString())
    progress.write("started", run=str(query.runId), trigger=trigger)
    if elsewhere:
        run_until_asked(spark, query, job, progress)
    else:
        query.awaitTermination()
    raise SystemExit("the query ended")


def _readable(name: str) -> bool:
    return "JavaOptions" not in name and "ClassPath" not in name


if __name__ == "__main__":
    main(sys.argv[1])
