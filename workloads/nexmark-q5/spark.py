"""Nexmark Q5: counts per auction and window; then of each window those that none beats."""

from pyspark.sql import functions as F


def query(events):
    """The rows of `events`, whose watermark is set."""
    counted = events.groupBy(F.window("event_time", "2 seconds", "1 second"), "auction").agg(
        F.count("*").alias("bids")
    )
    # A second aggregation of the same windows: its rows come when the first has closed them.
    windows = counted.groupBy("window").agg(
        F.max("bids").alias("most"), F.collect_list(F.struct("auction", "bids")).alias("all")
    )
    return windows.select(
        F.unix_millis("window.start").alias("window_start"),
        F.explode(F.filter("all", lambda each: each["bids"] == F.col("most"))).alias("found"),
    ).select("found.auction", "window_start", "found.bids")
