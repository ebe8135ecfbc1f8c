"""Recovery: who came back first after a fault, and who lost, doubled or miscounted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

from streambench.model.conditions import Guarantee
from streambench.model.fault import FaultKind
from streambench.report.columns import bucketed
from streambench.report.document import (
    Block,
    Cell,
    Column,
    Figure,
    Fold,
    Grid,
    Points,
    Row,
    Section,
    Text,
    Tone,
)
from streambench.report.fault_words import (
    Phase,
    deciding_phase,
    fault_words,
    phase_label,
    phases_of,
)
from streambench.report.looks import Look, looks
from streambench.report.numbers import DASH, in_seconds, number, plural
from streambench.report.plot_recovery import Lane, Scene, draw_recovery
from streambench.report.recovered import (
    QUANTUM_MS,
    Recovered,
    Struck,
    advance_ms,
    instant_ms,
    kinds,
    recovered,
)
from streambench.report.recovery_curves import BEFORE_S, Around, around
from streambench.report.recovery_words import (
    burst_events,
    lane_brief,
    lane_damage,
    lane_name,
    lane_words,
    recovery_sentence,
)
from streambench.report.sections.recovery_tables import (
    aborted_points,
    damage_grid,
    hits_grid,
    partitions_grid,
    phases_grid,
)
from streambench.report.sections.recovery_terms import terms_blocks
from streambench.report.standing import delay_stem
from streambench.results.bundle import Bundle

_AFTER_S = 3.0  # how much of the time after the last engine settled is drawn
_LEAST_S = 8.0  # how much of the time after the hit is drawn in any case
_TABLE_ROWS = 40
_MEANINGS = (
    "Timely: a window whose result delay is at most one and a half times that of the slowest one "
    "before the fault.",
    "Detected: when the engine itself says that it noticed.",
    "Worker back: the process was started again or continued.",
    "First timely output: of the partitions that had a late window, the first one whose later window "
    "was timely. The outage reaches from the closing instant of the first late window to here.",
    "Backlog gone: no window of any partition is late any more. Delay back in its band: from here to "
    "the end of what was observed it stays there. The backlog may be gone before the first timely "
    "output, by less than a window, when the next one has yet to close.",
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
            Figure(
                f"recovery-{kind.value}",
                f"Who was {'done' if kind is FaultKind.BURST else 'back'} when, and how far results "
                "were behind",
                f"Excess lag and result delay of each engine. {said}",
                _reading(scene),
                partial(_draw, scene),
                _curves_grid(scene),
            )
        )
    blocks += [phases_grid(every, kind), Text(_resolution(bundle, every, kind), Tone.QUIET)]
    blocks.append(damage_grid(every))
    if bundle.run.conditions.guarantee is Guarantee.EXACTLY_ONCE and kind is not FaultKind.BURST:
        blocks.append(Points(aborted_points(hit)))
    partitions = partitions_grid(hit)
    if partitions is not None:
        blocks.append(Fold("Partition by partition: some kept flowing", (partitions,)))
    count = sum(len(one.hits) for one in hit)
    blocks.append(Fold(f"What was hit, and when ({plural(count, 'hit')})", (hits_grid(hit),)))
    blocks.append(Fold("What the phases mean", (Points(_MEANINGS),)))
    if first:
        blocks += terms_blocks(bundle)
    title = (
        f"Throughput: {burst_events(hit)}" if kind is FaultKind.BURST else fault_words(kind).title
    )
    return Section("recovery" if first else f"recovery-{kind.value}", title, tuple(blocks))


def _resolution(bundle: Bundle, every: Sequence[Recovered], kind: FaultKind) -> str:
    quantum = f"{number(QUANTUM_MS)} ms in which load is written at once"
    if kind is FaultKind.BURST:
        said = [f"Seconds after the load came. Resolution: the {quantum}."]
    else:
        said = [
            f"Seconds after the hit. Resolution: one window ({in_seconds(advance_ms(bundle))} s) and "
            f"the {quantum}; an outage can be seen only where a window is due."
        ]
    if any(one.rank for one in every):
        said.append(
            f"Ranked by {phase_label(deciding_phase(kind), kind)}, among those that neither lost nor "
            "miscounted; engines within the resolution of each other"
            + (", or with ranges that overlap," if _repeated(every) else "")
            + " share a rank (=)."
        )
    if _repeated(every):
        said.append("Each figure is the median over the hits, with their range below it.")
    return " ".join(said)


def _repeated(every: Sequence[Recovered]) -> bool:
    return any(len(one.hits) > 1 for one in every)


def _reading(scene: Scene) -> str:
    bar = "no timely result, from the first late window until the first timely output"
    if scene.deciding is Phase.CAUGHT_UP:
        bar = "until all results of what came at once were out"
    said = [
        f"The shorter the bar, the sooner. Upright line: {scene.fault}. Bar: {bar}; thinner after it: "
        "until the delay was as before. Below: how far results are behind "
        "(mean over one window), and each window's delay at the instant when it was due.",
    ]
    drawn = [lane for lane in scene.lanes if lane.main is not None]
    if any(lane.begin_s is not None and scene.deciding not in lane.phases for lane in drawn):
        said.append("Arrow: not over within the trial.")
    if any(lane.others for lane in scene.lanes):
        said.append("Drawn in full is the hit with the median outage, the others faintly.")
    if any(lane.main is not None and _gaps(lane.main) for lane in scene.lanes):
        said.append("Cross: a window that never became complete and right.")
    return " ".join(said)


def _gaps(main: Around) -> bool:
    return bool(((main.delay.values != main.delay.values) & (main.delay.t_s >= 0)).any())


def _scene(bundle: Bundle, every: Sequence[Recovered], kind: FaultKind) -> Scene | None:
    look = looks(bundle.labels)
    stem = delay_stem(bundle)
    lanes = tuple(_lane(one, look[one.standing.label], stem) for one in every)
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
    fault = "the burst came" if kind is FaultKind.BURST else "the hit"
    return Scene(lanes, deciding_phase(kind), labels, fault, end_s, start_s)


def _lane(one: Recovered, look: Look, stem: str) -> Lane:
    if not one.hits:
        words = lane_words(one)
        return Lane(one.title, lane_name(one), look, words, words, "", True, {}, None, 0.0, None)
    typical = one.typical
    rest = [struck for struck in one.hits if struck is not typical]
    # A burst's bar begins with it: even results that are not late take their time.
    begin_ms = 0.0 if one.kind is FaultKind.BURST else typical.recovery.outage_begin_ms
    decided = [instant_ms(struck.recovery, deciding_phase(one.kind)) for struck in rest]
    return Lane(
        one.title,
        lane_name(one),
        look,
        lane_words(one),
        lane_brief(one),
        lane_damage(one),
        one.clean,
        _phases(typical, one.kind),
        None if begin_ms is None else begin_ms / 1000,
        typical.until_ms / 1000,
        around(typical, stem),
        tuple(curve for struck in rest if (curve := around(struck, stem)) is not None),
        tuple(ms / 1000 for ms in decided if ms is not None and math.isfinite(ms)),
    )


def _phases(struck: Struck, kind: FaultKind) -> dict[Phase, float]:
    """The phases that came, in s after the hit; an engine that was never late has no return to mark."""
    found = {}
    for phase in phases_of(kind):
        at_ms = instant_ms(struck.recovery, phase)
        told = phase in (Phase.DETECTED, Phase.BACK) or bool(at_ms)
        if told and at_ms is not None and math.isfinite(at_ms):
            found[phase] = at_ms / 1000
    return found


def _curves_grid(scene: Scene) -> Grid:
    """Lag and delay of each lane by time since the hit."""
    width_s = max(0.5, math.ceil((scene.end_s - scene.start_s) / _TABLE_ROWS * 2) / 2)
    drawn = [(lane, lane.main) for lane in scene.lanes if lane.main is not None]
    columns = [Column(f"from second (worst of {width_s:g} s)", numeric=True)]
    values = []
    for lane, main in drawn:
        for what, curve in (("lag", main.lag), ("delay", main.delay)):
            columns.append(Column(f"{lane.title}: {what}, s", numeric=True))
            values.append(bucketed(curve, width_s, "max"))
    starts = sorted({start for value in values for start in value if start <= scene.end_s})
    rows = tuple(
        Row(
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
