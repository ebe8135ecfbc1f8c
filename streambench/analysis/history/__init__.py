"""Many runs of one workload in their order: how each figure went, and which changes are no noise."""
