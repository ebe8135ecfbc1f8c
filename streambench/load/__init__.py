"""The load on disk: a workload and a seed become columns and encoded Kafka record batches."""
