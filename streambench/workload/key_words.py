"""What may stand at each key of `workload.toml`, in words: for refusals, and for the schema of editors."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from streambench.model.dirt import DirtKind
from streambench.workload.durations import EXAMPLES
from streambench.workload.field_schema import (
    MAX_CHOICES,
    MAX_SKEW,
    MOST_IDS,
    MOST_SCALE,
    TYPES,
    FileField,
    GeneratedField,
    GivenField,
    GrowingSpec,
    ReplayedField,
)
from streambench.workload.file.types import MOST_TIMES
from streambench.workload.schema import (
    MAX_EXPONENT,
    MAX_PARTITIONS,
    MAX_RATE_PER_S,
    BurstsSpec,
    DirtSpec,
    FormSpec,
    LookupSpec,
    QuerySpec,
    ReplaySpec,
    ShapeSpec,
    SineSpec,
    SyntheticSpec,
    TailSpec,
    TimeColumnSpec,
    TimeSpec,
    WindowSpec,
    WorkloadSpec,
)


@dataclass(frozen=True)
class KeyWords:
    """What a key means, what its value is, and an example of it as it is written."""

    meaning: str
    form: str
    example: str

    @property
    def is_length(self) -> bool:
        """Whether the value is a length of time."""
        return self.form in (_DURATION, _POSITIVE)


_DURATION: Final = f"a duration such as {EXAMPLES}"
_POSITIVE: Final = f"a duration above 0, such as {EXAMPLES}"
_RATE: Final = f"a whole number from 1 to {MAX_RATE_PER_S:,}"
_RATE_OR_NONE: Final = f"a whole number from 0 to {MAX_RATE_PER_S:,}"
_IDS: Final = f"a whole number from 1 to {MOST_IDS:,}"
_IDS_OR_NONE: Final = f"a whole number from 0 to {MOST_IDS:,}"
_PARTITIONS: Final = KeyWords(
    "Partitions of the input topic.", f"a whole number from 1 to {MAX_PARTITIONS:,}", "4"
)
_COLUMN: Final = (
    'a name, as "user.id", or a list of names that may have dots, as ["user", "e.mail"]'
)
_TIME_COLUMN: Final = "a column, or a table with column and format, unit or zone"
_KEY: Final = KeyWords(
    "What records are keyed by in Kafka, where that is not their group.",
    "a field, several fields, or false where records have no key",
    '"user"',
)
_QUANTUM: Final = KeyWords(
    "One batch of records for each partition and so much time.", _POSITIVE, '"5 ms"'
)

_DIRT: Final = KeyWords("Bad records.", "a table of kinds", "{ not-json = 0.0001 }")

_HOW_TIMES_ARE_WRITTEN: Final = {
    "format": KeyWords("How a time is written.", "a format as for strptime", '"%d.%m.%Y"'),
    "unit": KeyWords("What numbers count since 1970.", '"s", "ms", "us" or "ns"', '"ms"'),
    "zone": KeyWords("The zone of times that name none.", "a time zone", '"Europe/Berlin"'),
}
_FILE_FIELD: Final = {
    "type": KeyWords("The type of the column.", f"one of {TYPES}", '"string"'),
    "column": KeyWords("The column's name in the file.", _COLUMN, '"User ID"'),
    "times": KeyWords(
        "What decimals are multiplied by, to be whole numbers.",
        f"a whole number from 1 to {MOST_TIMES:,}",
        "100",
    ),
    **_HOW_TIMES_ARE_WRITTEN,
}

WORDS: Final[Mapping[type[BaseModel], Mapping[str, KeyWords]]] = {
    WorkloadSpec: {
        "title": KeyWords("What a report calls it.", "a text on one line", '"Clicks per campaign"'),
        "input": KeyWords("The records, and how they arrive.", "a table", "{ rate = 20_000 }"),
        "query": KeyWords("What is asked of the records.", "a table", '{ group_by = ["user"] }'),
        "source": KeyWords(
            "Where the workload comes from, and under which licence.",
            "a text on one line",
            '"Theodolite, github.com/cau-se/theodolite, Apache-2.0"',
        ),
        "form": KeyWords(
            "The form that is meant where none is named.", "the name of a form", '"original"'
        ),
        "forms": KeyWords(
            "Other forms of the workload, by their names: `streambench run ysb:original`.",
            "a table of tables with what is otherwise",
            '{ original = { query = { window = { tumbling = "10 s" } } } }',
        ),
    },
    FormSpec: {
        "title": KeyWords("What a report calls it.", "a text on one line", '"Clicks, by hours"'),
        "input": KeyWords(
            "What is otherwise in [input]: fields and times key by key.",
            "a table",
            "{ rate = 1_000 }",
        ),
        "query": KeyWords(
            "What is otherwise in [query]: select, let and lookup key by key.",
            "a table",
            '{ window = { tumbling = "10 s" } }',
        ),
    },
    SyntheticSpec: {
        "rate": KeyWords("Events per second.", _RATE, "20_000"),
        "shape": KeyWords(
            "A rate that changes, in place of `rate`.",
            "a table: { ramp = … }, { steps = … }, { sine = … } or { bursts = … }",
            "{ ramp = [5_000, 40_000] }",
        ),
        "key": _KEY,
        "partitions": _PARTITIONS,
        "quantum": _QUANTUM,
        "fields": KeyWords(
            "The fields of a record, by their names.",
            "a table of fields",
            "{ user = { choice = 1_000 } }",
        ),
        "time": KeyWords("Event times.", "a table", '{ disorder = "50 ms" }'),
        "dirt": _DIRT,
    },
    DirtSpec: {
        "each": KeyWords("A run has a bad record of each kind, so far apart.", _POSITIVE, '"3 s"'),
        **{
            kind.value: KeyWords(
                f"So many bad records of the kind {kind.value}, by the number of good ones.",
                "a number above 0, up to 0.5",
                "0.0001",
            )
            for kind in DirtKind
        },
    },
    ReplaySpec: {
        "replay": KeyWords(
            "The file that is played; beside workload.toml unless it has a path of its own.",
            "the name of a file",
            '"flights.parquet"',
        ),
        "arrival": KeyWords(
            "The column of the instants at which records arrive; without it, the order of the file.",
            _TIME_COLUMN,
            '"departed"',
        ),
        "event_time": KeyWords("The column of the event times.", _TIME_COLUMN, '"scheduled"'),
        "speed_up": KeyWords(
            "By how much the gaps between arrivals are shortened.", "a number above 0", "1_800"
        ),
        "begin": KeyWords(
            "Records that arrive from here on are played.", "a date", "2013-07-01T08:00:00Z"
        ),
        "end": KeyWords("Records that arrive before are played.", "a date", "2013-07-02T08:00:00Z"),
        "origin": KeyWords(
            "Where the data come from, and their licence.", "a text", '"Open Data, CC0"'
        ),
        "leave_out": KeyWords(
            "Rows with one of these texts in a column that is read are left out.",
            "a list of texts",
            '["", "NA"]',
        ),
        "delimiter": KeyWords("What separates the columns of a CSV file.", "one character", '";"'),
        "key": _KEY,
        "partitions": _PARTITIONS,
        "quantum": _QUANTUM,
        "dirt": _DIRT,
        "fields": KeyWords(
            "The columns that records have, by their names.",
            "a table of fields",
            '{ carrier = "string" }',
        ),
    },
    GeneratedField: {
        "choice": KeyWords(
            "Texts to choose from.",
            f"a whole number of texts, from 1 to {MAX_CHOICES:,}, or a list of texts",
            '["view", "click"]',
        ),
        "prefix": KeyWords("What a number of texts begin with.", "a text", '"user"'),
        "skew": KeyWords(
            "Zipf exponent of the choice; 0 is even.", f"a number from 0 to {MAX_SKEW}", "0.8"
        ),
        "timestamp": KeyWords(
            "A whole second in this range, both ends included.",
            "a list of two instants; UTC where they name no zone",
            '["2026-01-01", "2026-01-31 12:00:00"]',
        ),
        "int": KeyWords(
            "A whole number in this range, both ends included.",
            "a list of two whole numbers",
            "[1, 500]",
        ),
        "by_magnitude": KeyWords(
            "Whether in the range each factor is as likely as another: as many below 10 as from 10 to 100.",
            "true or false",
            "true",
        ),
        "growing": KeyWords(
            "An id of something that comes new with the load.",
            "a table with new, per and among",
            "{ new = 1, per = 46, among = 1_000 }",
        ),
        "decimal": KeyWords(
            "An exact number in this range, both ends included.",
            "a list of two numbers",
            "[0.50, 99.99]",
        ),
        "scale": KeyWords(
            "How many digits a decimal has behind the point; without it, as many as its range.",
            f"a whole number from 0 to {MOST_SCALE}",
            "2",
        ),
        "double": KeyWords("A double in this range.", "a list of two numbers", "[0.0, 1.0]"),
        "bool": KeyWords("True for this share of the records.", "a number from 0 to 1", "0.1"),
        "null": KeyWords(
            "No value in this share of the records.", "a number between 0 and 1", "0.05"
        ),
    },
    GrowingSpec: {
        "first": KeyWords("The least id.", "a whole number from 0", "1_000"),
        "new": KeyWords("So many ids come new with each `per` records.", _IDS, "3"),
        "per": KeyWords("With so many records come `new` ids.", "a whole number from 1", "46"),
        "among": KeyWords("A record has one of so many newest ids.", _IDS, "1_000"),
        "ahead": KeyWords("Or one of so many next ones.", _IDS_OR_NONE, "10"),
        "hot": KeyWords(
            "This share of the records has the hot id.", "a number from 0 to 1", "0.75"
        ),
        "hot_every": KeyWords(
            "The latest multiple of it, from `first` on, is the hot id.", _IDS, "100"
        ),
        "hot_at": KeyWords("The hot id lies so far behind that.", _IDS_OR_NONE, "1"),
    },
    FileField: _FILE_FIELD,
    ReplayedField: {
        **_FILE_FIELD,
        "null": KeyWords("Whether a row may have no value in it.", "true or false", "true"),
    },
    TimeColumnSpec: {
        "column": KeyWords("The column's name in the file.", _COLUMN, '"When"'),
        **_HOW_TIMES_ARE_WRITTEN,
    },
    TimeSpec: {
        "disorder": KeyWords(
            "Events come up to so much behind their event times.", _DURATION, '"50 ms"'
        ),
        "tail": KeyWords(
            "Some events come farther behind.",
            "a table with share and to",
            '{ share = 0.01, to = "10 s" }',
        ),
    },
    TailSpec: {
        "share": KeyWords(
            "So great a share of the events comes farther behind than the disorder.",
            "a number above 0, up to 1",
            "0.01",
        ),
        "to": KeyWords("The farthest comes so much behind.", _POSITIVE, '"10 s"'),
        "pareto": KeyWords(
            "Exponent of a Pareto distribution from the disorder on; without it all are as likely.",
            f"a number above 0, up to {MAX_EXPONENT}",
            "1.2",
        ),
    },
    ShapeSpec: {
        "ramp": KeyWords("From one rate to another.", "a list of two rates", "[5_000, 40_000]"),
        "steps": KeyWords(
            "One rate after another.", "a list of two rates or more", "[5_000, 10_000, 20_000]"
        ),
        "sine": KeyWords(
            "Up and down around a mean.",
            "a table with mean, swing and period",
            '{ mean = 20_000, swing = 15_000, period = "60 s" }',
        ),
        "bursts": KeyWords(
            "A peak at the end of each period.",
            "a table with base, peak, every and lasts",
            '{ base = 10_000, peak = 60_000, every = "10 s", lasts = "1 s" }',
        ),
    },
    SineSpec: {
        "mean": KeyWords("The mean rate.", _RATE, "20_000"),
        "swing": KeyWords("How far up and down.", _RATE_OR_NONE, "15_000"),
        "period": KeyWords("How long one swing takes.", _POSITIVE, '"60 s"'),
    },
    BurstsSpec: {
        "base": KeyWords("The rate between bursts.", _RATE_OR_NONE, "10_000"),
        "peak": KeyWords("The rate of a burst.", _RATE, "60_000"),
        "every": KeyWords("From burst to burst.", _POSITIVE, '"10 s"'),
        "lasts": KeyWords("How long a burst is.", _POSITIVE, '"1 s"'),
    },
    LookupSpec: {
        "file": KeyWords(
            "The table: CSV, Parquet or JSON, beside workload.toml unless it has a path of its own.",
            "the name of a file",
            '"campaigns.csv"',
        ),
        "on": KeyWords(
            "The field of a record, and the column of the table that holds the same.",
            "a table with one field",
            '{ ad = "ad_id" }',
        ),
        "columns": KeyWords(
            "The columns that are looked up, by the names that they get as fields.",
            "a table of columns and their types",
            '{ campaign = "string" }',
        ),
    },
    QuerySpec: {
        "lookup": KeyWords(
            "Small tables that records are joined with, by their names.",
            "a table of tables",
            '{ campaigns = { file = "campaigns.csv", on = { ad = "ad_id" }, '
            'columns = { campaign = "string" } } }',
        ),
        "let": KeyWords(
            "Names for expressions, each of which may use those before it.",
            "a table of expressions",
            '{ dear = "price > 100" }',
        ),
        "where": KeyWords("Which records count.", "a condition in SQL", "\"action = 'view'\""),
        "group_by": KeyWords(
            "The fields that results are grouped by; their values are the keys of the records.",
            "a list with the name of one field or more",
            '["campaign"]',
        ),
        "window": KeyWords("The windows of event time.", "a table", '{ tumbling = "500 ms" }'),
        "grace": KeyWords("How long a window stays open for late records.", _DURATION, '"100 ms"'),
        "select": KeyWords(
            "Aggregates, by the names that they get: count(*), count(distinct x), sum(x), avg(x), min(x), "
            "max(x), stddev_pop(x), stddev_samp(x), var_pop(x), var_samp(x), first(x) or last(x), each with `filter (where …)` or without.",
            "a table of aggregates",
            '{ views = "count(*)" }',
        ),
        "having": KeyWords(
            "Which groups get a row: aggregates, by their names, compared with constants and each other.",
            "a condition in SQL",
            '"views > 3"',
        ),
        "columns": KeyWords(
            "In place of select, what rows hold that are made by hand.",
            "a table of types",
            '{ views = "bigint" }',
        ),
    },
    GivenField: {
        "type": _FILE_FIELD["type"],
        "null": KeyWords("Whether it may have no value.", "true or false", "true"),
        "within": KeyWords("How far a double may lie off.", "a number of at least 0", "1e-6"),
    },
    WindowSpec: {
        "tumbling": KeyWords("The length of windows that follow each other.", _POSITIVE, '"1 s"'),
        "hopping": KeyWords("The length of windows that overlap.", _POSITIVE, '"10 s"'),
        "every": KeyWords("How often a hopping window begins.", _POSITIVE, '"2 s"'),
        "session": KeyWords(
            "How far apart the events of a session lie at most.", _POSITIVE, '"30 min"'
        ),
        "offset": KeyWords("By how much the edges of windows are moved.", _DURATION, '"5 h"'),
    },
}


def example_of(words: KeyWords) -> Any:
    """The example of a key as a value."""
    return tomllib.loads(f"x = {words.example}")["x"]
