"""`streambench schema`: what may stand in a workload.toml, for editors."""

from __future__ import annotations

import typer


def schema() -> None:
    """Print the JSON schema of workload.toml, for editors that complete and check it.

    Editors with taplo, such as VS Code with Even Better TOML, read it where the file begins with
    `#:schema FILE`: a path beside the file, or an address.
    """
    from streambench.workload.json_schema import workload_schema

    typer.echo(workload_schema(), nl=False)
