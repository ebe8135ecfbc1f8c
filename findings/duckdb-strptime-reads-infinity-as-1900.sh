#!/usr/bin/env bash
# DuckDB 2.0.0: strptime and try_strptime take the words infinity, -infinity and epoch for times, whatever
# the format, and make 1900-01-01 00:00:00 of them. A cast makes an infinite timestamp of the first two, and
# 1970-01-01 of the third. So a column of times read by a format has a row in 1900 where PostgreSQL exported
# an open end; other words are no times.
#
# Seen with duckdb 2.0.0 (Python 3.11, Linux):
#   infinity   by format 1900-01-01 00:00:00  by cast infinity
#   -infinity  by format 1900-01-01 00:00:00  by cast -infinity
#   epoch      by format 1900-01-01 00:00:00  by cast 1970-01-01 00:00:00
#   never      by format None                 by cast None
#
# Fails when the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check duckdb==2.0.0
"$folder/venv/bin/python" - <<'PY'
import duckdb

print("duckdb", duckdb.__version__)
found = {}
for word in ("infinity", "-infinity", "epoch", "never"):
    found[word] = duckdb.execute(
        "SELECT try_strptime(?, '%d/%m/%Y %H:%M')::VARCHAR, TRY_CAST(? AS TIMESTAMP)::VARCHAR", [word, word]
    ).fetchone()
    print(f"{word:<10} by format {found[word][0]!s:<19}  by cast {found[word][1]}")
first = "1900-01-01 00:00:00"
assert found == {
    "infinity": (first, "infinity"),
    "-infinity": (first, "-infinity"),
    "epoch": (first, "1970-01-01 00:00:00"),
    "never": (None, None),
}, found
PY
echo "as described"
