"""What the Python consumer needs, how its job looks, and how it is started."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version

from streambench.engines.common.access import kafka_members
from streambench.engines.common.elsewhere import elsewhere_words
from streambench.engines.common.faults import lacking
from streambench.engines.common.hand_files import hand_program, hand_programs, missing_file
from streambench.engines.common.launch import prepare
from streambench.engines.common.lookup_tables import json_tables
from streambench.engines.common.moves import moves_words
from streambench.engines.common.noticed import BROKER_LOG
from streambench.engines.common.query_source import query_source
from streambench.engines.common.restart import kept_alive
from streambench.engines.common.workers import WorkerGroup, Workers, readings_of
from streambench.engines.kafka_python.job import ConsumerJob
from streambench.engines.kafka_python.moved_topic import (
    MOVED_TOPIC,
    gathers,
    make_moved_topic,
    moved_symbols,
    parts_symbols,
)
from streambench.engines.kafka_python.settings import (
    commit_interval_ms,
    commits_each_window,
    configs,
    settings,
    skips_unreadable,
    transaction_timeout_ms,
)
from streambench.engines.kafka_python.variants import VARIANTS
from streambench.engines.protocol import Embedded, External, Job, Where
from streambench.model.by_hand import HandFile
from streambench.model.conditions import Conditions, Guarantee, NamedVariant, Profile, Variant
from streambench.model.errors import UsageError
from streambench.model.fault import FaultKind
from streambench.model.plan import (
    Artifacts,
    EventClock,
    MovedTopic,
    Plan,
    ProcessPlan,
    Program,
    Role,
    Setting,
    Unsupported,
    Whose,
)
from streambench.model.workload import Workload

_QUERY = "query.py"
_JOB = "job.json"
_WORKER = "streambench.engines.kafka_python.worker"
_GAPS = {
    FaultKind.COORDINATOR_KILL: "the Python consumer has no coordinator process: its workers are "
    "equals, and the Kafka broker leads their group"
}
_RECOVERY_TERMS = (
    "The surviving workers of the Python consumer take over the partitions of the dead one.",
)


_INSTALLED = version("kafka-python")


@dataclass(frozen=True)
class KafkaPython:
    """A consumer group of single-threaded processes; windows are rebuilt from the log."""

    name: str = "kafka-python"
    title: str = "Python consumer (kafka-python)"
    version: str = _INSTALLED
    versions: tuple[str, ...] = (_INSTALLED,)
    event_clock: EventClock = EventClock.PER_PARTITION
    state_exact: bool = True
    variants: tuple[NamedVariant, ...] = VARIANTS
    shorthands: tuple[tuple[str, str], ...] = ()

    def requires(self, variant: Variant) -> Artifacts:
        """Nothing: kafka-python is among streambench's own dependencies."""
        return Artifacts()

    def plan(
        self, workload: Workload, conditions: Conditions, variant: Variant
    ) -> Plan | Unsupported:
        """The whole job as data; pure. Raises UsageError for a setting that there is not."""
        if variant.version != self.version:
            return Unsupported(
                Whose.MACHINE,
                f"kafka-python {self.version} is installed, not {variant.version}",
                f"pip install kafka-python=={variant.version}",
            )
        if (gap := missing_file(workload, HandFile.CONSUMER)) is not None:
            return gap
        moved = workload.rekeyed or gathers(workload)
        by_hand = workload.query.by_hand is not None
        chosen = settings(conditions, variant)
        if (gap := _outlasted(chosen, conditions)) is not None:
            return gap
        job = {
            "bootstrap": "${broker}",
            **kafka_members(conditions),
            "group": "${job_id}",
            "input": "${input_topic}",
            "output": "${output_topic}",
            "guarantee": conditions.guarantee.value,
            "query": _QUERY,
            "moving": {"topic": MOVED_TOPIC, "partitions": conditions.partitions}
            if moved
            else None,
            **configs(chosen),
        }
        cluster = conditions.cluster_of(self.name)
        elsewhere = () if cluster is None else (elsewhere_words("kafka-python", cluster),)
        return Plan(
            engine=self.name,
            version=variant.version,
            event_clock=self._clock(workload),
            programs=(
                *((hand_program(workload, HandFile.CONSUMER),) if by_hand else ()),
                Program(
                    _QUERY, "python", query_source(workload, readable=skips_unreadable(chosen))
                ),
                Program(_JOB, "json", json.dumps(job, indent=2) + "\n"),
                *json_tables(workload),
                *hand_programs(workload),
            ),
            processes=tuple(
                kept_alive(_process(index), conditions) for index in range(conditions.workers)
            ),
            settings=chosen,
            warnings=(
                *elsewhere,
                moves_words("kafka-python", workload),
                *_warnings(chosen, conditions),
            ),
            recovery_terms=_RECOVERY_TERMS if conditions.workers > 1 else (),
            symbols={
                "partitions": str(conditions.partitions),
                "placed": str(conditions.partitions * (2 if moved else 1)),
                **parts_symbols(workload),
                **moved_symbols(conditions),
            },
            moved_to=MovedTopic(MOVED_TOPIC) if workload.rekeyed else None,
            cluster=None if cluster is None else cluster.endpoint,
        )

    def _clock(self, workload: Workload) -> EventClock:
        if workload.query.by_hand is not None:
            return EventClock.OF_ITS_OWN
        return EventClock.AFTER_REPARTITION if workload.rekeyed else self.event_clock

    def lacks(self, fault: FaultKind) -> Unsupported | None:
        """It has no coordinator: its workers are led by the broker's group coordinator."""
        return lacking(fault, _GAPS)

    def attach(self, plan: Plan, at: Where) -> Job:
        """Start the workers, here or on hosts that joined. Raises EngineFailed."""
        match at:
            case External(here=here, crew=crew) if crew is not None:
                make_moved_topic(plan, here)
                return _job(plan, here, crew.start(plan, here))
            case External():
                raise UsageError(
                    "the Python consumer has no cluster to attach to: its workers are plain processes",
                    hint="streambench run --workers-elsewhere --bootstrap-servers HOST:PORT",
                )
            case Embedded():
                make_moved_topic(plan, at)
                return _job(plan, at, Workers.start(self.prepared(plan, at), at))

    def prepared(self, plan: Plan, at: Embedded) -> Plan:
        """Fill the plan in. Its workers run on the interpreter that runs streambench, which has kafka-python."""
        return prepare(plan, at, {"python": sys.executable})


def _job(plan: Plan, at: Embedded, workers: WorkerGroup) -> ConsumerJob:
    return ConsumerJob(
        workers,
        partitions=int(plan.symbols["placed"]),
        broker_log=at.log_dir / BROKER_LOG,
        group=at.job_id,
    )


def _outlasted(chosen: Sequence[Setting], conditions: Conditions) -> Unsupported | None:
    """Why no transaction could be committed; None where they can be, or there are none."""
    interval_ms = commit_interval_ms(chosen)
    if conditions.guarantee is not Guarantee.EXACTLY_ONCE or commits_each_window(chosen):
        return None
    timeout_ms = transaction_timeout_ms(chosen)
    if timeout_ms > interval_ms:
        return None
    return Unsupported(
        Whose.UPSTREAM,
        "a transaction of the Python consumer lasts a commit interval, and the broker would abort it "
        f"before its end ({timeout_ms} ms <= {interval_ms} ms)",
    )


def _warnings(chosen: Sequence[Setting], conditions: Conditions) -> tuple[str, ...]:
    warnings = [
        "kafka-python: there is no changelog: a takeover reads the open windows again, which costs "
        "more the longer the windows are"
    ]
    if commits_each_window(chosen):
        warnings.append(
            "kafka-python: it commits with every window that closes, and not only once in the commit "
            "interval, as the other engines do"
        )
    interval_ms = commit_interval_ms(chosen)
    if conditions.profile is Profile.DEFAULTS and interval_ms == conditions.commit_interval_ms:
        warnings.append(
            "kafka-python: it is a library and ships no commit interval for such a worker; the "
            f"{interval_ms} ms of the equal terms stay"
        )
    if conditions.workers > conditions.partitions:
        warnings.append(
            f"{conditions.workers} workers share {conditions.partitions} partitions: "
            "some of them have nothing to do"
        )
    return tuple(warnings)


def _process(index: int) -> ProcessPlan:
    name = f"worker-{index}"
    return ProcessPlan(
        name=name,
        role=Role.WORKER,
        argv=(
            *("${python}", "-m", _WORKER),
            *(f"${{job_dir}}/{_JOB}", name, readings_of(name)),
        ),
        env={"PYTHONUNBUFFERED": "1"},
    )
