"""Write a history: one page that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from streambench.analysis.history.history import History
from streambench.report import html
from streambench.report.comparison.write import written
from streambench.report.history.document import compose_history


def write_history(folder: Path, history: History) -> Path:
    """Write `history.html` and return it. Raises EnvironmentLacks where that cannot be done."""
    page = folder / "history.html"
    written(page, html.render_document(compose_history(history)))
    return page
