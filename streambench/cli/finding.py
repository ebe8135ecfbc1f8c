"""The steps of `streambench find-rate` after its options were understood."""

from __future__ import annotations

from collections.abc import Callable

from streambench.cli.bench import exit_code
from streambench.cli.console import err
from streambench.cli.preparing import capacity_here, check_heaps, set_up, traces_dir
from streambench.cli.reporting import reported
from streambench.experiment.execute import run_record
from streambench.experiment.find_rates import find_rates
from streambench.experiment.lengths import CONFIRM_WINDOWS, PROBE_WINDOWS
from streambench.experiment.loads import Loads
from streambench.experiment.request import Request
from streambench.experiment.search_policy import USUAL, SearchPolicy
from streambench.experiment.session import Session
from streambench.model.errors import ExitCode
from streambench.model.experiment import RateSearch
from streambench.model.search import SearchTerms
from streambench.model.trial import TraceRef
from streambench.model.windows import Window
from streambench.trial.workspace import Workspaces, workspace
from streambench.workload.durations import about, windows_words
from streambench.workload.file.tempo import long_words


def each_takes_s(terms: SearchTerms, policy: SearchPolicy, window: Window) -> float:
    """About how long an engine takes: its share of the budget, or what a search takes at least."""
    return max(terms.budget_s, policy.least_search_s + policy.confirm.trial_s(window))


def find(
    request: Request,
    terms: SearchTerms,
    policy: SearchPolicy = USUAL,
    *,
    workspaces: Workspaces = workspace,
    compiled: Callable[[TraceRef], None] | None = None,
) -> ExitCode:
    """Set up, search for every engine, write the report; returns what the shell is told.

    `workspaces` makes the place of each job. `compiled` hears of a load before any job is made, and may
    refuse it.
    """
    (request,), artifacts = set_up((request,))
    check_heaps((request,))
    engines = ", ".join(contender.variant.asked for contender in request.contenders)
    err.print(f"{request.workload.title}: {engines}", style="bold", markup=False)
    window = request.workload.played_window
    each_s = each_takes_s(terms, policy, window)
    err.print(
        f"searching for the highest rate, to within {100 * terms.precision:g} %; "
        f"about {about(each_s)} for each engine"
        + (
            ", more than the budget: in less no rate is found and confirmed"
            if each_s > terms.budget_s
            else ""
        ),
        markup=False,
    )
    if window.span_ms(PROBE_WINDOWS) > policy.least_measured_ms:
        speed = request.workload.speed
        played = f", {long_words(window.advance_ms)} apart as they are played" if speed != 1 else ""
        err.print(
            f"each rate is tried for {PROBE_WINDOWS} {windows_words(request.workload.query.window)}{played}, "
            f"and what is found for {CONFIRM_WINDOWS}: fewer could not show whether the engine keeps up",
            markup=False,
        )
    for warning in request.warnings:
        err.print(warning, markup=False)
    capacity = capacity_here(request, artifacts)
    engines_s = each_s * len(request.contenders)
    with Loads(traces_dir()) as loads:
        experiment = RateSearch(terms)
        measured = loads.measured(request)
        if compiled is not None:
            compiled(measured.ref)
        run = run_record(request, measured, experiment, capacity=capacity)
        with reported(request.out, run, engines_s) as (writer, observer):
            session = Session(loads, artifacts, writer, observer, workspaces)
            found = find_rates(request, terms, run, session, policy)
    return exit_code(found.trials)
