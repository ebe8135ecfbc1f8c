"""How much earlier the scripted engine hands a row over than it is due."""

from __future__ import annotations

from streambench.engines.reference.lead import Lead


def test_half_of_the_usual_round_trip_is_taken_off_less_what_a_stamp_is_cut_by() -> None:
    lead = Lead()
    assert lead.ms == 0
    for round_trip_ms in (4.0, 4.4, 4.2, 90.0, 4.1):  # one met a busy machine
        lead.took(round_trip_ms)
    assert lead.ms == 4.2 / 2 - 0.5


def test_what_was_long_ago_is_forgotten() -> None:
    lead = Lead()
    for _ in range(100):
        lead.took(40.0)
    for _ in range(40):
        lead.took(3.0)
    assert lead.ms == 1.0


def test_a_quick_write_is_not_handed_over_late() -> None:
    lead = Lead()
    lead.took(0.4)
    assert lead.ms == 0
