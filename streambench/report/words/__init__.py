"""What a report says of values: figures with their ranges, ranks, recoveries, trends."""
