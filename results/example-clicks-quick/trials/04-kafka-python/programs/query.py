# Clicks per campaign: final results of 500 ms windows per campaign, emitted when they close.
import json

WINDOW_MS = 500
GRACE_MS = 100


def where(event):
    """Whether the record counts at all, towards results and towards the clock."""
    return event["action"] == 'view'


def accumulate(totals_by_key, event):
    """Add one record to the totals of its window."""
    key = event["campaign"]
    totals = totals_by_key.get(key)
    if totals is None:
        totals_by_key[key] = [1, event["price"], event["price"], event["price"]]
        return
    totals[0] += 1
    totals[1] += event["price"]
    totals[2] = min(totals[2], event["price"])
    totals[3] = max(totals[3], event["price"])


def row(key, window_start, totals):
    """The row of output for one key of one closed window: the record's key and value."""
    value = {
        "campaign": key,
        "window_start": window_start,
        "views": totals[0],
        "revenue": totals[1],
        "cheapest": totals[2],
        "dearest": totals[3],
    }
    return key.encode(), json.dumps(value).encode()
