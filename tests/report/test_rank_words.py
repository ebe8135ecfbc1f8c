"""A reason that several engines share is said once, of all of them."""

from __future__ import annotations

from streambench.report.words.ranks import unranked_words


def test_a_shared_reason_is_said_once() -> None:
    assert unranked_words(
        [("Flink", "cold"), ("Spark", "too few"), ("Kafka Streams", "cold"), ("Flink", "cold")]
    ) == (
        "Flink and Kafka Streams are not ranked: cold.",
        "Spark is not ranked: too few.",
    )


def test_nobody_left_out_is_nothing_said() -> None:
    assert unranked_words([]) == ()
