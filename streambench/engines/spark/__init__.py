"""Apache Spark: a standalone cluster of Master and Workers, and Structured Streaming by PySpark."""

from __future__ import annotations

from streambench.engines.spark.engine import SparkEngine
from streambench.engines.spark.inspection import SparkClient

ENGINE = SparkEngine()
CLIENT = SparkClient()
