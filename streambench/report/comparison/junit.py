"""Gates as JUnit XML, which CI systems show test by test."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from streambench.analysis.compare.gates import GateResult, GateState


def to_junit(results: Sequence[GateResult]) -> str:
    """A test case for each gate and pair: broken is a failure, not known an error, not shown is skipped."""
    states = [result.state for result in results]
    suite = ElementTree.Element(
        "testsuite",
        name="streambench compare",
        tests=str(len(results)),
        failures=str(states.count(GateState.BROKEN)),
        errors=str(states.count(GateState.UNKNOWN)),
        skipped=str(states.count(GateState.NOT_SHOWN)),
    )
    for result in results:
        side = result.pair.second
        case = ElementTree.SubElement(
            suite, "testcase", classname=f"{side.letter}:{side.label}", name=result.gate.text
        )
        kind = {
            GateState.BROKEN: "failure",
            GateState.UNKNOWN: "error",
            GateState.NOT_SHOWN: "skipped",
        }.get(result.state)
        if kind is not None:
            ElementTree.SubElement(case, kind, message=result.why)
        else:
            ElementTree.SubElement(case, "system-out").text = result.why
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"
