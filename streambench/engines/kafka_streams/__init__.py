"""Kafka Streams: the real library, a generated topology, one process for each worker."""

from streambench.engines.kafka_streams.engine import KafkaStreams
from streambench.engines.protocol import Engine

ENGINE: Engine = KafkaStreams()
