"""Clicks per campaign, written by hand for kafka-python: `consumer.py JOB.json NAME READINGS.jsonl`.

Every worker has fixed partitions: what a plain job does when partitions move (it loses open windows) is
not the question here.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections import defaultdict
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

WINDOW_MS, GRACE_MS, WORKERS = 500, 100, 2

job = json.loads(Path(sys.argv[1]).read_text())
stopping: list[int] = []
signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(number))
consumer = KafkaConsumer(
    bootstrap_servers="${broker}",
    group_id="${job_id}",
    enable_auto_commit=False,
    **job["consumer"],
)
index = int(sys.argv[2].rpartition("-")[2])
partitions = consumer.partitions_for_topic("${input_topic}")
consumer.assign([TopicPartition("${input_topic}", p) for p in partitions if p % WORKERS == index])
producer = KafkaProducer(bootstrap_servers="${broker}", **job["producer"])

# Per partition: window start → campaign → totals; and the greatest timestamp seen.
windows: dict[TopicPartition, dict[int, dict[str, list[int]]]] = defaultdict(dict)
clock: dict[TopicPartition, int] = defaultdict(int)
records = rows = commits = 0
next_commit = next_reading = 0.0

readings = Path(sys.argv[3]).open("a", buffering=1)  # noqa: SIM115  # open to the end
readings.write(json.dumps({"pid": os.getpid(), "effective": {"kafka-python": {}}}) + "\n")
while not stopping:
    for partition, messages in consumer.poll(timeout_ms=100).items():
        opened = windows[partition]
        for message in messages:
            click = json.loads(message.value)
            if click["action"] != "view":
                continue
            start = message.timestamp // WINDOW_MS * WINDOW_MS
            if start not in opened:
                opened[start] = {}
            campaign, price = click["campaign"], click["price"]
            totals = opened[start].get(campaign)
            if totals is None:
                opened[start][campaign] = [1, price, price, price]
            else:
                totals[0] += 1
                totals[1] += price
                totals[2] = min(totals[2], price)
                totals[3] = max(totals[3], price)
            if message.timestamp > clock[partition]:
                clock[partition] = message.timestamp
        records += len(messages)
        for start in sorted(opened):
            if start + WINDOW_MS + GRACE_MS > clock[partition]:
                break
            for campaign, (views, revenue, cheapest, dearest) in opened.pop(start).items():
                row = {
                    "campaign": campaign,
                    "window_start": start,
                    "views": views,
                    "revenue": revenue,
                    "cheapest": cheapest,
                    "dearest": dearest,
                }
                producer.send(
                    "${output_topic}", key=campaign.encode(), value=json.dumps(row).encode()
                )
                rows += 1
    if time.monotonic() > next_commit:
        next_commit = time.monotonic() + job["worker"]["commit_interval_ms"] / 1000
        producer.flush()
        consumer.commit()
        commits += 1
    if time.monotonic() > next_reading:
        next_reading = time.monotonic() + 1
        told = {
            "pid": os.getpid(),
            "partitions": sorted(each.partition for each in consumer.assignment()),
            "records": records,
            "rows": rows,
            "late_records": 0,
            "commits": commits,
            "failed_writes": 0,
            "rebalances": 0,
        }
        readings.write(json.dumps(told) + "\n")
producer.close()
consumer.close()
