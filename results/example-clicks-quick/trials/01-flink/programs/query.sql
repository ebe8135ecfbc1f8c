CREATE TABLE `records` (
  `campaign` STRING,
  `action` STRING,
  `price` BIGINT,
  `event_time` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp',
  -- the grace and 1 ms: a window is over when the watermark is at its last millisecond
  -- only records that pass the filter move the event clock
  WATERMARK FOR `event_time` AS CASE WHEN `action` = 'view' THEN `event_time` - INTERVAL '0.101' SECOND END
) WITH (
  'connector' = 'kafka',
  'topic' = '${input_topic}',
  'properties.bootstrap.servers' = '${broker}',
  'properties.group.id' = '${job_id}',
  'format' = 'json',
  'scan.startup.mode' = 'earliest-offset',
  'scan.watermark.emit.strategy' = 'on-periodic'
);

CREATE TABLE `results` (
  `campaign` STRING,
  `window_start` BIGINT,
  `views` BIGINT,
  `revenue` BIGINT,
  `cheapest` BIGINT,
  `dearest` BIGINT
) WITH (
  'connector' = 'kafka',
  'topic' = '${output_topic}',
  'properties.bootstrap.servers' = '${broker}',
  'key.format' = 'raw',
  'key.fields' = 'campaign',
  'value.format' = 'json',
  'value.fields-include' = 'ALL',
  'sink.delivery-guarantee' = 'at-least-once',
  'properties.linger.ms' = '0',
  'properties.acks' = 'all'
);

INSERT INTO `results`
SELECT
  `campaign`,
  EXTRACT(EPOCH FROM `window_start`) * 1000 + EXTRACT(MILLISECOND FROM `window_start`) AS `window_start`,
  COUNT(*) AS `views`,
  SUM(`price`) AS `revenue`,
  MIN(`price`) AS `cheapest`,
  MAX(`price`) AS `dearest`
FROM TABLE(TUMBLE(TABLE `records`, DESCRIPTOR(`event_time`), INTERVAL '0.500' SECOND))
WHERE `action` = 'view'
GROUP BY `campaign`, `window_start`, `window_end`;
