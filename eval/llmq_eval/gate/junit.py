"""The verdict as JUnit's XML, which CI services read: a suite for each axis, a case for each row.

It keeps to what the two schemas in use have in common: that of Jenkins (xunit-plugin, junit-10.xsd)
and that of Ant's reports (windyroad, JUnit.xsd), which asks for a timestamp and a host. Nothing
that is not a PASS may look like one: INCONCLUSIVE is a failure of the type `inconclusive`, and what
was not measured is an error where the verdict therefore is no PASS: a mandatory axis was skipped.
"""

from collections.abc import Mapping
from datetime import datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.judgement import AxisResult, Judgement, RowResult, Status
from llmq_eval.gate.report.shown import cut, one_line

TEXT = 2000  # bytes of a text of the judge
NO_TIME = "0"  # a row follows from counts; what took time was the measuring of all of them
KINDS: Mapping[Status, tuple[str, str]] = {
    Status.FAIL: ("failure", "fail"),
    Status.INCONCLUSIVE: ("failure", "inconclusive"),
}


def junit(evidence: Evidence, judgement: Judgement, finished: datetime | None = None) -> str:
    """The XML; `finished` is the time of the run, without which Ant's schema is not kept."""
    root = Element("testsuites")
    for number, axis in enumerate(judgement.axes):
        root.append(_suite(evidence, judgement, axis, (number, finished)))
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'


def _suite(
    evidence: Evidence, judgement: Judgement, axis: AxisResult, run: tuple[int, datetime | None]
) -> Element:
    number, finished = run
    cases = [_case(row, axis) for row in _rows(axis)]
    counts = {
        plural: str(sum(case.find(kind) is not None for case in cases))
        for plural, kind in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))
    }
    named = {"name": axis.name, "package": "llmq.gate", "id": str(number), "hostname": "localhost"}
    when = {"timestamp": finished.strftime("%Y-%m-%dT%H:%M:%S")} if finished else {}
    attributes = {**named, **when, "time": NO_TIME, "tests": str(len(cases)), **counts}
    suite = Element("testsuite", attributes)
    properties = SubElement(suite, "properties")
    for name, value in _facts(evidence, judgement).items():
        SubElement(properties, "property", name=name, value=one_line(value))
    suite.extend(cases)
    SubElement(suite, "system-out").text = cut(axis.words, TEXT)
    SubElement(suite, "system-err")
    return suite


def _rows(axis: AxisResult) -> tuple[RowResult, ...]:
    """The rows; an axis without any, or worse than all of them, has a case of its own."""
    if axis.rows and any(row.status is axis.status for row in axis.rows):
        return axis.rows
    return (*axis.rows, RowResult("the axis as a whole", "", "", axis.status, axis.words))


def _case(row: RowResult, axis: AxisResult) -> Element:
    title = one_line(row.title) or "a row without a title"
    case = Element("testcase", name=title, classname=f"llmq.gate.{axis.name}", time=NO_TIME)
    if row.status is Status.PASS:
        return case
    said = f"{row.measured}, limit: {row.limit}" if row.limit else row.measured
    message = " - ".join(filter(None, (one_line(said), one_line(row.words))))
    needed = axis.mandatory and axis.status is Status.SKIPPED
    if row.status is Status.SKIPPED and not needed:
        SubElement(case, "skipped", message=message or "not measured")
    else:
        element, kind = KINDS.get(row.status, ("error", "not measured"))
        SubElement(case, element, type=kind, message=message or kind).text = cut(row.words, TEXT)
    return case


def _facts(evidence: Evidence, judgement: Judgement) -> dict[str, str]:
    """What a reader of the XML alone wants to know of the run."""
    return {
        "verdict": judgement.status.value,
        "exit code": str(judgement.exit_code),
        "file": evidence.quant.name,
        "file sha256": evidence.quant.sha256,
        "original": evidence.base.name,
        "original sha256": evidence.base.sha256,
        "policy": judgement.policy_name,
        "evidence sha256": evidence.digest,
    }
