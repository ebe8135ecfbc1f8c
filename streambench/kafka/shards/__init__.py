"""A load that several hosts play together, each its share of the partitions."""
