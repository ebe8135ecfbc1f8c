"""What Kafka Streams needs, how its job looks, and how it is started."""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from streambench.engines.common.access import token_flags
from streambench.engines.common.elsewhere import elsewhere_words
from streambench.engines.common.faults import lacking
from streambench.engines.common.hand_files import hand_programs, missing_file
from streambench.engines.common.jvm import gc_log_flag, options_asked
from streambench.engines.common.launch import GC_FOLDER, prepare
from streambench.engines.common.moves import moves_words
from streambench.engines.common.noticed import BROKER_LOG
from streambench.engines.common.restart import kept_alive
from streambench.engines.common.settings import values
from streambench.engines.common.workers import WorkerGroup, Workers, readings_of
from streambench.engines.kafka_streams.group import GROUP
from streambench.engines.kafka_streams.hand_source import MAIN, programs_by_hand
from streambench.engines.kafka_streams.job import StreamsJob
from streambench.engines.kafka_streams.moved import TOPIC
from streambench.engines.kafka_streams.settings import (
    JVM,
    JVM_OPTIONS,
    commit_interval_ms,
    emit_interval_ms,
    final_results,
    json_parser,
    on_disk,
    properties,
    retention,
    settings,
    store,
    transaction_timeout_ms,
)
from streambench.engines.kafka_streams.source import FinalResults, Retention, programs
from streambench.engines.kafka_streams.variants import VARIANTS
from streambench.engines.kafka_streams.versions import (
    ROCKSDB_JARS,
    USUAL_VERSION,
    VERSIONS,
    jars_of,
)
from streambench.engines.protocol import Embedded, External, Job, Where
from streambench.model.by_hand import HandFile
from streambench.model.conditions import Conditions, Guarantee, NamedVariant, Variant
from streambench.model.errors import UsageError
from streambench.model.fault import FaultKind
from streambench.model.plan import (
    LONGEST_JUMP,
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
from streambench.model.windows import Sessions, Window
from streambench.model.workload import Replay, Workload
from streambench.runtime.compiler import compile_java

_PROPERTIES = "streams.properties"
_LOGGING = "log4j2.properties"
_GAPS = {
    FaultKind.COORDINATOR_KILL: "Kafka Streams has no coordinator process: its instances are equals, "
    "and the Kafka broker leads their group"
}
_RECOVERY_TERMS = (
    "The surviving instances of Kafka Streams take over the partitions of the dead one.",
)

_TWICE_LATE = (
    "Kafka Streams writes a session that has closed once more, longer, where a record that is"
    " not late itself extends it: its events would count twice"
)
_LOST_LATE = (
    "with the retention that it ships, Kafka Streams loses the final result of a session into which a"
    " record comes when it has closed"
)


@dataclass(frozen=True)
class KafkaStreams:
    """A group of instances of one application, each with one thread and its state in memory."""

    name: str = "kafka-streams"
    title: str = "Kafka Streams"
    version: str = USUAL_VERSION
    versions: tuple[str, ...] = VERSIONS
    event_clock: EventClock = EventClock.PER_PARTITION
    state_exact: bool = False  # updates reach the changelog at once, offsets only at the commit
    variants: tuple[NamedVariant, ...] = VARIANTS
    shorthands: tuple[tuple[str, str], ...] = (("jvm_options", JVM_OPTIONS),)

    def requires(self, variant: Variant) -> Artifacts:
        """Java, the library, and a compiler for the generated topology."""
        stores = (ROCKSDB_JARS,) if on_disk(variant) else ()
        return Artifacts(java=True, jar_sets=(jars_of(variant.version), *stores, "compiler"))

    def plan(
        self, workload: Workload, conditions: Conditions, variant: Variant
    ) -> Plan | Unsupported:
        """The whole job as data; pure."""
        if variant.version not in self.versions:
            return Unsupported(
                Whose.OURS,
                f"the jars of Kafka Streams {', '.join(self.versions)} are locked, not "
                f"{variant.version}'s",
            )
        if (gap := missing_file(workload, HandFile.KAFKA_STREAMS)) is not None:
            return gap
        chosen = settings(conditions, variant, moves=workload.rekeyed)
        commit_ms = commit_interval_ms(chosen)
        if conditions.guarantee is Guarantee.EXACTLY_ONCE:
            timeout_ms = transaction_timeout_ms(chosen)
            if timeout_ms < commit_ms:
                return Unsupported(
                    Whose.UPSTREAM,
                    "Kafka Streams refuses a transaction time-out below the commit interval "
                    f"({timeout_ms} ms < {commit_ms} ms)",
                )
        query = workload.query
        if isinstance(query.window, Sessions) and workload.late_records_possible:
            return Unsupported(
                Whose.UPSTREAM,
                _LOST_LATE if retention(chosen) is Retention.SHIPPED else _TWICE_LATE,
                f"streambench validate {workload.name} names the grace with which no record is late",
            )
        # Restored state may be two commits ahead of the input that is read again, and a result that is held
        # back is still to be found.
        held_ms = math.ceil(emit_interval_ms(chosen) * _speed(workload))
        final = final_results(chosen)
        covering_ms = query.window.horizon_ms(query.grace_ms) + 2 * commit_ms + held_ms
        retention_ms: int | None = covering_ms
        if retention(chosen) is Retention.SHIPPED:
            retention_ms = None
        cluster = conditions.cluster_of(self.name)
        warnings = [] if cluster is None else [elsewhere_words("Kafka Streams", cluster)]
        warnings.append(moves_words("kafka-streams", workload))
        if conditions.guarantee is Guarantee.AT_LEAST_ONCE:
            warnings.append(_state_ahead(query.window, final))
        if conditions.workers > conditions.partitions:
            warnings.append(
                f"{conditions.workers} instances share {conditions.partitions} partitions: "
                "some of them have nothing to do"
            )
        return Plan(
            engine=self.name,
            version=variant.version,
            event_clock=self._clock(workload),
            programs=(
                *(
                    programs(
                        workload,
                        retention_ms=retention_ms,
                        parser=json_parser(chosen),
                        final=final,
                        store=store(chosen),
                    )
                    if query.by_hand is None
                    else programs_by_hand(
                        workload, retention_ms=covering_ms, parser=json_parser(chosen)
                    )
                ),
                *hand_programs(workload),
                Program(_PROPERTIES, "properties", properties(chosen, conditions)),
                Program(_LOGGING, "properties", _resource(_LOGGING)),
            ),
            processes=tuple(
                kept_alive(
                    _process(
                        index,
                        chosen,
                        conditions,
                        _class_path(workload, variant),
                        "WindowedAggregation" if query.by_hand is None else MAIN,
                    ),
                    conditions,
                )
                for index in range(conditions.workers)
            ),
            settings=chosen,
            warnings=tuple(warnings),
            recovery_terms=_RECOVERY_TERMS if conditions.workers > 1 else (),
            symbols={
                "partitions": str(conditions.partitions),
                # One a partition of the input, and where records are moved one a partition of that topic.
                "tasks": str(conditions.partitions * (2 if workload.rekeyed else 1))
                if query.by_hand is None
                else "",
                LONGEST_JUMP: "0",
            },
            moved_to=MovedTopic(TOPIC, _offset_ms(query.window)) if workload.rekeyed else None,
            cluster=None if cluster is None else cluster.endpoint,
        )

    def _clock(self, workload: Workload) -> EventClock:
        if workload.query.by_hand is not None:
            return EventClock.OF_ITS_OWN
        return EventClock.AFTER_REPARTITION if workload.rekeyed else self.event_clock

    def lacks(self, fault: FaultKind) -> Unsupported | None:
        """It has no coordinator: its instances are led by the broker's group coordinator."""
        return lacking(fault, _GAPS)

    def attach(self, plan: Plan, at: Where) -> Job:
        """Compile the topology and start its instances, here or on hosts that joined. Raises EngineFailed."""
        match at:
            case External(here=here, crew=crew) if crew is not None:
                _set_up_group(plan, here)
                return _job(plan, here, crew.start(plan, here), gc_logs=None)
            case External():
                raise UsageError(
                    "Kafka Streams has no cluster to attach to: its instances are plain processes",
                    hint="streambench run --workers-elsewhere --bootstrap-servers HOST:PORT",
                )
            case Embedded():
                filled = self.prepared(plan, at)
                _set_up_group(plan, at)
                return _job(plan, at, Workers.start(filled, at), gc_logs=at.job_dir / GC_FOLDER)

    def prepared(self, plan: Plan, at: Embedded) -> Plan:
        """Fill the plan in and compile the topology. Raises EngineFailed."""
        filled = prepare(plan, at)
        (ecj,) = at.artifacts.jars["compiler"]
        compile_java(
            tuple(at.job_dir / p.name for p in filled.programs if p.language == "java"),
            classpath=at.artifacts.jars[jars_of(plan.version)],
            out=at.job_dir / "classes",
            java=at.artifacts.java,
            ecj=ecj,
        )
        return filled


def _set_up_group(plan: Plan, at: Embedded) -> None:
    """Tell the broker the settings of the group, where it leads it."""
    if of_group := values(plan.settings, GROUP):
        from streambench.kafka.groups import set_group_settings  # slow, and seldom needed

        set_group_settings(at.kafka, at.job_id, of_group)


def _job(plan: Plan, at: Embedded, workers: WorkerGroup, gc_logs: Path | None) -> StreamsJob:
    return StreamsJob(
        workers,
        gc_logs=gc_logs,
        tasks=int(plan.symbols["tasks"]) if plan.symbols["tasks"] else None,
        broker_log=at.log_dir / BROKER_LOG,
        group=at.job_id,
        kafka=at.kafka,
        led_by_broker=any(setting.scope == GROUP for setting in plan.settings),
    )


def _class_path(workload: Workload, variant: Variant) -> str:
    """Classes and jars; tables that records are joined with lie in the job folder itself."""
    tables = ":${job_dir}" if workload.lookups else ""
    stores = f":${{jars:{ROCKSDB_JARS}}}" if on_disk(variant) else ""
    return f"${{job_dir}}/classes{tables}:${{jars:{jars_of(variant.version)}}}{stores}"


def _offset_ms(window: Window) -> int:
    """By how much event time is moved within the program."""
    return 0 if isinstance(window, Sessions) else window.offset_ms


def _speed(workload: Workload) -> float:
    """How much event time goes by in a second of the load."""
    return workload.input.speed_up if isinstance(workload.input, Replay) else 1.0


def _process(
    index: int, chosen: tuple[Setting, ...], conditions: Conditions, class_path: str, main: str
) -> ProcessPlan:
    name = f"worker-{index}"
    jvm = values(chosen, JVM)
    return ProcessPlan(
        name=name,
        role=Role.WORKER,
        argv=(
            "${java}",
            *jvm["flags"].split(),
            gc_log_flag(f"${{job_dir}}/{GC_FOLDER}"),
            "-XX:-UsePerfData",
            f"-Dlog4j2.configurationFile=${{job_dir}}/{_LOGGING}",
            "-Dlog4j2.disableJmx=true",
            *token_flags(conditions),
            *options_asked(chosen, JVM_OPTIONS),
            "-cp",
            class_path,
            main,
            f"${{job_dir}}/{_PROPERTIES}",
            name,
            f"${{job_dir}}/state-{index}",
            readings_of(name),
        ),
        heap_mib=conditions.worker_heap_mib,
    )


def _resource(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _state_ahead(window: Window, final: FinalResults) -> str:
    """What a death does to state that is only at-least-once."""
    if isinstance(window, Sessions) and final is FinalResults.WINDOW_CLOSE:
        # SessionStoreMaterializer leaves the cache out where results are final, though it was asked for.
        return (
            "Kafka Streams, at-least-once: it has no record cache for sessions whose results are final, so "
            "after a death it counts again what came since the last commit, and sessions are over-counted; "
            "kafka-streams:suppress has one"
        )
    return (
        "Kafka Streams, at-least-once: a death between the two halves of a commit leaves "
        "state ahead of the input that is read again, and windows are then over-counted"
    )
