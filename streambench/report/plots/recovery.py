"""Plot of a recovery: when results were late and with what damage, excess lag and result delay, from the hit on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import blended_transform_factory

from streambench.analysis.hits import Stretch
from streambench.analysis.phases import RecoveryPhase
from streambench.report.plots.columns import Curve
from streambench.report.plots.drawing import log_if_wide, new_figure, plain_numbers
from streambench.report.plots.recovery_curves import Around
from streambench.report.plots.style import BAD, INK, MUTED, ON_GRID, PAPER, PlotStyle

# Shapes told apart at this size; hollow while the engine is still away, filled once output flows.
PHASE_MARKS: Mapping[RecoveryPhase, tuple[str, bool, float]] = {
    RecoveryPhase.DETECTED: ("v", False, 6.5),
    RecoveryPhase.BACK: ("^", False, 6.5),
    RecoveryPhase.TIMELY: ("o", True, 8.5),
    RecoveryPhase.CAUGHT_UP: ("D", True, 5.6),
    RecoveryPhase.BACK_FOR_GOOD: ("|", False, 13.0),
}
_NAME_ROOM = 0.26  # part of a lane's width that a long name takes
_BAR_LANES = 0.24  # height of a bar where all partitions are late, in parts of a lane
# Of a bold character, in parts of the width.
_NAME_CHARACTER = 0.0098


@dataclass(frozen=True)
class Lane:
    """One variant: `phases` and `late` of the hit that is drawn in full, in s after it.

    `others` are the hits that are drawn faintly, with `others_late`, when their results were late, and
    `others_s`, when they were timely again. `unfinished`: it was not over within the trial. Without `main` there is nothing to draw, and
    `verdict` says why.
    """

    title: str
    name: str  # with its place
    style: PlotStyle
    verdict: str
    brief: str  # the same for a phone
    damage: str
    clean: bool
    phases: Mapping[RecoveryPhase, float] = field(default_factory=dict)
    late: tuple[Stretch, ...] = ()
    unfinished: bool = False
    until_s: float = 0.0
    main: Around | None = None
    others: tuple[Around, ...] = ()
    others_late: tuple[Stretch, ...] = ()
    others_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class Scene:
    """Lanes in the order of the table, on an axis that ends at `end_s`."""

    lanes: tuple[Lane, ...]
    burst: bool
    labels: Mapping[RecoveryPhase, str]
    fault: str
    end_s: float
    start_s: float


def draw_recovery(scene: Scene, *, narrow: bool) -> Any:
    """Three panels on one axis: a lane for each engine, excess lag, result delay."""
    lane_in = 0.74 if narrow else 0.5
    lanes_in = lane_in * len(scene.lanes) + 0.1
    panel_in = 1.7 if narrow else 1.95
    figure = new_figure(narrow, lanes_in + 2 * panel_in + (1.35 if narrow else 0.95))
    top, lag, delay = figure.subplots(
        3, 1, sharex=True, height_ratios=(lanes_in, panel_in, panel_in)
    )
    top.set_xlim(scene.start_s, scene.end_s)
    for axes in (top, lag, delay):
        axes.axvline(0, color=INK, lw=1.3, zorder=1)
    _draw_lanes(top, scene, narrow=narrow)
    _draw_curves(lag, scene, "lag")
    _draw_curves(delay, scene, "delay")
    _mark_phases(lag, scene)
    every = [a for lane in scene.lanes for a in ((lane.main,) if lane.main else ()) + lane.others]
    highest = max((value for each in every for value in _shown(each.lag, scene)), default=0.0)
    lag.set_ylim(0, max(highest * 1.08, 0.1))
    plain_numbers(lag.yaxis)
    _panel_title(lag, "excess lag, s")
    known = [v for lane in scene.lanes if lane.main for v in _shown(lane.main.delay, scene)]
    if not log_if_wide(delay, "y", known):
        delay.set_ylim(bottom=0, top=None if any(known) else 1)
        plain_numbers(delay.yaxis)
    _mark_incomplete(delay, scene)
    _panel_title(delay, "result delay of each window, s")
    delay.xaxis.set_major_locator(MaxNLocator(nbins=6 if narrow else 10, steps=[1, 2, 5, 10]))
    plain_numbers(delay.xaxis)
    delay.set_xlabel(f"seconds since {scene.fault}")
    _legend(figure, scene, narrow=narrow)
    return figure


def _draw_lanes(axes: Any, scene: Scene, *, narrow: bool) -> None:
    """A bar wherever results were late, as high as the share of the partitions that were."""
    across = axes.get_yaxis_transform()  # x in parts of the axes, y in lanes
    past_line = (0 - scene.start_s) / (scene.end_s - scene.start_s) + 0.012
    longest = max((len(lane.name) for lane in scene.lanes), default=0)
    name_room = max(_NAME_ROOM, longest * _NAME_CHARACTER)
    for index, lane in enumerate(scene.lanes):
        words = {"transform": across, "va": "center", "color": INK, **ON_GRID}
        damage = words if lane.clean else {**words, "color": BAD, "weight": "bold"}
        if narrow:
            axes.text(0, index - 0.52, lane.name, weight="bold", **words)
            axes.text(1, index - 0.52, lane.brief, ha="right", **words)
            axes.text(0, index - 0.22, lane.damage, **damage)
        else:
            axes.text(0, index - 0.36, lane.name, weight="bold", **words)
            axes.text(max(past_line, name_room), index - 0.36, lane.verdict, **words)
            axes.text(1, index - 0.36, lane.damage, ha="right", **damage)
        if lane.main is not None:
            _draw_bar(axes, index + 0.12, lane, scene, narrow=narrow)
    axes.set_ylim(len(scene.lanes) - 0.55, -0.85 if narrow else -0.7)
    axes.set_yticks([])
    axes.grid(axis="y", visible=False)


def _draw_bar(axes: Any, y: float, lane: Lane, scene: Scene, *, narrow: bool) -> None:
    colour = lane.style.colour
    end_s = min(scene.end_s, lane.until_s)
    axes.plot([scene.start_s, end_s], [y, y], color=colour, lw=1.3, linestyle=lane.style.dash)
    for each in lane.others_late:
        _draw_stretch(axes, y, each, scene, colour, alpha=0.16)
    for each in lane.late:
        _draw_stretch(axes, y, each, scene, colour, alpha=1.0)
    if lane.unfinished:
        axes.plot([end_s], [y], ">", color=colour, ms=10, mew=0, clip_on=False)
    for phase, at_s in lane.phases.items():
        _mark(axes, phase, at_s, y, colour, small=narrow)


def _draw_stretch(
    axes: Any, y: float, each: Stretch, scene: Scene, colour: str, *, alpha: float
) -> None:
    start_s, end_s = max(scene.start_s, each.start_s), min(each.end_s, scene.end_s)
    if end_s > start_s:
        height = _BAR_LANES * each.share
        axes.add_patch(
            Rectangle(
                (start_s, y - height / 2), end_s - start_s, height, fc=colour, lw=0, alpha=alpha
            )
        )


def _draw_curves(axes: Any, scene: Scene, which: str) -> None:
    for lane in scene.lanes:
        for around in lane.others:
            curve: Curve = getattr(around, which)
            axes.plot(curve.t_s, curve.values, color=lane.style.colour, lw=0.7, alpha=0.35)
    for lane in scene.lanes:
        if lane.main is not None:
            curve = getattr(lane.main, which)
            axes.plot(
                curve.t_s, curve.values, color=lane.style.colour, linestyle=lane.style.dash, lw=1.8
            )


def _mark_phases(axes: Any, scene: Scene) -> None:
    for lane in scene.lanes:
        if lane.main is None or not len(lane.main.lag.t_s):
            continue
        for phase, at_s in lane.phases.items():
            y = float(np.interp(at_s, lane.main.lag.t_s, lane.main.lag.values))
            _mark(axes, phase, at_s, y, lane.style.colour, small=True)


def _mark(
    axes: Any, phase: RecoveryPhase, at_s: float, y: float, colour: str, *, small: bool = False
) -> None:
    marker, filled, size = PHASE_MARKS[phase]
    axes.plot(
        [at_s],
        [y],
        marker,
        ms=size * (0.8 if small else 1),
        mfc=colour if filled else PAPER,
        mec=PAPER if filled else colour,
        mew=1.0 if filled else 1.5,
        zorder=6 if phase is RecoveryPhase.TIMELY else 5,
        clip_on=False,
    )


def _mark_incomplete(axes: Any, scene: Scene) -> None:
    """A cross at the panel's upper edge for each window that never became complete and right."""
    above = blended_transform_factory(axes.transData, axes.transAxes)
    for index, lane in enumerate(scene.lanes):
        if lane.main is None:
            continue
        curve = lane.main.delay
        gone = curve.t_s[np.isnan(curve.values) & (curve.t_s >= 0) & (curve.t_s <= scene.end_s)]
        axes.plot(
            gone,
            [0.97 - 0.07 * index] * len(gone),
            "x",
            transform=above,
            color=lane.style.colour,
            ms=5,
            mew=1.6,
        )


def _panel_title(axes: Any, text: str) -> None:
    axes.set_title(text, loc="left", fontsize=9.5, color=MUTED, pad=4)


def _legend(figure: Any, scene: Scene, *, narrow: bool) -> None:
    """What the markers mean; the engines' names stand beside their lanes."""
    handles = []
    axes = figure.axes[0]
    for phase, label in scene.labels.items():
        marker, filled, size = PHASE_MARKS[phase]
        (handle,) = axes.plot(
            [],
            [],
            marker,
            ms=size,
            mew=1.4,
            color=MUTED,
            mfc=MUTED if filled else PAPER,
            label=label,
        )
        handles.append(handle)
    figure.legend(
        handles=handles,
        loc="outside lower left",
        ncols=2 if narrow else len(handles),
        handletextpad=0.2,
        columnspacing=1.3,
    )


def _shown(curve: Curve, scene: Scene) -> list[float]:
    inside = (curve.t_s >= scene.start_s) & (curve.t_s <= scene.end_s) & ~np.isnan(curve.values)
    return [float(value) for value in curve.values[inside]]
