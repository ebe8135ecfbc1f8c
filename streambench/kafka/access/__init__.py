"""How each client is told to reach a Kafka that already runs, from one file of Kafka's own client properties."""
