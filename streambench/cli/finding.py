"""`streambench run --find-rate`: the steps after its options were understood."""

from __future__ import annotations

import math
import re

from streambench.cli.bench import exit_code
from streambench.cli.console import err, say
from streambench.cli.lengths import length
from streambench.cli.parameters import duration_s
from streambench.cli.preparing import check_heaps, load, set_up, traces_dir
from streambench.cli.reporting import reported
from streambench.experiment.execute import run_record
from streambench.experiment.find_rate import LEAST_MEASURED_MS
from streambench.experiment.find_rates import find_rates
from streambench.experiment.lengths import CONFIRM_WINDOWS, PROBE_WINDOWS, search_budget_s
from streambench.experiment.loads import Loads
from streambench.experiment.null_trial import null_trial
from streambench.experiment.request import Request
from streambench.model.errors import ExitCode, UsageError
from streambench.model.pace import Limit, Quantile
from streambench.model.search import SearchTerms
from streambench.model.workload import Workload
from streambench.workload.durations import show_duration

_MOST_UNASKED_S = 86_400.0
_EXAMPLE = "streambench run --find-rate --limit p99=2s"


def search_terms(
    *, limit: str | None, precision: float, budget_s: float, engines: int
) -> SearchTerms:
    """What a search is to keep to; `precision` in percent. Raises UsageError."""
    if not 0.5 <= precision <= 50:
        raise UsageError(f"a precision of {precision:g} % makes no search", hint=_EXAMPLE)
    return SearchTerms(
        limit=None if limit is None else delay_limit(limit),
        precision=precision / 100,
        budget_s=budget_s / max(1, engines),
    )


def usual_budget_s(workload: Workload) -> float:
    """What a search may take when nobody said; UsageError where that is more than a day."""
    budget_s = search_budget_s(workload)
    if budget_s > _MOST_UNASKED_S:
        window = show_duration(workload.query.window.advance_ms)
        raise UsageError(
            f"a search with windows of {window} takes about {length(budget_s)}: each rate is tried for "
            f"{PROBE_WINDOWS} windows, and what is found for {CONFIRM_WINDOWS}",
            hint="shorten `window` in workload.toml, or ask for it all the same: "
            f"streambench run {workload.name} --find-rate --budget {math.ceil(budget_s / 3600)}h",
        )
    return budget_s


def delay_limit(text: str) -> Limit:
    """`p99=2s`. Raises UsageError."""
    match = re.fullmatch(r"(p50|p99|max)\s*=\s*(.+)", text.strip())
    if match is None:
        raise UsageError(f"'{text}' is not a limit: p50, p99 or max, and a duration", hint=_EXAMPLE)
    return Limit(Quantile(match[1]), duration_s(match[2]) * 1000)


def find(request: Request, terms: SearchTerms) -> ExitCode:
    """Set up, search for every engine, write the report; returns what the shell is told."""
    (request,), artifacts = set_up((request,))
    check_heaps((request,))
    engines = ", ".join(contender.variant.asked for contender in request.contenders)
    err.print(f"{request.workload.title}: {engines}", style="bold", markup=False)
    err.print(
        f"searching for the highest rate, to within {100 * terms.precision:g} %; "
        f"about {length(terms.budget_s)} for each engine",
        markup=False,
    )
    window = request.workload.query.window
    if window.span_ms(PROBE_WINDOWS) > LEAST_MEASURED_MS:
        err.print(
            f"each rate is tried for {PROBE_WINDOWS} windows of {show_duration(window.size_ms)}, and what is "
            f"found for {CONFIRM_WINDOWS}: fewer could not show whether the engine keeps up",
            markup=False,
        )
    lab = next(iter(artifacts.values()), None)
    carried = None
    if lab is not None:
        carried = null_trial(request.workload, lab, told=say)
    loads = Loads(traces_dir())
    run = run_record(
        request,
        loads.measured(request),
        (),
        search=terms,
        carried=carried,
    )
    with reported(request.out, run) as (writer, observer):
        found = find_rates(
            request,
            terms,
            run,
            compiled=load,
            broker_warm_up=loads.broker_warm_up(request),
            artifacts=artifacts,
            writer=writer,
            observer=observer,
        )
    return exit_code(found.trials)
