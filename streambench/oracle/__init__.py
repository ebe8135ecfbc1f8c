"""What must come out, by the trace's columns alone, and the judge of what came; knows no Kafka."""
