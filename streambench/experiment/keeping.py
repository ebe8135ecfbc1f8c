"""A load of a job that has several: its record and columns go to the bundle."""

from __future__ import annotations

import dataclasses

import pyarrow.compute as pc

from streambench.experiment.assess import Assessed
from streambench.model.trial import TrialRecord
from streambench.results.bundle import BundleWriter


def keep_load(writer: BundleWriter, assessed: Assessed, begun_ns: int) -> TrialRecord:
    """Store a load, and return its record.

    Of the job's samples of usage only those since it began, at `begun_ns` of the monotonic clock.
    """
    usage = assessed.tables["usage"]
    since = usage.filter(pc.greater_equal(usage.column("monotonic_ns"), begun_ns))
    record = dataclasses.replace(
        assessed.record, expectation=writer.add_expectation(assessed.expected)
    )
    writer.add_load(record, {**assessed.tables, "usage": since})
    return record
