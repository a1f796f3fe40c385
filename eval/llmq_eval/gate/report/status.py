"""A status as a word and a shape, so that nothing depends on seeing a colour."""

from llmq_eval.gate.judgement import Judgement, Status
from llmq_eval.gate.report.markup import Html, joined, tag

WORDS = {
    Status.PASS: "passed",
    Status.FAIL: "failed",
    Status.INCONCLUSIVE: "inconclusive",
    Status.SKIPPED: "not measured",
}
# Of the whole: by exit code, as a mandatory axis that was not measured is a verdict of its own.
VERDICTS = {0: Status.PASS, 1: Status.FAIL, 3: Status.INCONCLUSIVE, 4: Status.SKIPPED}

_SHAPES: dict[Status, tuple[Html, ...]] = {
    Status.PASS: (
        tag("circle", cx=12, cy=12, r=10.5, class_="ground"),
        tag("path", d="M7 12.5l3.4 3.4L17.2 9", class_="mark"),
    ),
    Status.FAIL: (
        tag("path", d="M7.7 1.5h8.6l6.2 6.2v8.6l-6.2 6.2H7.7l-6.2-6.2V7.7z", class_="ground"),
        tag("path", d="M8.3 8.3l7.4 7.4M15.7 8.3l-7.4 7.4", class_="mark"),
    ),
    Status.INCONCLUSIVE: (
        tag("path", d="M12 .8L23.2 12 12 23.2.8 12z", class_="ground"),
        tag(
            "path", d="M9.2 9.6c0-3.6 5.6-3.6 5.6 0 0 2.2-2.8 2.3-2.8 4.4M12 17.3v.4", class_="mark"
        ),
    ),
    Status.SKIPPED: (
        tag("circle", cx=12, cy=12, r=10, class_="hollow"),
        tag("path", d="M7.5 12h9", class_="dash"),
    ),
}


def shape(status: Status) -> Html:
    """The shape alone; the word must stand beside it."""
    name = status.value.lower()
    drawn = joined(_SHAPES[status])
    return tag("svg", drawn, viewBox="0 0 24 24", class_=f"shape {name}", aria_hidden="true")


def status_cell(status: Status) -> Html:
    """Shape and word."""
    word = tag("span", WORDS[status], class_=f"word {status.value.lower()}")
    return tag("span", shape(status), word, class_="status")


def verdict(judgement: Judgement) -> Status:
    """What the exit code says, as a status."""
    return VERDICTS.get(judgement.exit_code, judgement.status)
