"""Other ways in which Spark is run, each under a name."""

from __future__ import annotations

from streambench.model.conditions import NamedVariant

TRIGGER = "trigger"
UNREADABLE = "streambench.unreadable"
AS_NULLS, OBSERVED = "nulls", "observed"

VARIANTS: tuple[NamedVariant, ...] = (
    NamedVariant(
        name="rocksdb",
        title="state in RocksDB",
        note="State in RocksDB, on disk, where the default keeps it on the heap.",
        settings=(
            (
                "spark.sql.streaming.stateStore.providerClass",
                "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider",
            ),
        ),
    ),
    NamedVariant(
        name="trigger-1s",
        title="trigger every second",
        note="A batch every second instead of one after the other: fewer batches, and results that "
        "wait for the next one.",
        settings=((TRIGGER, "1s"),),
    ),
    NamedVariant(
        name="tolerant",
        title="tolerant of dirt",
        note="What from_json finds corrupt is observed by a count and left out, where by default all of its "
        "columns that cannot be read are NULL and the query goes on with them.",
        settings=((UNREADABLE, OBSERVED),),
    ),
)
