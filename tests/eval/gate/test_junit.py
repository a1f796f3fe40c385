"""The XML for CI services: valid by both schemas in use, and never greener than the verdict."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.judgement import AxisResult, Judgement, RowResult, Status
from llmq_eval.gate.judging import judge
from llmq_eval.gate.junit import junit
from llmq_eval.gate.policy_file import read_policy
from llmq_peer.gate_evidence import Truth, made_evidence
from tests.eval.gate.conftest import HOSTILE, hostile, judged

FINISHED = datetime(2026, 5, 4, 13, 2, 1, tzinfo=UTC)
TEXT, INT, DECIMAL = r"(?s).*", r"\d+", r"\d+(\.\d+)?"
NAME = r"\S+( \S+)*"  # what a token is: at least a character, no space at its ends, none doubled
WHEN = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"

# What both allow (Jenkins: xunit-plugin, junit-10.xsd; Ant: windyroad, JUnit.xsd): of each element
# its attributes, all of them required here, and its children in their order.
RULES: Mapping[str, tuple[Mapping[str, str], str]] = {
    "testsuites": ({}, "(testsuite )*"),
    "testsuite": (
        {
            "name": NAME, "package": NAME, "id": INT, "hostname": NAME, "timestamp": WHEN, "time": DECIMAL,
            "tests": INT, "failures": INT, "errors": INT, "skipped": INT,
        },
        "properties (testcase )*system-out system-err ",
    ),
    "properties": ({}, "(property )*"),
    "property": ({"name": NAME, "value": TEXT}, ""),
    "testcase": ({"name": NAME, "classname": NAME, "time": DECIMAL}, "((skipped|error|failure) )?"),
    "skipped": ({"message": TEXT}, ""),
    "error": ({"type": NAME, "message": TEXT}, ""),
    "failure": ({"type": NAME, "message": TEXT}, ""),
    "system-out": ({}, ""),
    "system-err": ({}, ""),
}  # fmt: skip
HOLDS_TEXT = ("skipped", "error", "failure", "system-out", "system-err")


def check(element: Element) -> None:
    """The element and all below it keep the rules."""
    attributes, children = RULES[element.tag]
    assert set(element.attrib) == set(attributes), element.tag
    for name, pattern in attributes.items():
        assert re.fullmatch(pattern, element.attrib[name]), (element.tag, name)
    found = "".join(f"{child.tag} " for child in element)
    assert re.fullmatch(children, found), (element.tag, found)
    if element.tag not in HOLDS_TEXT:
        assert not (element.text or "").strip()
    for child in element:
        check(child)


def parsed(evidence: Evidence, judgement: Judgement) -> Element:
    """The XML as another program reads it from a file: as bytes."""
    root = ElementTree.fromstring(junit(evidence, judgement, FINISHED).encode("utf-8"))
    check(root)
    for suite in root:
        cases = suite.findall("testcase")
        counted = {kind: len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error")}
        assert int(suite.attrib["tests"]) == len(cases) > 0
        assert int(suite.attrib["failures"]) == counted["failure"]
        assert int(suite.attrib["errors"]) == counted["error"]
        assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
    return root


def test_the_rules_notice_what_is_wrong(measured: Mapping[str, Evidence]) -> None:
    evidence = measured["Q2_K"]
    text = junit(evidence, judged(evidence, Status.FAIL), FINISHED)
    for old, new in [
        ('tests="1"', 'tests="one"'),
        ('timestamp="2026-05-04T13:02:01"', ""),
        ("<failure ", "<failed "),
        ("<system-err />", ""),
        ('type="fail"', ""),
    ]:
        assert old in text
        with pytest.raises((AssertionError, ElementTree.ParseError, KeyError)):
            check(ElementTree.fromstring(text.replace(old, new)))


@pytest.mark.parametrize("status", Status)
def test_every_verdict_is_valid_and_none_but_pass_is_green(
    measured: Mapping[str, Evidence], status: Status
) -> None:
    evidence = measured["Q2_K"]
    root = parsed(evidence, judged(evidence, status))
    expected = {
        Status.PASS: None,
        Status.FAIL: ("failure", "fail"),
        Status.INCONCLUSIVE: ("failure", "inconclusive"),
        Status.SKIPPED: ("error", "not measured"),
    }[status]
    bad = [(e.tag, e.attrib["type"]) for kind in ("failure", "error") for e in root.iter(kind)]
    assert bad == ([] if expected is None else [expected])
    assert len(list(root.iter("skipped"))) == 6  # which the policy does not ask for


@pytest.mark.parametrize(("axis", "row", "mandatory"), list(product(Status, Status, (True, False))))
def test_an_axis_is_as_green_as_its_worst(
    measured: Mapping[str, Evidence], axis: Status, row: Status, mandatory: bool
) -> None:
    """Also where a judge says worse of an axis than of each of its rows."""
    evidence = measured["Q2_K"]
    rows = (RowResult("a", "1", "2", row),)
    only = AxisResult("skill", axis, rows, "words", mandatory=mandatory)
    root = parsed(evidence, judged(evidence, axes=(only,)))
    bad = [*root.iter("failure"), *root.iter("error")]
    stops = {Status.FAIL, Status.INCONCLUSIVE} | ({Status.SKIPPED} if mandatory else set())
    assert bool(bad) == (axis in stops or row in {Status.FAIL, Status.INCONCLUSIVE})


def test_an_axis_without_rows_is_a_case_of_its_own(measured: Mapping[str, Evidence]) -> None:
    evidence = measured["Q2_K"]
    axis = AxisResult("skill", Status.SKIPPED, (), "no suite has questions", mandatory=True)
    (suite,) = parsed(evidence, judged(evidence, axes=(axis,)))
    (error,) = suite.iter("error")
    assert error.attrib["message"] == error.text == "no suite has questions"
    assert suite.findtext("system-out") == "no suite has questions"


def test_a_row_says_what_was_measured_and_what_is_allowed(
    measured: Mapping[str, Evidence],
) -> None:
    evidence = measured["Q2_K"]
    (failure,) = parsed(evidence, judged(evidence, Status.FAIL)).iter("failure")
    assert re.fullmatch(r"0\.\d+ nats, limit: at most 0\.1 nats", failure.attrib["message"])


def test_the_facts_stand_beside(measured: Mapping[str, Evidence]) -> None:
    evidence = measured["Q2_K"]
    root = parsed(evidence, judged(evidence, Status.INCONCLUSIVE))
    facts = {p.attrib["name"]: p.attrib["value"] for p in root[0].iter("property")}
    assert facts["verdict"] == "INCONCLUSIVE"
    assert facts["exit code"] == "3"
    assert facts["file sha256"] == evidence.quant.sha256
    assert facts["evidence sha256"] == evidence.digest


def test_hostile_texts_remain_text(measured: Mapping[str, Evidence]) -> None:
    evidence = hostile(measured["Q2_K"])
    rows = (RowResult(HOSTILE, HOSTILE, HOSTILE, Status.FAIL, HOSTILE),)
    axis = AxisResult("skill", Status.FAIL, rows, HOSTILE)
    root = parsed(evidence, judged(evidence, axes=(axis,), policy_name=HOSTILE))
    assert {element.tag for element in root.iter()} <= set(RULES)
    (failure,) = root.iter("failure")
    assert "<script>alert(1)</script>" in (failure.text or "")
    assert "\u27e8U+202E\u27e9" in (failure.text or "")
    many = replace(rows[0], words=HOSTILE * 10_000)
    assert len(junit(evidence, judged(evidence, axes=(replace(axis, rows=(many,)),)))) < 20_000


def test_the_same_evidence_gives_the_same_bytes(measured: Mapping[str, Evidence]) -> None:
    evidence = measured["Q2_K"]
    assert junit(evidence, judged(evidence)) == junit(evidence, judged(evidence))
    assert "timestamp" not in junit(evidence, judged(evidence))


@pytest.mark.parametrize("truth", [Truth(), Truth(kl_nats=0.3), Truth(lost=0.2), Truth(lost=0.04)])
@pytest.mark.parametrize("policy", ["4-bit", "8-bit"])
def test_it_is_green_where_the_judge_lets_the_file_through(truth: Truth, policy: str) -> None:
    evidence = made_evidence(truth)
    judgement = judge(evidence, read_policy(policy))
    root = parsed(evidence, judgement)
    assert bool([*root.iter("failure"), *root.iter("error")]) == (judgement.exit_code != 0)
    cases = [case.attrib["name"] for case in root.iter("testcase")]
    rows = [row for axis in judgement.axes for row in axis.rows]
    assert len(cases) >= len(rows) > 10
