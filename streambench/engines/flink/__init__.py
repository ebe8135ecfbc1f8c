"""Apache Flink: a session cluster of JobManager and TaskManagers, and Flink SQL through PyFlink."""

from __future__ import annotations

from streambench.engines.flink.engine import FlinkEngine
from streambench.engines.flink.inspection import FlinkClient

ENGINE = FlinkEngine()
CLIENT = FlinkClient()
