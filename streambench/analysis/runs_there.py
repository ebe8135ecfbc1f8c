"""Which version of an engine ran: in a cluster of the user's it is not always the client's."""

from __future__ import annotations

from streambench.model.conditions import Variant
from streambench.results.schema import RunRecord


def runs_words(run: RunRecord, variant: Variant) -> str:
    """The version that ran, in words; of a cluster that does not tell, or of another version, both sides."""
    there = run.clusters.get(variant.engine)
    if there is None or there.version == variant.version:
        return variant.version
    if there.version is None:
        return f"not told by the cluster; the client {variant.version}"
    return f"{there.version}; the client {variant.version}"
