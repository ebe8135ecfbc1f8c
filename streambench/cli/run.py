"""`streambench run`: one load, on every engine."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from streambench.cli.alone import alone
from streambench.cli.commands import with_options
from streambench.cli.crew import WorkersElsewhereOption, crew_asked, refuse_no_worker
from streambench.cli.foreign_clusters import (
    CheckpointDirOption,
    ClustersAsked,
    FlinkRestOption,
    SparkMasterOption,
    clusters_asked,
    inspect_clusters,
    tell_jobs_left,
)
from streambench.cli.foreign_kafka import ground_of
from streambench.cli.hosts import with_hosts
from streambench.cli.joining import named_after, run_id_asked
from streambench.cli.monitoring import PrometheusOption, look_at_prometheus, prometheus_url
from streambench.cli.options import MeasuredOptions, RateOption, ShapeOption, examples
from streambench.cli.requirements import RequireOption, requirements
from streambench.cli.shapes import load_shape
from streambench.cli.sharded import RunIdOption, ShardsOption, refuse_too_many, shards_asked
from streambench.cli.until import UntilOption, refuse_unknowable, rounds_until
from streambench.model.errors import ExitCode

EXAMPLES = examples(
    "streambench run --quick",
    "streambench run --rate 50k --repeat 3 --require 'delay_p99 < 500ms'",
    "streambench run flights --engine flink,kafka-streams --until 'p99 ±10%'",
)


@dataclass(frozen=True)
class RunAsked(MeasuredOptions):
    """The options of `run`."""

    rate_per_s: RateOption = None
    shape: ShapeOption = None
    require: RequireOption = None
    until: UntilOption = None
    flink_rest: FlinkRestOption = None
    spark_master: SparkMasterOption = None
    checkpoint_dir: CheckpointDirOption = None
    prometheus: PrometheusOption = None
    shards: ShardsOption = None
    run_id: RunIdOption = None
    workers_elsewhere: WorkersElsewhereOption = False


def _run(asked: RunAsked) -> ExitCode:
    """Run a workload on every engine and prove every result."""
    from streambench.cli.bench import bench
    from streambench.experiment.build import single

    options = dataclasses.replace(
        asked.options(),
        rate_per_s=asked.rate_per_s,
        shape=None if asked.shape is None else load_shape(asked.shape),
        requirements=requirements(asked.require or ()),
        prometheus=prometheus_url(asked.prometheus),
    )
    if asked.until is not None:
        until, most = rounds_until(asked.until, asked.repeat, quick=asked.quick)
        options = dataclasses.replace(options, until=until, repeats=most)
    joined = asked.shards is not None or asked.workers_elsewhere
    name = run_id_asked(asked.run_id, joined=joined)
    crew = crew_asked(asked.workers_elsewhere, asked.workers, name, asked.there)
    clusters = clusters_asked(
        ClustersAsked(asked.flink_rest, asked.spark_master, asked.checkpoint_dir),
        options.conditions.foreign_kafka,
    )
    everywhere = (*clusters, *(() if crew is None else crew.clusters))
    conditions = dataclasses.replace(options.conditions, foreign_clusters=everywhere)
    options = dataclasses.replace(options, conditions=conditions)
    request = single(options)
    refuse_unknowable(request)
    sharded, there = shards_asked(asked.shards, name, asked.there), asked.there
    if sharded is not None:
        refuse_too_many(sharded, (request,))
    if crew is not None:
        refuse_no_worker((request,))
    if joined:
        there = named_after(there, name, asked.topic_prefix)
    look_at_prometheus(request.prometheus)
    with alone(wait=asked.wait):
        inspect_clusters((request,), clusters)
        with (
            ground_of(there, (request,)) as found,
            with_hosts(sharded, crew, there, found) as ground,
        ):
            try:
                return bench(
                    ground.told((request,)),
                    workspaces=ground.workspaces,
                    compiled=ground.compiled,
                )
            finally:
                # Without a Kafka of the user's, clusters are on this machine, where no other run goes on.
                tell_jobs_left(clusters, there)


run = with_options(RunAsked, _run)
