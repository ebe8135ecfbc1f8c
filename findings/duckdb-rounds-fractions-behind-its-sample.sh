#!/usr/bin/env bash
# DuckDB 2.0.0: a fraction in a column of whole numbers is rounded, silently, when it comes behind the rows
# from which read_json and read_csv guess the type (20,480 as shipped). Within them it is exact, and with
# sample_size = -1 it always is. A declared BIGINT rounds 5.7 to 6 anywhere, in JSON as well.
#
# Seen with duckdb 2.0.0 (Python 3.11, Linux): what 5.7 in the last row becomes is below.
#
# Fails when the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > expected <<'TABLE'
json, 20479 whole rows before: 5.7 DOUBLE
json, 20480 whole rows before: 6 BIGINT
json, 20480 whole rows before, sample_size = -1: 5.7 DOUBLE
csv, 20478 whole rows before: 5.7 DOUBLE
csv, 20480 whole rows before: 6 BIGINT
csv, 20480 whole rows before, sample_size = -1: 5.7 DOUBLE
json, declared BIGINT: 6 BIGINT
TABLE
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.0
venv/bin/python - > found <<'PY'
from pathlib import Path

import duckdb


def last(kind: str, whole_rows: int, options: str = "") -> str:
    row, first = ('{"n":%s}\n', "") if kind == "json" else ("%s\n", "n\n")
    Path(f"numbers.{kind}").write_text(first + row % 5 * whole_rows + row % 5.7)
    read = duckdb.sql(f"SELECT n FROM read_{kind}('numbers.{kind}'{options})")
    return f"{read.fetchall()[-1][0]} {read.types[0]}"


for kind, fewer in (("json", 20_479), ("csv", 20_478)):
    print(f"{kind}, {fewer} whole rows before:", last(kind, fewer))
    print(f"{kind}, 20480 whole rows before:", last(kind, 20_480))
    print(f"{kind}, 20480 whole rows before, sample_size = -1:", last(kind, 20_480, ", sample_size = -1"))
print("json, declared BIGINT:", last("json", 0, ", columns = {n: 'BIGINT'}"))
PY
cat found
diff expected found > changes || { cat changes; echo CHANGED; exit 1; }
echo "as described"
