"""`KafkaStreams.java` compiled and driven over the first records: what is wrong with it is found, with its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streambench.engines.dry_runs import dry_run, plans_of
from streambench.model.errors import UsageError
from streambench.workload.parse import load_workload
from tests.by_hand.test_doc import shown

_FAILS = """\
    private static long seen;

    private static String with(String both, long amount) {
        if (++seen == 500) {
            throw new IllegalStateException("no");
        }
"""


def _elsewhere(text: str) -> str:
    other = (
        'events.to("other", org.apache.kafka.streams.kstream.Produced.with('
        "Serdes.String(), Events.SERDE));\n        return events"
    )
    return text.replace("return events", other)


def _never_closes(text: str) -> str:
    text = text.replace("Declared.GRACE", "Declared.GRACE.plusDays(1)")
    return text.replace("Declared.RETENTION", "Declared.RETENTION.plusDays(2)")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text.replace("spread(both))", "both)"), r"KafkaStreams.java:\d+: .*Row"),
        (lambda text: text.replace("- Long", "+ Long"), r"spread is \d+ in the row of s\d+ at"),
        (_never_closes, r"the row of s\d+ at -?\d+ is missing"),
        (
            lambda text: text.replace("    private static String with(String both, long amount) {\n", _FAILS),
            r"KafkaStreams.java:\d+: at event \d+ of the first 1,000: .*no",
        ),
        (_elsewhere, "it writes to the topic other"),
    ],
)  # fmt: skip
def test_a_wrong_topology_is_found_before_a_run(
    tmp_path: Path, change: Callable[[str], str], words: str
) -> None:
    for name, text in shown().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    path = tmp_path / "KafkaStreams.java"
    changed = change(path.read_text(encoding="utf-8"))
    assert changed != path.read_text(encoding="utf-8")
    path.write_text(changed, encoding="utf-8")
    workload = load_workload(tmp_path)
    plans = [each for each in plans_of(workload) if each[0].engine == "kafka-streams"]

    with pytest.raises(UsageError, match=words):
        dry_run(workload, plans)
