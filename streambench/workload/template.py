"""A workload.toml to begin with, for load that is generated."""

from __future__ import annotations

from typing import Final

_TEMPLATE: Final = """\
title = "@TITLE@"                              # as in the report

[input]
rate       = 5_000                              # events per second; --rate takes another
partitions = 4                                  # of the input topic
# In place of a rate, one that changes: shape = { sine = { mean = 20_000, swing = 15_000, period = "60 s" } },
# { ramp = [5_000, 40_000] }, { steps = [5_000, 20_000] }, { bursts = { base = 5_000, peak = 60_000,
# every = "10 s", lasts = "1 s" } }.

[input.fields]                                  # lower-case names; also decimal, double, bool
customer = { choice = 500, prefix = "c", skew = 0.8 }    # one of c0 … c499; Zipf exponent, 0 is uniform
kind     = { choice = ["order", "refund"] }
amount   = { int = [1, 10_000] }                # uniform, both ends included

[input.time]
disorder = "50 ms"                              # an event lies up to so much behind its record's arrival

[query]
where    = "kind = 'order'"                     # SQL; leave it out to count all records
group_by = ["customer"]                         # one field or several: the key
window   = { tumbling = "1 s" }
grace    = "100 ms"                             # how long a window waits; disorder and 5 ms are enough
[query.select]                                  # also avg, count(distinct customer); filter (where …)
orders   = "count(*)"
turnover = "sum(amount)"
largest  = "max(amount)"
"""


def generated_template(title: str) -> str:
    """A commented workload of generated load that runs as it stands."""
    return _TEMPLATE.replace("@TITLE@", title.replace("\\", "").replace('"', ""))
