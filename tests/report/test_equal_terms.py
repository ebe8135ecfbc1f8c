"""Terms are called equal only where they were asked of every engine alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from streambench.model.conditions import Conditions, Profile
from streambench.model.plan import Origin, Setting
from streambench.model.sweep import Axis, AxisName
from streambench.report.document import Block, Fold, Grid, Points, Text
from streambench.report.sections.equal_terms import condition_words, equal_blocks
from streambench.report.sections.recovery_terms import profile_words
from tests.report.example import RUN

SETTINGS = {
    "Flink": (
        Setting("job", "checkpointing", "970 ms", Origin.FAIRNESS_RULE, recovery=True),
        Setting("job", "buffer", "5 ms", Origin.ENGINE_DEFAULT),
    ),
    "Streams": (Setting("s", "commit", "30000", Origin.ENGINE_DEFAULT, recovery=True),),
}
OWN = ("commit interval", "heartbeat interval", "session timeout", "transaction timeout")


def blocks(profile: Profile, *more: Setting, axes: Sequence[Axis] = ()) -> tuple[Block, ...]:
    run = replace(RUN, conditions=Conditions(profile=profile), axes=tuple(axes))
    return equal_blocks(run, {**SETTINGS, "Streams": (*SETTINGS["Streams"], *more)})


def grid(block: Block) -> dict[str, str]:
    assert isinstance(block, Grid)
    return {row.cells[0].text: row.cells[1].text for row in block.rows}


def texts(found: Sequence[Block]) -> str:
    return " ".join(block.text for block in found if isinstance(block, Text))


def test_tuned_terms_were_asked_of_every_engine_alike() -> None:
    found = blocks(Profile.TUNED)
    alike = grid(found[1])
    assert [alike[name] for name in OWN] == ["970 ms", "500 ms", "2,000 ms", "3,000 ms"]
    assert "Not equal" not in texts(found)


def test_under_the_profile_of_defaults_what_engines_ship_is_not_called_equal() -> None:
    found = blocks(Profile.DEFAULTS)
    alike = grid(found[1])
    assert not set(OWN) & set(alike)
    assert alike["workers"] == "2"
    assert "Not equal, by --profile defaults: commit interval, heartbeat interval" in texts(found)
    (fold,) = (block for block in found if isinstance(block, Fold))
    assert fold.title == "What each engine keeps of them (2 settings)"
    (kept,) = fold.blocks
    assert isinstance(kept, Grid)
    assert [row.cells[2].text for row in kept.rows] == ["970 ms", "30000"]
    # Flink ships no checkpoint interval, and keeps ours.
    assert "where it ships any" in texts(found)
    assert "where it ships any" in profile_words(Conditions(profile=Profile.DEFAULTS))


def test_what_one_engine_has_otherwise_is_named() -> None:
    assert not any(isinstance(block, Points) for block in blocks(Profile.TUNED))
    found = blocks(
        Profile.TUNED,
        Setting("s", "linger", "5", Origin.USER),
        Setting("s", "commit", "100", Origin.VARIANT),
    )
    (points,) = (block for block in found if isinstance(block, Points))
    assert points.points == (
        "Streams: linger = 5, set by the user",
        "Streams: commit = 100, set by this variant",
    )


def test_what_a_sweep_varies_has_all_of_its_values() -> None:
    axes = (Axis(AxisName.COMMIT, (100, 970)), Axis(AxisName.WORKERS, (1, 2)))
    words = condition_words(Conditions(workers=1, commit_interval_ms=100), axes)
    assert words["commit interval"] == "varied: 100 ms and 970 ms"
    assert words["workers"] == "varied: 1 and 2"
    assert words["restart delay"] == "0 ms"
    assert condition_words(Conditions(restart_delay_ms=None))["restart delay"] == "never"
