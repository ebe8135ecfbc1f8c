"""Files by hand that do not do what they should: found before a run, with file and line."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from streambench.engines.dry_runs import dry_run, tried, try_consumer
from streambench.engines.registry import engine_named
from streambench.model.by_hand import HandFile
from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Plan, Unsupported
from streambench.model.workload import Workload
from streambench.workload.validate import findings
from tests.by_hand.top import CONSUMER, ORACLE, top

FLINK = """\
CREATE TEMPORARY VIEW counted AS
SELECT shop, window_start, COUNT(*) AS orders -- of one; window
FROM TABLE(TUMBLE(TABLE events, DESCRIPTOR(event_time), INTERVAL '0.5' SECOND))
GROUP BY shop, window_start, window_end;

INSERT INTO results SELECT shop, 0, orders FROM counted;
"""
SPARK = "SELECT shop, 0 AS window_start, count(*) AS orders FROM events GROUP BY shop\n"


def plan_of(workload: Workload, name: str) -> Plan | Unsupported:
    engine = engine_named(name)
    conditions = Conditions(partitions=workload.partitions)
    return engine.plan(workload, conditions, Variant(engine.name, engine.version))


def told(workload: Workload) -> list[str]:
    """What `validate` refuses, without the folder's name."""
    fatal = [each.message for each in findings(workload) if each.fatal]
    return [each.replace(f"{workload.folder}/", "") for each in fatal]


def test_what_is_right_is_not_refused(tmp_path: Path) -> None:
    workload = top(tmp_path, flink_sql=FLINK, spark_sql=SPARK)
    plan = plan_of(workload, "kafka-python")

    assert isinstance(plan, Plan)
    assert told(workload) == []
    try_consumer(workload, plan, tried(workload))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("SELECT shop, window_start, orders", "SELECT shop, window_start"), "orders is missing"),
        (("count(*) AS orders", "count(*) / 2 AS orders"), "orders is a DOUBLE"),
        (("SELECT shop, window_start, orders", "SELECT *, 1 AS more"), "more is not declared"),
        (("FROM events", "FROM event"), r"oracle.sql:3: .*event"),
        (("max(orders)", "max(order_s)"), r"oracle.sql:8: .*order_s"),
        (("WITH counted", "WITH counted AS (SELECT 1), counted"), r"oracle.sql.*counted"),
        (("SELECT shop, window_start, orders", "SELEC shop"), r"oracle.sql:6: .*SELEC"),
    ],
)
def test_oracle_sql_is_held_against_the_declaration(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    workload = top(tmp_path, oracle_sql=ORACLE.replace(*change))

    found = told(workload)[0]
    assert re.search(words, found), found


def test_oracle_sql_is_one_select(tmp_path: Path) -> None:
    workload = top(tmp_path, oracle_sql=f"CREATE TABLE t AS SELECT 1; {ORACLE}")

    assert "one SELECT is due" in told(workload)[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("QUALIFY orders = max(orders)", "QUALIFY orders >= min(orders)"), None),
        (("event_ms // 500 * 500", "event_ms"), "is no window's start"),
        (("count(*) AS orders", "count(*) + 1 AS orders"), None),
    ],
)
def test_rows_of_oracle_sql_are_looked_at_on_the_first_records(
    tmp_path: Path, change: tuple[str, str], words: str | None
) -> None:
    workload = top(tmp_path, oracle_sql=ORACLE.replace(*change))

    with pytest.raises(UsageError, match=words or "consumer.py: of the first 1,000 events"):
        dry_run(workload, [(_plan(workload), None)])


def test_a_row_that_oracle_sql_has_twice_is_refused(tmp_path: Path) -> None:
    text = f"{ORACLE.rstrip()} UNION ALL SELECT 1, 0, 7 UNION ALL SELECT 1, 0, 8"

    with pytest.raises(UsageError, match="rows have the group and the window of another one"):
        tried(top(tmp_path, oracle_sql=text))


def _plan(workload: Workload) -> Plan:
    plan = plan_of(workload, "kafka-python")
    assert isinstance(plan, Plan)
    return plan


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (('"orders": orders', '"order": orders'), r"orders is None, not a whole number"),
        (('"orders": orders', '"orders": str(orders)'), r"orders is '\d+', not a whole number"),
        (('"orders": orders', '"orders": orders + 1'), r"orders is \d+ in the row of .*oracle.sql has \d+"),
        (("if orders == most:", "if False:"), "the row of .* is missing"),
        (("if orders == most:", "if True:"), None),
        (
            ("def add(window, event):\n", "SEEN = []\n\n\ndef add(window, event):\n    SEEN.append(1)\n    if len(SEEN) == 500:\n        raise ValueError('no')\n"),
            r"consumer.py:7: at event \d+ of the first 1,000: ValueError: no",
        ),
        (("most = max(window", "most = maxi(window"), r"consumer.py:6: at event .*NameError"),
    ],
)  # fmt: skip
def test_consumer_py_is_run_over_the_first_records(
    tmp_path: Path, change: tuple[str, str], words: str | None
) -> None:
    workload = top(tmp_path, consumer_py=CONSUMER.replace(*change))

    assert told(workload) == []
    if words is None:  # the first row of each partition's greatest is no wrong one where both are
        words = "there is a row of|is missing|comes twice"
    with pytest.raises(UsageError, match=words):
        try_consumer(workload, _plan(workload), tried(workload))


def test_what_a_consumer_prints_is_not_taken_for_rows(tmp_path: Path) -> None:
    noisy = CONSUMER.replace("    most = max(window", "    print('{}')\n    most = max(window")
    workload = top(tmp_path, consumer_py=noisy)

    try_consumer(workload, _plan(workload), tried(workload))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("def rows(parts, window_start)", "def row(parts, window_start)"), "consumer.py: def rows(window, window_start) is missing"),
        (("def add(window, event)", "def add(window)"), "consumer.py:1: add takes 1 arguments"),
        (("yield {", "yield {{"), "consumer.py:15: "),
    ],
)  # fmt: skip
def test_consumer_py_has_the_functions_that_are_called(
    tmp_path: Path, change: tuple[str, str], words: str
) -> None:
    if change[0] == "yield {":
        with pytest.raises(UsageError, match=words):
            plan_of(top(tmp_path, consumer_py=CONSUMER.replace(*change)), "kafka-python")
        return
    assert told(top(tmp_path, consumer_py=CONSUMER.replace(*change)))[0].startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (FLINK.replace("INSERT INTO results", "INSERT INTO others"), "flink.sql:6: the last"),
        (FLINK.replace("CREATE TEMPORARY VIEW counted AS\n", ""), "flink.sql:1: a view is due"),
        (FLINK.replace("'0.5'", "'0.5"), "flink.sql"),
        ("-- nothing\n", "flink.sql:1: the last"),
    ],
)
def test_flink_sql_ends_with_what_fills_the_results(tmp_path: Path, text: str, words: str) -> None:
    assert told(top(tmp_path, flink_sql=text))[0].startswith(words)


def test_flink_sql_may_have_comments_with_semicolons(tmp_path: Path) -> None:
    assert told(top(tmp_path, flink_sql=f"-- one; two\n{FLINK}-- three\n")) == []


def _wrong_spark_sql(text: str) -> str:
    return text.replace("count(*)", "count(*")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_wrong_spark_sql, "spark.sql:1: "),
        (lambda text: f"{text}; SELECT 1", "one SELECT is due"),
        (lambda text: f"{text.rstrip()};\n", "no semicolon"),
    ],
)
def test_spark_sql_is_one_select(tmp_path: Path, change: Callable[[str], str], words: str) -> None:
    assert words in told(top(tmp_path, spark_sql=change(SPARK)))[0]


def test_spark_py_has_the_function_query(tmp_path: Path) -> None:
    found = told(top(tmp_path, spark_py="def querys(events):\n    return events\n"))

    assert found == ["spark.py: def query(events) is missing"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("final class Rows {}\n", "KafkaStreams.java: class Query is missing"),
        ("\npublic class KafkaStreams {}\nfinal class Query {}\n", "KafkaStreams.java:2: a public"),
    ],
)
def test_the_java_file_has_the_class_query(tmp_path: Path, text: str, words: str) -> None:
    assert told(top(tmp_path, KafkaStreams_java=text))[0].startswith(words)


@pytest.mark.parametrize(
    ("engine", "file"),
    [
        ("flink", HandFile.FLINK),
        ("spark", HandFile.SPARK),
        ("kafka-streams", HandFile.KAFKA_STREAMS),
        ("kafka-python", HandFile.CONSUMER),
    ],
)
def test_an_engine_without_its_file_is_unsupported_and_says_which(
    tmp_path: Path, engine: str, file: HandFile
) -> None:
    plan = plan_of(top(tmp_path, consumer_py=None), engine)

    assert isinstance(plan, Unsupported)
    assert file.value in plan.reason
    assert plan.hint is not None
    assert file.value in plan.hint
