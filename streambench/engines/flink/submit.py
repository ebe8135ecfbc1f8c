"""Submit the statements of an SQL file to a Flink cluster, and wait to be ended.

Run by the interpreter of Flink's environment: `python submit.py JOB [CHECKPOINT]`, where JOB is a JSON
file with `statements` (path of the SQL), `configuration` (names and values) and `submitted` (path of
the file that tells the job's id), and CHECKPOINT the folder of a checkpoint to go on from. Imports
nothing of streambench.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys

# A statement ends at a semicolon that is in no string, identifier or comment.
_STATEMENT = re.compile(r"(?:'(?:[^']|'')*'|`[^`]*`|--[^\n]*|[^;'`-]|-)+")


def statements(text: str) -> list[str]:
    """The statements of an SQL text, in their order."""
    return [found.strip() for found in _STATEMENT.findall(text) if found.strip()]


def main(job_file: str, checkpoint: str | None = None) -> None:
    """Submit; the job is the last statement's."""
    # Imported late: `statements` is tested where there is no Flink.
    from pyflink.common import Configuration
    from pyflink.table import EnvironmentSettings, TableEnvironment

    with open(job_file, encoding="utf-8") as file:
        job = json.load(file)
    configuration = Configuration()
    for name, value in job["configuration"].items():
        configuration.set_string(name, value)
    if checkpoint is not None:
        configuration.set_string("execution.state-recovery.path", checkpoint)
    settings = EnvironmentSettings.new_instance().in_streaming_mode()
    environment = TableEnvironment.create(settings.with_configuration(configuration).build())
    with open(job["statements"], encoding="utf-8") as file:
        text = file.read()
    result = None
    for statement in statements(text):
        result = environment.execute_sql(statement)
    client = result.get_job_client() if result is not None else None
    if client is None:
        raise SystemExit(f"{job['statements']}: the last statement starts no job")
    partial = job["submitted"] + ".partial"
    with open(partial, "w", encoding="utf-8") as file:
        json.dump({"job": str(client.get_job_id())}, file)
    os.replace(partial, job["submitted"])


if __name__ == "__main__":
    main(*sys.argv[1:3])
    # Whoever started this ends it: an exit by itself would look like a death.
    signal.pause()
