"""What a running engine says of its settings, and what it cannot say."""

from __future__ import annotations

from streambench.engines.protocol import Readings
from streambench.experiment.assess import with_effective
from streambench.model.plan import Origin, Setting
from streambench.report.sections.recovery_terms import effective_cell

KNOWN = Setting("job", "parallelism.default", "2", Origin.USER)
UNLISTED = Setting("job", "metrics.reporter.mine.x", "2", Origin.USER, listed=False)


def test_a_name_that_the_engine_only_repeats_is_not_shown_as_in_effect() -> None:
    repeated = Readings(effective={(s.scope, s.name): s.value for s in (KNOWN, UNLISTED)})
    known, unlisted = with_effective((KNOWN, UNLISTED), repeated)
    assert (known.effective, unlisted.effective) == ("2", None)
    assert effective_cell(known).text == "2"
    note = effective_cell(unlisted).note
    assert note is not None
    assert "does not report" in note
    assert note != effective_cell(KNOWN).note
