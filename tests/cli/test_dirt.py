from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from streambench.cli.dirt import dirt, dirty_instant
from streambench.experiment.build import Options, single
from streambench.experiment.dirt import rest_of
from streambench.model.dirt import (
    Dirt,
    DirtEffect,
    DirtKind,
    DirtyInstant,
    PassedOver,
    StoppedForGood,
)
from streambench.model.errors import UsageError
from streambench.model.trial import Failed
from streambench.workload.parse import load_workload
from tests.report.example import trial


def asked(*texts: str, workload: str = "clicks", **more: object) -> Options:
    options = Options(
        workload=workload, engines=("kafka-python",), faults=(), measured_s=20.0, dirt=dirt(texts)
    )
    return dataclasses.replace(options, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(DirtKind))
def test_dirt_is_read_and_written_alike(kind: DirtKind) -> None:
    for at_ms, text in ((25_000, "25s"), (2_500, "2500ms")):
        instant = DirtyInstant(kind, at_ms)
        assert str(instant) == f"{kind.value}@{text}"
        assert dirty_instant(str(instant)) == instant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not-jsn@25s", "did you mean 'not-json'"),
        ("mud@25s", "there is no dirt 'mud'; known are cut-off"),
        ("not-json", "does not say when"),
        ("not-json@soon", "in 'not-json@soon', 'soon' is not a duration"),
        ("@25s", "there is no dirt ''"),
        ("", "there is no dirt ''"),
    ],
)
def test_dirt_that_makes_no_sense_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        dirty_instant(text)
    assert said in caught.value.message
    assert "streambench run --dirt" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (("not-json@20s",), "not-json@20s comes after the end: the measured part is 20 s long"),
        (("not-json@3s", "cut-off@4s"), "not-json@3s and cut-off@4s are too close"),
    ],
)
def test_instants_that_cannot_be_told_are_refused(texts: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        single(asked(*texts))
    assert "--dirt" in str(caught.value.hint)


def test_what_is_refused_with_dirt(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="may be late"):
        single(asked("not-json@3s", workload="flights", measured_s=None))
    from streambench.cli.faults import fault

    with pytest.raises(UsageError, match="dirt and faults in one run"):
        single(asked("not-json@3s", faults=(fault("worker-kill@30s"),), measured_s=60.0))


def test_dirt_is_in_what_is_measured_and_in_nothing_before_it() -> None:
    request = single(asked("not-json@3s", "tombstone@9s"))
    assert request.workload.dirt is None
    assert not request.settles
    placed = request.dirty_workload.dirt
    assert placed is not None
    assert [(each.kind, each.at_ms) for each in placed.instants] == [
        (DirtKind.NOT_JSON, 23_000),
        (DirtKind.TOMBSTONE, 29_000),
    ]


def test_a_run_of_the_workload_has_one_of_each_kind_in_both_forms() -> None:
    request = single(Options(workload="dirt"))
    assert [each.kind for each in request.dirt.instants] == list(DirtKind)
    assert [each.at_ms for each in request.dirt.instants] == [3_000 * n for n in range(1, 13)]
    assert [each.variant.asked for each in request.contenders] == [
        "flink",
        "flink:tolerant",
        "spark",
        "spark:tolerant",
        "kafka-streams",
        "kafka-streams:tolerant",
        "kafka-python",
        "kafka-python:tolerant",
    ]
    assert request.faults == ()
    assert request.measured_s == 46.0
    # What a user asks for stays.
    own = single(asked("not-json@3s", workload="dirt"))
    assert [str(each) for each in own.dirt.instants] == ["not-json@3s"]
    assert [each.variant.asked for each in own.contenders] == ["kafka-python"]


def test_shares_are_read_from_the_workload(tmp_path: Path) -> None:
    text = (load_workload_folder() / "workload.toml").read_text()
    (tmp_path / "shares").mkdir()
    (tmp_path / "shares" / "workload.toml").write_text(
        text.replace('each = "3 s"', "not-json = 0.01\nfar-behind = 0.002")
    )
    found = load_workload(tmp_path / "shares").dirt
    assert found is not None
    assert {each.kind: each.share for each in found.shares} == {
        DirtKind.NOT_JSON: 0.01,
        DirtKind.FAR_BEHIND: 0.002,
    }
    for wrong, said in (
        ("not-jsn = 0.01", "did you mean"),
        ("not-json = 0", "above 0"),
        ("not-json = 0.6", "up to 0.5"),
        ('not-json = "1 %"', "not-json"),
    ):
        (tmp_path / "shares" / "workload.toml").write_text(text.replace('each = "3 s"', wrong))
        with pytest.raises(UsageError) as caught:
            load_workload(tmp_path / "shares")
        assert said in str(caught.value.message)
        assert "line" in str(caught.value.message)


def load_workload_folder() -> Path:
    from streambench.workload.locate import find

    return find("dirt")


def test_what_a_stopped_job_leaves_is_played_by_another() -> None:
    request = single(Options(workload="dirt", engines=("kafka-python",)))
    stopped = Failed("dirt", "one record stopped it for good")

    def effects(*outcomes: PassedOver | StoppedForGood) -> tuple[DirtEffect, ...]:
        return tuple(
            DirtEffect(kind, 0, 0, outcome)
            for kind, outcome in zip(DirtKind, outcomes, strict=False)
        )

    good, bad = PassedOver(None), StoppedForGood("its processes ended 3 times", 6_000)
    rest = rest_of(request, trial(1, "kafka-python", stopped, dirt=effects(good, bad)))
    assert rest is not None
    assert [each.kind for each in rest.dirt.instants] == list(DirtKind)[2:]
    assert [each.at_ms for each in rest.dirt.instants] == [3_000 * n for n in range(1, 11)]
    assert rest.measured_s == request.measured_s - 6
    whole = trial(1, "kafka-python", stopped, dirt=effects(*[good] * 12))
    assert rest_of(request, whole) is None
    last = trial(1, "kafka-python", stopped, dirt=effects(*[good] * 11, bad))
    assert rest_of(request, last) is None
    # A failure of another kind tells nothing of what is left.
    assert rest_of(request, trial(1, "kafka-python", stopped)) is None
    assert rest_of(dataclasses.replace(request, dirt=Dirt()), whole) is None
