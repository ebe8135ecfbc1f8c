from pyspark.sql import functions as F

records = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", "${broker}")
    .option("subscribe", "${input_topic}")
    .option("startingOffsets", "earliest")
    .option("kafka.fetch.max.wait.ms", "10")
    .load()
    .select(
        F.from_json(F.col("value").cast("string"), "`campaign` STRING, `action` STRING, `price` BIGINT").alias("record"),
        F.col("timestamp").alias("event_time"),
    )
    .select("record.*", "event_time")
    .where("`action` = 'view'")
)

results = (
    records.withWatermark("event_time", "100 milliseconds")
    .groupBy(
        "campaign",
        F.window("event_time", "500 milliseconds").alias("window"),
    )
    .agg(
        F.expr("COUNT(*)").alias("views"),
        F.expr("SUM(`price`)").alias("revenue"),
        F.expr("MIN(`price`)").alias("cheapest"),
        F.expr("MAX(`price`)").alias("dearest"),
    )
)

query = (
    results.select(
        F.col("campaign").alias("key"),
        F.to_json(F.struct("campaign", F.unix_millis("window.start").alias('window_start'), "views", "revenue", "cheapest", "dearest")).alias("value"),
    )
    .writeStream.format("kafka")
    .option("kafka.bootstrap.servers", "${broker}")
    .option("topic", "${output_topic}")
    .option("checkpointLocation", "${job_dir}/checkpoint")
    .option("kafka.linger.ms", "0")
    .option("kafka.acks", "all")
    .outputMode("append")
    .start()
)
