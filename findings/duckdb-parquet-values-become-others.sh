#!/usr/bin/env bash
# DuckDB 2.0.0 reads other values from two kinds of Parquet columns than stand there, without a word:
# - a decimal of more than 38 digits is read as a DOUBLE, so 9007199254740993 becomes 9007199254740992;
# - of an object with members `a` and `A` (both lawful in Parquet) asking for `A` gives the value of `a`.
# A column `A` beside a column `a` is renamed `A_1` there.
#
# Seen with duckdb 2.0.0 and pyarrow 26.0.1 (Python 3.11, Linux); pyarrow reads both as they were written.
#
# Fails when the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0 pyarrow==26.0.1
"$folder/venv/bin/python" - "$folder/data.parquet" <<'PY'
import sys
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

file = sys.argv[1]
wide = pa.array([Decimal("9007199254740993")], pa.decimal256(39, 0))
inner = pa.StructArray.from_arrays([pa.array([1]), pa.array([2])], ["a", "A"])
columns = [wide, inner, pa.array([3]), pa.array([4])]
pq.write_table(pa.Table.from_arrays(columns, ["wide", "inner", "a", "A"]), file)

there = pq.read_table(file)
written = (there["wide"][0].as_py(), there["inner"][0].as_py()["A"], there.column_names)
print("pyarrow", pa.__version__, *written)
assert written == (Decimal("9007199254740993"), 2, ["wide", "inner", "a", "A"]), written

type_, wide, inner = duckdb.execute(
    "SELECT typeof(wide), wide, struct_extract(\"inner\", 'A') FROM read_parquet(?)", [file]
).fetchone()
names = [row[0] for row in duckdb.execute("DESCRIBE SELECT * FROM read_parquet(?)", [file]).fetchall()]
print("duckdb", duckdb.__version__, type_, f"{wide:.0f}", inner, names)
assert (type_, wide, inner) == ("DOUBLE", 9007199254740992.0, 1), (type_, wide, inner)
assert names == ["wide", "inner", "a", "A_1"], names
PY
echo "as described"
