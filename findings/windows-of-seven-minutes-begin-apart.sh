#!/usr/bin/env bash
# Windows of seven minutes begin at different instants in DuckDB, pandas, Polars and PyArrow: DuckDB's
# time_bucket counts from 2000-01-03, pandas' resample from the first midnight of the data, the
# others from 1970-01-01, as stream processors do for tumbling windows. So rows that one of them computes for
# such windows cannot be compared with an engine's. Lengths that divide a day agree.
#
# Seen with duckdb 2.0.0, pandas 3.1.1, polars 2.1.0 and pyarrow 26.0.1 (Python 3.11, Linux), for the
# window that holds 2026-11-28 12:00:
#   5 minutes: 12:00 in all of them
#   7 minutes: since 1970 11:58, time_bucket 11:57, resample 11:54, pandas' floor, truncate and
#   floor_temporal 11:58
#
# Fails when the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  duckdb==2.0.0 pandas==3.1.1 polars==2.1.0 pyarrow==26.0.1
"$folder/venv/bin/python" - <<'PY'
import datetime as dt

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

MOMENT = dt.datetime(2026, 11, 28, 12, 0)


def starts(minutes: int) -> dict[str, str]:
    """Where each puts the beginning of the window that holds the moment."""
    seconds = 60 * minutes
    epoch_s = int(MOMENT.replace(tzinfo=dt.UTC).timestamp()) // seconds * seconds
    (bucket,) = duckdb.execute(
        f"SELECT time_bucket(INTERVAL '{minutes} minutes', TIMESTAMP '{MOMENT}')"
    ).fetchone()
    series = pd.Series([1], index=pd.DatetimeIndex([MOMENT]))
    found = {
        "since 1970": dt.datetime.fromtimestamp(epoch_s, dt.UTC).replace(tzinfo=None),
        "duckdb time_bucket": bucket,
        "pandas resample": series.resample(f"{minutes}min").sum().index[0].to_pydatetime(),
        "pandas floor": pd.Timestamp(MOMENT).floor(f"{minutes}min").to_pydatetime(),
        "polars truncate": pl.Series([MOMENT]).dt.truncate(f"{minutes}m")[0],
        "pyarrow floor_temporal": pc.floor_temporal(
            pa.array([MOMENT]), multiple=minutes, unit="minute"
        )[0].as_py(),
    }
    return {name: f"{at:%H:%M}" for name, at in found.items()}


print("duckdb", duckdb.__version__, "pandas", pd.__version__, "polars", pl.__version__, "pyarrow", pa.__version__)
found = {minutes: starts(minutes) for minutes in (5, 7)}
for minutes, each in found.items():
    print(minutes, "minutes:", each)
assert set(found[5].values()) == {"12:00"}, found
others = {name: at for name, at in found[7].items() if name not in ("duckdb time_bucket", "pandas resample")}
assert set(others.values()) == {"11:58"}, found
assert found[7]["duckdb time_bucket"] == "11:57", found
assert found[7]["pandas resample"] == "11:54", found
PY
echo "as described"
