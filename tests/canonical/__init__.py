"""The workloads that others know: their loads, and their answers by a second computation."""
