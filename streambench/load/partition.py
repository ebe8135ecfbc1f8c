"""Which partition a key belongs to; here for those who build on the load."""

from __future__ import annotations

from streambench.workload.partition import keys_by_partition, murmur2, partition_of

__all__ = ["keys_by_partition", "murmur2", "partition_of"]
