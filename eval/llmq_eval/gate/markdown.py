"""The verdict as Markdown, for the summary of a CI job or a comment on a change.

Such a page lets anyone be called by @name, pictures be fetched and tables be broken. So every
character of a text that Markdown, HTML or the service itself would obey stands as its number.
"""

from collections.abc import Iterator

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.judgement import AxisResult, Judgement, RowResult, Status
from llmq_eval.gate.report.shown import one_line
from llmq_eval.gate.report.status import WORDS, verdict
from llmq_eval.gate.report.verdict import HEADLINES
from llmq_eval.model_file import ModelFile

SIGNS = {
    Status.PASS: "\u2705",
    Status.FAIL: "\u274c",
    Status.INCONCLUSIVE: "\u2754",
    Status.SKIPPED: "\u2796",
}
_OBEYED = "\\`*_{}[]()#<>&|~!\"'$:"
_BREAK = "&#8203;"  # of no width: behind it, no name and no number of an issue begins
MOST_ROWS, TEXT = 60, 300


def escaped(text: str, n_bytes: int = TEXT) -> str:
    """A text as one line that nothing obeys.

    >>> escaped("a|b @x\\n[y](http://z)")
    'a&#124;b &#64;&#8203;x &#91;y&#93;&#40;http&#58;//z&#41;'
    """
    return "".join(map(_character, one_line(text, n_bytes)))


def _character(c: str) -> str:
    if c == "@":
        return f"&#64;{_BREAK}"
    return f"&#{ord(c)};" + _BREAK * (c == "#") if c in _OBEYED else c


def summary(evidence: Evidence, judgement: Judgement) -> str:
    """The verdict, a table of what was judged, and the remarks."""
    status = verdict(judgement)
    lines = [
        f"## {SIGNS[status]} {escaped(evidence.quant.name)}: {HEADLINES[status].lower()}",
        "",
        escaped(judgement.sentence, 3 * TEXT),
        "",
        "| | measured | limit | status |",
        "|---|---|---|---|",
        *(line for axis in judgement.axes for line in _axis(axis)),
        "",
        *_remarks(judgement),
        f"Policy {escaped(judgement.policy_name)}. {_file('File', evidence.quant)}; "
        f"{_file('original', evidence.base)}.",
        "",
    ]
    return "\n".join(lines)


def _file(role: str, file: ModelFile) -> str:
    return f"{role} {escaped(file.name)}, SHA-256 <code>{escaped(file.sha256)}</code>"


def _axis(axis: AxisResult) -> Iterator[str]:
    words = f": {escaped(axis.words)}" if axis.words else ""
    yield f"| **{axis.name}**{words} | | | {SIGNS[axis.status]} **{WORDS[axis.status]}** |"
    yield from map(_row, axis.rows[:MOST_ROWS])
    if len(axis.rows) > MOST_ROWS:
        yield f"| and {len(axis.rows) - MOST_ROWS} further rows | | | |"


def _row(row: RowResult) -> str:
    words = f"<br>{escaped(row.words)}" if row.words and row.status is not Status.PASS else ""
    cells = (escaped(row.title) + words, escaped(row.measured), escaped(row.limit))
    return f"| {' | '.join(cells)} | {SIGNS[row.status]} {WORDS[row.status]} |"


def _remarks(judgement: Judgement) -> Iterator[str]:
    for remark in judgement.remarks[:MOST_ROWS]:
        yield f"- {escaped(remark)}"
    if judgement.remarks:
        yield ""
