CREATE TABLE clicks (
  campaign STRING,
  action STRING,
  price BIGINT,
  ts TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
  -- the grace and 1 ms: Flink takes a window for over at its last millisecond
  WATERMARK FOR ts AS ts - INTERVAL '0.101' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = '${input_topic}',
  'properties.bootstrap.servers' = '${broker}',
  'properties.group.id' = '${job_id}',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

CREATE TABLE totals (
  campaign STRING,
  window_start BIGINT,
  `views` BIGINT,
  revenue BIGINT,
  cheapest BIGINT,
  dearest BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = '${output_topic}',
  'properties.bootstrap.servers' = '${broker}',
  'key.format' = 'raw',
  'key.fields' = 'campaign',
  'value.format' = 'json'
);

INSERT INTO totals
SELECT
  campaign,
  EXTRACT(EPOCH FROM window_start) * 1000 + EXTRACT(MILLISECOND FROM window_start),
  COUNT(*),
  SUM(price),
  MIN(price),
  MAX(price)
FROM TABLE(TUMBLE(TABLE clicks, DESCRIPTOR(ts), INTERVAL '0.500' SECOND))
WHERE action = 'view'
GROUP BY campaign, window_start, window_end;
