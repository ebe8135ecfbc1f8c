"""Where the jobs of a command go on: what of the user's its options name, and what is seen to before a load."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streambench.cli.alone import alone
from streambench.cli.crew import CrewAsked, WorkersElsewhereOption, crew_asked, refuse_no_worker
from streambench.cli.foreign_clusters import (
    CheckpointDirOption,
    ClustersAsked,
    FlinkRestOption,
    SparkMasterOption,
    clusters_asked,
    inspect_clusters,
    tell_jobs_left,
    tell_left,
)
from streambench.cli.foreign_kafka import (
    BootstrapOption,
    Elsewhere,
    Ground,
    KafkaConfigOption,
    ReplicationOption,
    TopicPrefixOption,
    elsewhere,
    ground_of,
)
from streambench.cli.hosts import with_hosts
from streambench.cli.joining import named_after, refuse_a_second, run_id_asked
from streambench.cli.sharded import (
    RunIdOption,
    ShardsAsked,
    ShardsOption,
    refuse_too_many,
    shards_asked,
)
from streambench.model.conditions import ForeignCluster

if TYPE_CHECKING:
    from streambench.experiment.request import Request


@dataclass(frozen=True)
class Whereabouts:
    """What of the user's a command is to use: nothing of it, and all runs on this machine.

    `kafka` None: streambench starts a broker. `clusters` have an engine each. `crew` runs workers on hosts
    that join, and `shards` play all loads there.
    """

    kafka: Elsewhere | None = None
    clusters: tuple[ForeignCluster, ...] = ()
    crew: CrewAsked | None = None
    shards: ShardsAsked | None = None

    @property
    def foreign_clusters(self) -> tuple[ForeignCluster, ...]:
        """Where engines run whose processes streambench does not start."""
        return (*self.clusters, *(() if self.crew is None else self.crew.clusters))


@dataclass(frozen=True)
class PlaceOptions:
    """The options that say where jobs go on; every command that makes trials has them."""

    bootstrap_servers: BootstrapOption = None
    kafka_config: KafkaConfigOption = None
    replication: ReplicationOption = None
    topic_prefix: TopicPrefixOption = None
    flink_rest: FlinkRestOption = None
    spark_master: SparkMasterOption = None
    checkpoint_dir: CheckpointDirOption = None
    shards: ShardsOption = None
    run_id: RunIdOption = None
    workers_elsewhere: WorkersElsewhereOption = False

    def where_for(self, workers: int) -> Whereabouts:
        """What they name, for jobs of so many workers. Raises UsageError.

        To be read once: the file with client properties may be a pipe.
        """
        there = elsewhere(
            self.bootstrap_servers, self.kafka_config, self.replication, self.topic_prefix
        )
        joined = self.shards is not None or self.workers_elsewhere
        name = run_id_asked(self.run_id, joined=joined)
        crew = crew_asked(self.workers_elsewhere, workers, name, there)
        shards = shards_asked(self.shards, name, there)
        if joined:
            there = named_after(there, name, self.topic_prefix)
        clusters = clusters_asked(
            ClustersAsked(self.flink_rest, self.spark_master, self.checkpoint_dir),
            None if there is None else there.told,
        )
        return Whereabouts(there, clusters, crew, shards)


@contextmanager
def placed(
    where: Whereabouts, requests: Sequence[Request], *, wait: bool, paced: bool = True
) -> Iterator[Ground]:
    """The ground of these requests, which they have to themselves, once all of it was seen to be there.

    `wait`: while another run goes on. `paced`: loads come when they are due. Raises
    UsageError for what nobody would serve, and as `inspect_clusters`, `ground_of` and `with_hosts`. What stays
    behind there is told at the end.
    """
    from streambench.trial.workspace import heard_by

    crew, shards = where.crew, where.shards
    if shards is not None:
        refuse_too_many(shards, requests)
    if crew is not None:
        refuse_no_worker(requests)
        # A sweep may vary how many there are: those who are not needed have a rest then.
        most = max(request.conditions.workers for request in requests)
        crew = dataclasses.replace(crew, count=most)
    with alone(wait=wait):
        seen = inspect_clusters(requests, where.clusters)
        if where.kafka is not None and (shards is not None or crew is not None):
            # Before what this run leaves there is looked for: it has the name of the other one's.
            refuse_a_second(where.kafka)
        with (
            ground_of(where.kafka, requests, paced=paced) as found,
            with_hosts(shards, crew, where.kafka, found) as ground,
        ):
            left: list[str] = []
            if where.clusters:
                heard = heard_by(left.append, ground.workspaces)
                ground = dataclasses.replace(ground.with_clusters(seen), workspaces=heard)
            try:
                yield ground
            finally:
                tell_left(left)
                # Without a Kafka of the user's, clusters are on this machine, where no other run goes on.
                tell_jobs_left(where.clusters, where.kafka)
