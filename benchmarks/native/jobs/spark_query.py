"""Clicks per campaign, written by hand for Spark; the driver puts `spark` here and takes `query`."""

from pyspark.sql import functions as F

clicks = (
    spark.readStream.format("kafka")  # noqa: F821
    .option("kafka.bootstrap.servers", "${broker}")
    .option("subscribe", "${input_topic}")
    .option("startingOffsets", "earliest")
    .load()
    .select(
        F.from_json(
            F.col("value").cast("string"), "campaign STRING, action STRING, price BIGINT"
        ).alias("click"),
        F.col("timestamp").alias("ts"),
    )
    .select("click.campaign", "click.action", "click.price", "ts")
)

totals = (
    clicks.filter(F.col("action") == "view")
    .withWatermark("ts", "100 milliseconds")
    .groupBy("campaign", F.window("ts", "500 milliseconds"))
    .agg(
        F.count("*").alias("views"),
        F.sum("price").alias("revenue"),
        F.min("price").alias("cheapest"),
        F.max("price").alias("dearest"),
    )
)

query = (
    totals.withColumn("window_start", F.unix_millis("window.start"))
    .select(
        F.col("campaign").alias("key"),
        F.to_json(
            F.struct("campaign", "window_start", "views", "revenue", "cheapest", "dearest")
        ).alias("value"),
    )
    .writeStream.format("kafka")
    .option("kafka.bootstrap.servers", "${broker}")
    .option("topic", "${output_topic}")
    .option("checkpointLocation", "${job_dir}/checkpoint")
    .outputMode("append")
    .start()
)
