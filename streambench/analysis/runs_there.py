"""Which version of an engine ran: in a cluster of the user's it is not always the client's."""

from __future__ import annotations

from streambench.model.cluster_facts import VERSION_THERE
from streambench.model.trial import TrialRecord
from streambench.results.schema import RunRecord


def runs_words(run: RunRecord, record: TrialRecord) -> str:
    """The version that ran, in words; of a cluster that does not tell, or of another version, both sides."""
    variant = record.variant
    there = run.clusters.get(variant.engine)
    if there is None:
        return variant.version
    version = there.version or record.readings.get(VERSION_THERE)
    if version == variant.version:
        return version
    if version is None:
        return f"not told by the cluster; the client {variant.version}"
    return f"{version}; the client {variant.version}"
