"""The gate's report as one page that opens anywhere: no network, no script, nothing beside it.

It is for those who answer for a tutor: first the verdict in words, then why, then the evidence. All
that comes from files, suites and models is escaped by construction (`report.markup`), long texts
and lists are cut with a remark, and a policy in the page forbids whatever could be fetched.
"""

from collections.abc import Callable, Sequence
from importlib.resources import files

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.judgement import Judgement
from llmq_eval.gate.report import behaviour, distance, provenance, sizes, skill, tokens, verdict
from llmq_eval.gate.report.markup import Html, tag
from llmq_eval.gate.report.shown import one_line
from llmq_eval.gate.report.status import WORDS
from llmq_eval.gate.report.status import verdict as verdict_status
from llmq_eval.gate.report.tables import remark

CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
)
UNREADABLE = "A section is left out: what was recorded for it has another form."
# What wrong samples in a recorded report lead to: they are for people, no verdict rests on them.
OTHER_FORM = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def page(evidence: Evidence, judgement: Judgement, beside: Sequence[Evidence] = ()) -> str:
    """The whole page; `beside` are other files of the same original, for the plot of sizes."""
    drawn: tuple[Callable[[], Html], ...] = (
        lambda: distance.distribution(evidence),
        lambda: distance.by_subject(evidence),
        lambda: sizes.by_size(evidence, beside),
        lambda: tokens.worst_tokens(evidence),
        lambda: behaviour.replies(evidence),
        lambda: behaviour.conversations(evidence),
        lambda: skill.questions(evidence),
    )
    body = tag(
        "body",
        tag(
            "main",
            verdict.header(evidence, judgement),
            verdict.axes(judgement),
            verdict.remarks(judgement),
            *(_or_remark(section) for section in drawn),
            provenance.provenance(evidence, judgement),
        ),
    )
    root = tag("html", _head(evidence, judgement), body, lang="en")
    return f"<!doctype html>\n{root}\n"


def _or_remark(section: Callable[[], Html]) -> Html:
    try:
        return section()
    except OTHER_FORM:
        return remark(UNREADABLE)


def _head(evidence: Evidence, judgement: Judgement) -> Html:
    said = WORDS[verdict_status(judgement)]
    style = (files("llmq_eval.gate.report") / "page.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=CONTENT_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{one_line(evidence.quant.name, 200)}: {said}"),
        Html(f"<style>{style}</style>"),
    )
