"""Submitting the query, first from the beginning and later from a checkpoint, as a script would."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from streambench.engines.common.launch import named, start
from streambench.engines.flink.processes import SUBMITTER
from streambench.engines.protocol import Embedded
from streambench.model.plan import Plan
from streambench.runtime.waiting import wait_until

SUBMIT_TIMEOUT_S = 120.0


def submit(
    plan: Plan,
    at: Embedded,
    *,
    cluster_alive: Callable[[], bool] = lambda: True,
    checkpoint: Path | None = None,
) -> str:
    """Run the client of a filled plan until the JobManager has taken the job; return the job's id.

    The client asks until the cluster is there. With `checkpoint` the job goes on from it. Raises
    EngineFailed when client or cluster end before.
    """
    submitted = at.job_dir / "submitted.json"
    submitted.unlink(missing_ok=True)
    process = named(plan, SUBMITTER)
    if checkpoint is not None:
        process = replace(process, argv=(*process.argv, checkpoint.absolute().as_uri()))
    submitter = start(process, at)
    try:
        wait_until(
            submitted.exists,
            what="Flink's submission of the job",
            timeout_s=SUBMIT_TIMEOUT_S,
            alive=lambda: submitter.alive() and cluster_alive(),
            log=submitter.log,
        )
    finally:
        at.supervisor.stop(submitter)
    return str(json.loads(submitted.read_text(encoding="utf-8"))["job"])


def newest_checkpoint(folder: Path) -> Path | None:
    """The checkpoint in `folder` (one folder a job, in it `chk-N`) that was completed last.

    One that is under way has no `_metadata` yet, which gets its name when it is whole.
    """
    complete = sorted(
        (file.stat().st_mtime_ns, file.parent) for file in folder.glob("*/chk-*/_metadata")
    )
    return complete[-1][1] if complete else None
