"""Recovery: how long results were late after a fault, and who lost, doubled or miscounted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from streambench.analysis.eligible import delay_stem
from streambench.analysis.hits import ObservedHit, Stretch, late_stretches
from streambench.analysis.phases import RecoveryPhase, instant_ms, phases_of
from streambench.analysis.recoveries import (
    QUANTUM_MS,
    Recovered,
    basis_of_recoveries,
    between_closings_ms,
    decides_ms,
    kinds,
    recovered,
)
from streambench.model.conditions import Guarantee
from streambench.model.fault import FaultKind
from streambench.model.numbers import DASH, in_seconds, number, plural
from streambench.report.document import (
    Block,
    Cell,
    Fold,
    Grid,
    GridColumn,
    GridRow,
    Plot,
    Points,
    Section,
    Text,
    Tone,
)
from streambench.report.plots.columns import bucketed
from streambench.report.plots.recovery import Lane, Scene, draw_recovery
from streambench.report.plots.recovery_curves import BEFORE_S, Around, around
from streambench.report.plots.style import PlotStyle, plot_styles
from streambench.report.sections.recovery_tables import (
    aborted_points,
    commands_grid,
    damage_grid,
    hits_grid,
    partitions_grid,
    phases_grid,
    results_grid,
)
from streambench.report.sections.recovery_terms import terms_blocks
from streambench.report.words.aside import aside_lines
from streambench.report.words.faults import fault_words, phase_label
from streambench.report.words.ranks import rank_basis
from streambench.report.words.recoveries import (
    burst_events,
    lane_brief,
    lane_damage,
    lane_name,
    lane_words,
    recovery_sentence,
)
from streambench.results.bundle import Bundle

_AFTER_S = 3.0  # how much of the time after the last engine settled is drawn
_LEAST_S = 8.0  # how much of the time after the hit is drawn in any case
_TABLE_ROWS = 40
_OF_COMMANDS = (
    "What these commands hit is not known. So nobody is seen to come back, and without a late window "
    "the late time is not known."
)
_MEANINGS = (
    "Late: a window whose result came later than the band, or never. A window without a result due is "
    "not late: silence between two closings is none.",
    "Band: one and a half times the p95 of the result delays before the fault, and at least 20 ms more "
    "than it.",
    "Late time: the part of the load whose results came late, over all that was observed. It is the "
    "mean over the partitions: one of two late for 10 s makes 5 s.",
    "Detected: when the engine itself says that it noticed.",
    "Worker back: the process was started again or continued.",
    "First timely output: of the partitions that were late, the first later window that was not. Rows "
    "of the dying process that were still on their way do not count.",
    "Backlog gone: no later window of any partition is late.",
    "Back for good: every partition is within its band and stays there to the end of what was observed.",
    "A single late window between timely ones, late by less than a window, counts in the late time. It "
    "moves none of the instants.",
    "Worked off at, after a burst: the records that came at once, by the time until all their results "
    "were out.",
    "Lost: no row came. Twice: the right row came again. Miscounted: a row with a wrong value, one "
    "for which nothing was due, or one that came too early.",
    "docs/method.md of streambench says more.",
)


def recovery_sections(bundle: Bundle) -> tuple[Section, ...]:
    """A section for each kind of fault, the first one with the terms; none when nothing was done."""
    return tuple(
        _section(bundle, kind, first=index == 0) for index, kind in enumerate(kinds(bundle))
    )


def _section(bundle: Bundle, kind: FaultKind, *, first: bool) -> Section:
    every = recovered(bundle, kind)
    hit = [one for one in every if one.hits]
    said = recovery_sentence(every)
    blocks: list[Block] = [Text(said, Tone.STRONG)]
    scene = _scene(bundle, every, kind)
    if scene is not None:
        blocks.append(
            Plot(
                f"recovery-{kind.value}",
                "When all results were out, and how far they were behind"
                if kind is FaultKind.BURST
                else "When results were late, and how far they were behind",
                f"Excess lag and result delay of each engine. {said}",
                _reading(scene),
                partial(_draw, scene),
                _curves_grid(scene),
            )
        )
    blocks += [results_grid(every, kind), Text(_basis(bundle, every, kind), Tone.QUIET)]
    blocks += [phases_grid(hit, kind), Text(_resolution(bundle, every, kind), Tone.QUIET)]
    blocks.append(damage_grid(every))
    if bundle.run.conditions.guarantee is Guarantee.EXACTLY_ONCE and kind is not FaultKind.BURST:
        blocks.append(Points(aborted_points(hit)))
    partitions = partitions_grid(hit)
    if partitions is not None:
        blocks.append(Fold("Partition by partition: some kept flowing", (partitions,)))
    commands = commands_grid(hit)
    if commands is not None:
        blocks += [Text(_OF_COMMANDS, Tone.QUIET), commands]
    count = sum(len(one.every_hit) for one in hit)
    blocks.append(Fold(f"What was hit, and when ({plural(count, 'hit')})", (hits_grid(hit),)))
    blocks.append(Fold("What the phases mean", (Points(_MEANINGS),)))
    if first:
        blocks += terms_blocks(bundle)
    title = (
        f"Throughput: {burst_events(hit)}" if kind is FaultKind.BURST else fault_words(kind).title
    )
    return Section("recovery" if first else f"recovery-{kind.value}", title, tuple(blocks))


def _basis(bundle: Bundle, every: Sequence[Recovered], kind: FaultKind) -> str:
    """What the figures of the table are, and how the ranks came about."""
    said = []
    hit = [one for one in every if one.hits]
    if kind is not FaultKind.BURST:
        said.append(
            "Late time: part of the load whose results came later than the engine's own band."
        )
        if len(hit) > 1 and hit[0].limit_ms is not None:
            said.append(
                f"Beside it, the same by one limit for all: {in_seconds(hit[0].limit_ms)} s, the "
                "greatest of their bands."
            )
        if any(one.at_most for one in hit):
            said.append(
                "This run kept whole windows only: one counts as late for all partitions when it was "
                "late for any, so late times are upper bounds."
            )
    ranked = [one for one in every if one.rank is not None]
    if ranked:
        by = "the time until all results were out" if kind is FaultKind.BURST else "late time"
        said.append(f"Ranked by {by}, among those that neither lost nor miscounted.")
        basis = basis_of_recoveries(bundle, ranked)
        said.append(rank_basis(basis, _floor(basis.floor)))
    if _repeated(every):
        trials = max(one.deciding.count for one in hit)
        hits = max(len(one.hits) for one in hit)
        each = "Late times are means over the hits of a trial" if hits > trials else ""
        over = "medians over the trials, with their range below" if trials > 1 else ""
        words = " and ".join(filter(None, (each, over)))
        said.append(f"{words if each else 'Late times are ' + words}.")
    said += aside_lines([one.standing for one in hit])
    return " ".join(filter(None, said))


def _floor(floor_ms: float) -> str:
    return f"{in_seconds(floor_ms)} s" if floor_ms >= 100 else f"{number(floor_ms)} ms"


def _resolution(bundle: Bundle, every: Sequence[Recovered], kind: FaultKind) -> str:
    quantum = f"{number(QUANTUM_MS)} ms in which load is written at once"
    if kind is FaultKind.BURST:
        said = [f"Seconds after the load came. Resolution: the {quantum}."]
    else:
        said = [
            f"Seconds after the hit. Resolution: one window ({in_seconds(between_closings_ms(bundle))} s) and "
            f"the {quantum}; lateness can be seen only where a window is due."
        ]
    if _repeated(every):
        said.append("Each is the median over the hits, with their range below it.")
    return " ".join(said)


def _repeated(every: Sequence[Recovered]) -> bool:
    return any(len(one.hits) > 1 for one in every)


def _reading(scene: Scene) -> str:
    if scene.burst:
        bar = "Bar: until all results of what came at once were out."
    else:
        bar = "Bar: results that were due here came late; it is the lower, the fewer partitions were late."
    said = [
        f"The less bar, the better. Upright line: {scene.fault}. {bar} Below: how far results are "
        "behind (mean over one window), and each window's delay at the instant when it was due.",
    ]
    drawn = [lane for lane in scene.lanes if lane.main is not None]
    if any(lane.unfinished for lane in drawn):
        said.append("Arrow: not over within the trial.")
    if any(lane.others for lane in scene.lanes):
        said.append(
            f"Drawn in full is the hit with the median {'time' if scene.burst else 'late time'}, the "
            "others faintly."
        )
    if any(lane.main is not None and _gaps(lane.main) for lane in scene.lanes):
        said.append("Cross: a window that never became complete and right.")
    return " ".join(said)


def _gaps(main: Around) -> bool:
    return bool(((main.delay.values != main.delay.values) & (main.delay.t_s >= 0)).any())


def _scene(bundle: Bundle, every: Sequence[Recovered], kind: FaultKind) -> Scene | None:
    styles = plot_styles(bundle.labels)
    stem = delay_stem(bundle)
    lanes = tuple(_lane(bundle, one, styles[one.standing.label], stem) for one in every)
    drawn = [lane for lane in lanes if lane.main is not None]
    if not drawn:
        return None
    observed_s = max(lane.until_s for lane in drawn)
    # An engine that never came back does not make the others small: its bar reaches the edge.
    instants = [at_s for lane in drawn for at_s in (*lane.phases.values(), *lane.others_s)]
    end_s = min(observed_s, max([*instants, _LEAST_S - _AFTER_S]) + _AFTER_S)
    labels = {
        phase: phase_label(phase, kind)
        for phase in phases_of(kind)
        if any(phase in lane.phases for lane in drawn)
    }
    start_s = max(-BEFORE_S, min(float(lane.main.lag.t_s[0]) for lane in drawn if lane.main))
    burst = kind is FaultKind.BURST
    return Scene(lanes, burst, labels, "the burst came" if burst else "the hit", end_s, start_s)


def _lane(bundle: Bundle, one: Recovered, style: PlotStyle, stem: str) -> Lane:
    if not one.hits:
        words = lane_words(one)
        return Lane(one.title, lane_name(one), style, words, words, "", True)
    typical = one.typical
    rest = [each for each in one.hits if each is not typical]
    phases = _phases(typical, one.kind)
    if one.kind is FaultKind.BURST:
        # A burst's bar begins with it: even results that are not late take their time.
        late: tuple[Stretch, ...] = (
            Stretch(0.0, phases.get(RecoveryPhase.CAUGHT_UP, typical.until_ms / 1000), 1.0),
        )
    else:
        late = late_stretches(bundle, typical)
    return Lane(
        one.title,
        lane_name(one),
        style,
        lane_words(one),
        lane_brief(one),
        lane_damage(one),
        one.clean,
        phases,
        late,
        decides_ms(typical) == math.inf,
        typical.until_ms / 1000,
        around(typical, stem),
        tuple(curve for each in rest if (curve := around(each, stem)) is not None),
        tuple(each for hit in rest for each in late_stretches(bundle, hit))
        if one.kind is not FaultKind.BURST
        else (),
        tuple(ms / 1000 for hit in rest if (ms := _again_ms(hit)) is not None),
    )


def _again_ms(each: ObservedHit) -> float | None:
    """When results were timely again, or all out after a burst; None: not within the trial."""
    burst = each.recovery.hit.kind is FaultKind.BURST
    return each.recovery.caught_up_ms if burst else each.recovery.timely_ms


def _phases(struck: ObservedHit, kind: FaultKind) -> dict[RecoveryPhase, float]:
    """The phases that came, in s after the hit; an engine that kept flowing has no return to mark."""
    found = {}
    for phase in phases_of(kind):
        at_ms = instant_ms(struck.recovery, phase)
        told = phase in (RecoveryPhase.DETECTED, RecoveryPhase.BACK) or bool(at_ms)
        if told and at_ms is not None and math.isfinite(at_ms):
            found[phase] = at_ms / 1000
    return found


def _curves_grid(scene: Scene) -> Grid:
    """Lag and delay of each lane by time since the hit."""
    width_s = max(0.5, math.ceil((scene.end_s - scene.start_s) / _TABLE_ROWS * 2) / 2)
    drawn = [(lane, lane.main) for lane in scene.lanes if lane.main is not None]
    columns = [GridColumn(f"from second (worst of {width_s:g} s)", numeric=True)]
    values = []
    for lane, main in drawn:
        for what, curve in (("lag", main.lag), ("delay", main.delay)):
            columns.append(GridColumn(f"{lane.title}: {what}, s", numeric=True))
            values.append(bucketed(curve, width_s, "max"))
    starts = sorted({start for value in values for start in value if start <= scene.end_s})
    rows = tuple(
        GridRow(
            (
                Cell(number(start, 1)),
                *(Cell(number(v[start], 3) if start in v else DASH) for v in values),
            )
        )
        for start in starts
    )
    return Grid(tuple(columns), rows)


def _draw(scene: Scene, narrow: bool) -> object:
    return draw_recovery(scene, narrow=narrow)
