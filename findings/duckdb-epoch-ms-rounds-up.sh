#!/usr/bin/env bash
# DuckDB 2.0.0: epoch_ms and casts to TIMESTAMP_MS round to the nearest millisecond; date_trunc,
# extract and PyArrow cut off. An event 0.4 ms before the end of a window moves into the next one when
# its time is read by epoch_ms, and stays where it is when it is read by the others.
#
# Seen with duckdb 2.0.0 and pyarrow 26.0.1 (Python 3.11, Linux):
#   00:00:00.999600  epoch_ms 1000  TIMESTAMP_MS 1000  date_trunc 999  extract 999  pyarrow 999
#   with nanoseconds: epoch_us of 999 ns is 1 us
#
# Fails when the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0 pyarrow==26.0.1
"$folder/venv/bin/python" - <<'PY'
import datetime as dt

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

moment = dt.datetime(1970, 1, 1, 0, 0, 0, 999_600)
found = dict(
    zip(
        ("epoch_ms", "TIMESTAMP_MS", "date_trunc", "extract"),
        duckdb.execute(
            """SELECT epoch_ms(t), epoch_us(CAST(t AS TIMESTAMP_MS)) // 1000,
                      epoch_us(date_trunc('millisecond', t)) // 1000, extract('millisecond' FROM t)
               FROM (SELECT CAST(? AS TIMESTAMP) AS t)""",
            [moment],
        ).fetchone(),
        strict=True,
    )
)
cut = pc.cast(pa.array([moment], pa.timestamp("us")), pa.timestamp("ms"), safe=False)
found["pyarrow"] = cut.cast(pa.int64())[0].as_py()
nanoseconds = duckdb.execute("SELECT epoch_us(TIMESTAMP_NS '1970-01-01 00:00:00.000000999')").fetchone()[0]
print("duckdb", duckdb.__version__, "pyarrow", pa.__version__)
print("00:00:00.999600 ", " ".join(f"{name} {value}" for name, value in found.items()))
print("epoch_us of 999 ns:", nanoseconds)
assert found == {
    "epoch_ms": 1000, "TIMESTAMP_MS": 1000, "date_trunc": 999, "extract": 999, "pyarrow": 999
}, found
assert nanoseconds == 1, nanoseconds
PY
echo "as described"
