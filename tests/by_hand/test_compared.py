"""Two runs of which a file by hand differs show it."""

from __future__ import annotations

from pathlib import Path

from streambench.analysis.compare.changed import differing
from streambench.model.plan import Origin, Program, Setting
from streambench.results.bundle import Bundle
from tests.analysis.compare.bundles import bundle_of


def ran(root: Path, text: str) -> Bundle:
    programs = (Program("oracle.sql", "sql", text), Program("query.py", "python", text))
    settings = (Setting("worker", "poll", "1", Origin.ENGINE_DEFAULT),)
    changed = {"programs": programs, "settings": settings}
    return bundle_of(root, {"kafka-python": [10.0]}, trial=changed)


def test_another_oracle_sql_is_told_by_its_content(tmp_path: Path) -> None:
    one, same, other = (ran(tmp_path / name, name[0]) for name in ("a", "aa", "b"))

    def names(second: Bundle) -> list[str]:
        found = differing(one, "kafka-python", second, "kafka-python")
        return [each.name for each in found.settings]

    assert names(same) == []
    assert names(other) == ["file oracle.sql"]
