"""Other ways in which Kafka Streams is run, each under a name."""

from __future__ import annotations

from streambench.model.conditions import NamedVariant

STREAMS_VARIANT = "streams-protocol"
TOLERANT = "tolerant"
_ERRORS = "org.apache.kafka.streams.errors"

VARIANTS: tuple[NamedVariant, ...] = (
    NamedVariant(
        name="standby",
        title="standby replica",
        note="One standby replica of each state store: another instance keeps a copy, and takes over "
        "without reading the changelog from its beginning.",
        settings=(("num.standby.replicas", "1"),),
    ),
    NamedVariant(
        name="rocksdb",
        title="state in RocksDB",
        note="State in RocksDB, on disk, which is what Kafka Streams ships with; the default here keeps it in "
        "memory.",
        settings=(("streambench.store", "rocksdb"),),
    ),
    NamedVariant(
        name="small-cache",
        title="record cache of 1 MiB",
        note="A record cache of 1 MiB, where the default has 10. Each final result walks all that is in "
        "the cache, also what closed long ago, so its delay rises until the cache is full.",
        settings=(("statestore.cache.max.bytes", str(1024 * 1024)),),
    ),
    NamedVariant(
        name="shipped-retention",
        title="windows kept as shipped",
        note="The store keeps a window for its length and grace, as Kafka Streams ships. Where event time "
        "jumps farther and there is no record cache, final results are lost without a word.",
        settings=(("streambench.retention", "shipped"),),
    ),
    NamedVariant(
        name="suppress",
        title="final results by suppress",
        note="A buffer behind the aggregation holds results back until their window has closed, where the "
        "aggregation does so itself by default. Updates reach the buffer at a commit, so results come up to "
        "a commit interval later. Sessions keep the record cache, without which a death over-counts them.",
        settings=(("streambench.final-results", "suppress"),),
    ),
    NamedVariant(
        name="flat-json",
        title="own JSON parser",
        note="JSON is read and written by code made for flat objects, and only the fields that the "
        "query needs; the default reads all fields with Jackson.",
        settings=(("streambench.json-parser", "flat"),),
    ),
    NamedVariant(
        name="commit-100ms",
        title="commit every 100 ms",
        note="A commit every 100 ms, which is what Kafka Streams ships with under exactly-once.",
        settings=(("commit.interval.ms", "100"),),
    ),
    NamedVariant(
        name=TOLERANT,
        title="tolerant of dirt",
        note="A record that cannot be read, or at which the topology throws, is left out with a warning and "
        "counted as dropped. By default it ends the thread.",
        settings=(
            ("deserialization.exception.handler", f"{_ERRORS}.LogAndContinueExceptionHandler"),
            ("processing.exception.handler", f"{_ERRORS}.LogAndContinueProcessingExceptionHandler"),
        ),
    ),
    NamedVariant(
        name=STREAMS_VARIANT,
        title="streams group protocol",
        note="The broker leads the group of instances and assigns their tasks (KIP-1071), where the "
        "instances do it themselves by default.",
        settings=(("group.protocol", "streams"),),
    ),
)
