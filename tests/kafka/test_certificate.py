from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from streambench.kafka.certificate import Unable, certify, leader_lost
from streambench.kafka.send_log import join_send_logs, write_send_log
from streambench.kafka.send_times import (
    UNSET,
    SendLogMeta,
    SendTimes,
    read_meta,
    write_meta,
    write_send_times,
)
from streambench.kafka.skew import refuse_skew
from streambench.model.clocks import (
    COORDINATOR_CLOCK,
    RUN_HOST_CLOCK,
    ClockBound,
    HostClocks,
    Offset,
    UnknownClock,
)
from streambench.model.errors import InstrumentFailed

BATCHES = 20_000
QUANTUM_NS = 5_000_000
MS = 1_000_000


class Log:
    """A send log that certifies: each batch written 1 ms after it was due, acknowledged after 3 ms."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "load.parquet"
        self.due_ns = (np.arange(BATCHES, dtype=np.int64) + 1) * QUANTUM_NS
        self.possible_ns = self.due_ns + MS
        self.acked_ns = self.due_ns + 3 * MS
        self.drift_ns = 0
        self.failure: str | None = None
        self.retried = 0
        self.errors: dict[str, int] = {}
        self.attempts = np.ones(BATCHES, dtype=np.int64)
        self.clocks: tuple[ClockBound, ...] = ()
        self.partition = np.zeros(BATCHES, dtype=np.int16)

    def write(self) -> Path:
        times = SendTimes(BATCHES, BATCHES)
        np.asarray(times.possible_ns)[:] = self.possible_ns
        np.asarray(times.written_ns)[:] = self.possible_ns
        np.asarray(times.acked_ns)[:] = self.acked_ns
        np.asarray(times.attempts)[:] = self.attempts
        numbers = np.arange(BATCHES, dtype=np.int32)
        noted = self.path.with_suffix(".npz")
        write_send_times(
            noted,
            quantum=numbers,
            partition=self.partition,
            records=np.ones(BATCHES, np.int32),
            frame_of_batch=numbers,
            due_ns_of_frame=self.due_ns,
            times=times,
            meta=SendLogMeta(
                start_realtime_ns=0,
                realtime_minus_monotonic_start_ns=0,
                realtime_minus_monotonic_end_ns=self.drift_ns,
                drift_ns=self.drift_ns,
                retried=self.retried,
                errors=self.errors,
                failure=self.failure,
                records_acknowledged=BATCHES,
                ended_ns=int(self.due_ns[-1]) + 1_000 * MS,
                wall_s=1.0,
                cpu_s=0.1,
                requests=BATCHES,
                clocks=self.clocks,
            ),
        )
        write_send_log([noted], self.path)
        return self.path


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


def test_a_punctual_acknowledged_load_is_certified(log: Log) -> None:
    log.retried = 4
    certificate = certify(log.write())
    assert certificate.held
    assert certificate.reason is None
    assert certificate.send_lag_p999_ms == pytest.approx(1.0)
    assert certificate.acknowledge_p99_ms == pytest.approx(3.0)
    assert (certificate.batches, certificate.retried) == (BATCHES, 4)


def test_one_batch_in_a_thousand_may_be_late(log: Log) -> None:
    log.possible_ns[: BATCHES // 1_000 - 1] += 500 * MS
    certificate = certify(log.write())
    assert certificate.held
    assert certificate.send_lag_max_ms == pytest.approx(501.0)


def test_two_batches_in_a_thousand_may_not_be_late(log: Log) -> None:
    log.possible_ns[: BATCHES // 500] += 20 * MS
    certificate = certify(log.write())
    assert not certificate.held
    assert certificate.reason is not None
    assert "21.0 ms" in certificate.reason
    assert certificate.only_late


def test_a_batch_without_acknowledgement_spoils_the_load(log: Log) -> None:
    log.acked_ns[17] = UNSET
    certificate = certify(log.write())
    assert certificate.reason == f"1 of {BATCHES} batches were never acknowledged"
    assert not certificate.only_late


def test_a_batch_that_was_never_written_counts_as_late_as_the_end(log: Log) -> None:
    log.possible_ns[-1] = UNSET
    assert certify(log.write()).send_lag_max_ms == pytest.approx(1_000.0)


@pytest.mark.parametrize("drift_ns", [1_100_000, -1_100_000, 3_600 * 1_000_000_000])
def test_a_clock_that_stepped_or_a_machine_that_slept_spoils_the_load(
    log: Log, drift_ns: int
) -> None:
    log.drift_ns = drift_ns
    certificate = certify(log.write())
    assert certificate.reason is not None
    assert "the clock moved" in certificate.reason


def test_a_clock_within_a_millisecond_does_not(log: Log) -> None:
    log.drift_ns = 900_000
    assert certify(log.write()).held


def test_a_players_failure_is_the_reason(log: Log) -> None:
    log.failure = "the broker refused a batch"
    log.acked_ns[:] = UNSET
    certificate = certify(log.write())
    assert certificate.reason == "the player failed: the broker refused a batch"


def test_an_empty_log_is_no_certificate(tmp_path: Path, log: Log) -> None:
    none = np.zeros(0, np.int64)
    noted = tmp_path / "none.npz"
    write_send_times(
        noted,
        quantum=none.astype(np.int32),
        partition=none.astype(np.int16),
        records=none.astype(np.int32),
        frame_of_batch=none.astype(np.int32),
        due_ns_of_frame=none,
        times=SendTimes(0, 0),
        meta=SendLogMeta(0, 0, 0, 0, 0, {}, None, 0, 0, 0.0, 0.0, 0),
    )
    write_send_log([noted], log.path)
    with pytest.raises(InstrumentFailed, match="no batch"):
        certify(log.path)


def test_a_load_that_is_late_and_not_whole_is_not_only_late(log: Log) -> None:
    log.possible_ns += 500 * MS
    log.drift_ns = 5 * MS
    certificate = certify(log.write())
    assert not certificate.held
    assert not certificate.only_late


def test_what_could_not_be_written_while_the_broker_was_away_is_not_the_generators(
    log: Log,
) -> None:
    away = (log.due_ns >= 10_000 * MS) & (log.due_ns < 13_000 * MS)
    log.possible_ns[away] = 13_000 * MS  # written as soon as it is back, and all of it in order
    queue = (log.due_ns >= 13_000 * MS) & (log.due_ns < 13_100 * MS)
    log.possible_ns[queue] = log.due_ns[queue] + 30 * MS
    log.acked_ns = log.possible_ns + MS
    path = log.write()
    assert not certify(path).held
    found = certify(path, [Unable(at_ms=10_000, back_ms=13_000)])
    assert found.held
    assert found.exempt_batches == 3_100 // 5
    assert found.send_lag_max_ms == 1.0
    # Lateness at another time is not excused by it.
    log.possible_ns[:100] += 40 * MS
    assert not certify(log.write(), [Unable(at_ms=10_000, back_ms=13_000)]).held


def test_a_broker_that_has_just_come_back_may_halt_again_for_a_while(log: Log) -> None:
    log.possible_ns[2_000:2_600] = 13_000 * MS  # due from 10 s on; written when the broker is back
    log.possible_ns[2_700:2_720] += 60 * MS  # and late again half a second after that
    path = log.write()
    assert not certify(path, [Unable(10_000, 13_000)]).held
    assert certify(path, [Unable(10_000, 13_000, cold_ms=3_000)]).held
    assert not certify(path, [Unable(10_000, 13_000, cold_ms=400)]).held


def test_a_batch_that_was_never_acknowledged_is_not_excused(log: Log) -> None:
    log.acked_ns[2_100] = UNSET
    found = certify(log.write(), [Unable(at_ms=10_000, back_ms=13_000)])
    assert not found.held
    assert not found.only_late


def test_only_what_the_player_had_to_write_again_shows_that_a_leader_was_lost(log: Log) -> None:
    # A command ends after 200 ms; its victim dies later, and is away for a second.
    at_ms, over_ms = 20_000.0, 20_200.0
    away = (log.due_ns >= 25_000 * MS) & (log.due_ns < 26_000 * MS)
    log.possible_ns[away] = 26_001 * MS
    log.acked_ns[away] = 26_003 * MS
    late = leader_lost(log.write(), at_ms=at_ms, over_ms=over_ms)
    assert late is None  # late is no proof
    assert not certify(log.path).held
    log.errors = {"the broker closed the connection": 1}
    assert leader_lost(log.write(), at_ms=at_ms, over_ms=over_ms) is None  # nothing was lost by it
    log.attempts[log.due_ns == 25_500 * MS] = 2
    found = leader_lost(log.write(), at_ms=at_ms, over_ms=over_ms)
    assert found == Unable(at_ms, 25_500.0)
    certificate = certify(log.path, [found])
    assert certificate.held
    assert certificate.exempt_batches == 6_000 / 5


@pytest.mark.parametrize("due_ms", [19_995, 40_000, 60_000])
def test_what_was_written_again_before_or_after_the_next_hit_is_not_of_this_one(
    log: Log, due_ms: int
) -> None:
    log.errors = {"the broker closed the connection": 1}
    log.attempts[log.due_ns == due_ms * MS] = 2
    log.write()
    assert leader_lost(log.path, at_ms=20_000, over_ms=20_200, next_ms=40_000) is None
    log.attempts[log.due_ns == 20_000 * MS] = 2  # due at its own instant
    log.write()
    found = leader_lost(log.path, at_ms=20_000, over_ms=20_200, next_ms=40_000)
    assert found == Unable(20_000, 20_200)


def _clocks(*bounds: tuple[float, float], broker: int | None = None) -> tuple[ClockBound, ...]:
    return tuple(
        ClockBound(f"shard {i}/4", f"host-{i}", *each, broker) for i, each in enumerate(bounds)
    )


def test_clocks_that_are_together_are_recorded_and_change_no_figure(log: Log) -> None:
    alone = certify(log.write())
    log.clocks = _clocks((-0.4, 0.3), (-1.2, -0.1))
    certificate = certify(log.write())
    assert certificate.held
    assert certificate.clocks == log.clocks
    assert certificate.send_lag_p999_ms == alone.send_lag_p999_ms
    assert certificate.acknowledge_p99_ms == alone.acknowledge_p99_ms


@pytest.mark.parametrize("bound", [(24.6, 25.3), (-25.3, -24.6), (-1.0, 20.1)])
def test_a_host_whose_clock_is_elsewhere_spoils_the_load_by_name(
    log: Log, bound: tuple[float, float]
) -> None:
    log.clocks = _clocks((-0.4, 0.3), bound)
    certificate = certify(log.write())
    assert not certificate.held
    assert not certificate.only_late
    low, high = bound
    # A long way makes bounds wide: then nobody knows that the clock is wrong.
    told = "is not" if low > 20 or high < -20 else "may be far from"
    assert certificate.reason == (
        f"the clock of host-1 (shard 1/4) {told} the broker's: it was between "
        f"{low:+.1f} and {high:+.1f} ms from it (limit 20 ms)"
    )


def test_a_skew_and_a_send_lag_must_keep_the_limit_together(log: Log) -> None:
    log.possible_ns = log.due_ns + 12 * MS
    log.acked_ns = log.due_ns + 14 * MS
    log.clocks = _clocks((-7.0, -6.0))
    assert certify(log.write()).held
    log.clocks = _clocks((-9.0, -8.0))
    certificate = certify(log.write())
    assert certificate.reason == (
        "the load may have come late: p99.9 of the send lag is 12.0 ms, and a clock may be 9.0 ms from the "
        "broker's (limit of both 20 ms)"
    )


def test_one_shard_of_many_may_not_be_late(log: Log) -> None:
    # A shard of thirty-two with seconds of lag in each hundredth of its batches: 0.03 % of all.
    log.partition = (np.arange(BATCHES) % 64).astype(np.int16)
    late = np.flatnonzero(log.partition == 37)[::100]
    log.possible_ns[late] += 3_000 * MS
    log.acked_ns[late] += 3_000 * MS
    assert certify(log.write()).held  # so are they of one player, whose batches are all of them
    log.clocks = tuple(ClockBound(f"shard {i}/32", f"host-{i}", -0.4, 0.3) for i in range(32))
    certificate = certify(log.write())
    assert certificate.reason == (
        "the load came late: p99.9 of the send lag of shard 5/32 is 3001.0 ms, and a clock may be 0.4 ms "
        "from the broker's (limit 20 ms)"
    )
    assert certificate.send_lag_p999_ms == pytest.approx(3_001.0)
    assert certificate.send_lag_p99_ms == 1.0


def test_a_shard_whose_queue_is_empty_ends_no_other_ones_excuse(log: Log) -> None:
    # The leaders of shard 1 are away from 10 s to 13 s, and its queue is full until 14 s.
    log.partition = (np.arange(BATCHES) % 4).astype(np.int16)
    hit = (log.partition % 2 == 1) & (log.due_ns >= 10_000 * MS) & (log.due_ns < 14_000 * MS)
    log.possible_ns[hit] = log.due_ns[hit] + 100 * MS
    log.acked_ns = log.possible_ns + MS
    log.clocks = (
        *_clocks((0, 0), (0, 0), broker=0),
        ClockBound(COORDINATOR_CLOCK, "here", 0, 0, 0),
    )
    certificate = certify(log.write(), [Unable(10_000, 13_000)])
    assert certificate.held
    assert certificate.exempt_batches == 600 / 2 + 800 / 2
    log.possible_ns[hit.nonzero()[0][-1] + 2] += 60 * MS
    log.possible_ns[hit.nonzero()[0][-1] + 4 :: 200] += 60 * MS
    assert not certify(log.write(), [Unable(10_000, 13_000)]).held


def test_visible_delays_span_the_clocks_of_two_hosts(log: Log) -> None:
    log.clocks = (
        *_clocks((-11.0, -10.0), (-3.0, 2.0), broker=0),
        ClockBound(COORDINATOR_CLOCK, "here", 9.0, 9.5, 0),
    )
    assert certify(log.write()).held  # 1 ms of lag, and 11 ms
    certificate = certify(log.path, by_visible=True)
    assert certificate.reason == (
        "the load may have come late: p99.9 of the send lag of shard 0/4 is 1.0 ms, and a clock there may be "
        "20.5 ms from the coordinator's (limit of both 20 ms)"
    )


def test_what_a_delay_may_be_off_goes_by_the_clocks_that_it_is_taken_by() -> None:
    clocks = HostClocks.of(
        (
            *_clocks((2.0, 3.0), (-1.0, 0.5), broker=0),
            ClockBound(COORDINATOR_CLOCK, "here", -4.0, -3.5, 0),
        )
    )
    assert clocks.appended == Offset(-3.0, 1.0)
    assert clocks.visible == Offset(-7.0, -2.5)
    assert clocks.visible.farthest_ms == 7.0
    assert HostClocks.of(_clocks((2.0, 3.0))).visible is None
    assert HostClocks.of(()).appended is None


def test_hosts_elsewhere_are_not_late_by_the_fault_of_an_engine_here(log: Log) -> None:
    log.possible_ns = log.due_ns + 30 * MS
    log.acked_ns = log.due_ns + 31 * MS
    assert certify(log.write()).only_late
    log.clocks = _clocks((-0.4, 0.3))
    assert not certify(log.write()).only_late


def _brokers(*bounds: tuple[float, float]) -> tuple[ClockBound, ...]:
    return tuple(ClockBound(RUN_HOST_CLOCK, "here", *b, node) for node, b in enumerate(bounds))


def test_a_broker_whose_clock_is_elsewhere_spoils_the_load_by_name(log: Log) -> None:
    log.clocks = _brokers((-0.4, 0.3), (-40.4, -39.7), (-0.2, 0.5))
    certificate = certify(log.write())
    assert not certificate.held
    assert certificate.reason == (
        "the clock of here (the run's host) is not broker 1's: it was between -40.4 and -39.7 ms from it "
        "(limit 20 ms)"
    )
    with pytest.raises(InstrumentFailed, match="is not broker 1's"):
        refuse_skew(log.clocks[1])
    refuse_skew(log.clocks[0])
    refuse_skew(ClockBound(RUN_HOST_CLOCK, "here", -30.0, 5.0, 0))  # it may be right


@pytest.mark.parametrize(
    ("bound", "lag_ms", "by_clocks"),
    [
        ((-0.4, 0.3), 1, False),  # it holds
        ((-40.4, -39.7), 1, True),
        ((-30.0, 30.0), 1, True),
        ((-9.0, -8.0), 12, True),  # by one clock it would hold
        ((-0.4, 0.3), 30, False),
        ((-40.4, -39.7), 30, False),  # at a lower rate it may be in time
    ],
)
def test_a_load_that_was_in_time_is_spoilt_by_nothing_but_clocks(
    log: Log, bound: tuple[float, float], lag_ms: int, by_clocks: bool
) -> None:
    log.possible_ns = log.due_ns + lag_ms * MS
    log.acked_ns = log.due_ns + (lag_ms + 1) * MS
    log.clocks = _brokers(bound)
    assert certify(log.write()).by_clocks is by_clocks


def test_a_brokers_clock_counts_beside_the_send_lag(log: Log) -> None:
    log.possible_ns = log.due_ns + 12 * MS
    log.acked_ns = log.due_ns + 14 * MS
    log.clocks = _brokers((-0.4, 0.3), (-7.0, -6.0))
    held = certify(log.write())
    assert held.held
    assert held.clocks == log.clocks
    log.clocks = _brokers((-0.4, 0.3), (-9.0, -8.0))
    certificate = certify(log.write())
    assert certificate.reason == (
        "the load may have come late: p99.9 of the send lag is 12.0 ms, and a clock may be 9.0 ms from broker 1's "
        "(limit of both 20 ms)"
    )
    assert not certificate.only_late  # no engine did that


def test_a_player_here_may_be_late_by_an_engines_fault_wherever_the_brokers_are(log: Log) -> None:
    log.possible_ns = log.due_ns + 30 * MS
    log.acked_ns = log.due_ns + 31 * MS
    log.clocks = _brokers((-0.4, 0.3))
    assert certify(log.write()).only_late
    log.clocks = _brokers((-40.4, -39.3))
    assert not certify(log.write()).only_late


def test_a_shard_and_a_broker_may_each_be_near_the_first_broker_and_too_far_apart(log: Log) -> None:
    own = ClockBound(COORDINATOR_CLOCK, "here", -0.5, 0.5, 0)
    log.clocks = (
        replace(_clocks((11.0, 11.5))[0], broker=0),
        own,
        *_brokers((-0.5, 0.5), (8.5, 9.0)),
    )
    certificate = certify(log.write())
    assert certificate.reason == (
        "the load may have come late: p99.9 of the send lag is 1.0 ms, and a clock there may be 21.0 ms from a "
        "broker's (limit of both 20 ms)"
    )
    log.clocks = log.clocks[:3]
    assert certify(log.write()).held


def test_what_could_not_be_compared_is_in_the_certificate_and_spoils_nothing(log: Log) -> None:
    path = log.write()
    unknown = (UnknownClock(2, "TOPIC_AUTHORIZATION_FAILED (29)"),)
    write_meta(path, replace(read_meta(path), unknown_clocks=unknown))
    certificate = certify(path)
    assert certificate.held
    assert certificate.unknown_clocks == unknown


def test_logs_of_several_hosts_become_one(log: Log, tmp_path: Path) -> None:
    log.clocks = _clocks((-0.4, 0.3))
    first = log.write()
    meta = read_meta(first)
    joined = tmp_path / "joined.parquet"
    other = replace(meta, clocks=_clocks((1, 2)), failure="it broke", retried=5, drift_ns=-7)
    join_send_logs([(first, meta), (first, other)], joined)
    both = read_meta(joined)
    assert both.clocks == (*_clocks((-0.4, 0.3)), *_clocks((1, 2)))
    assert (both.retried, both.failure, both.drift_ns) == (5, "it broke", -7)
    assert both.records_acknowledged == 2 * BATCHES
    assert pq.read_table(joined).num_rows == 2 * BATCHES
