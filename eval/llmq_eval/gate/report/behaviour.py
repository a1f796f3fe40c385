"""What the files write by themselves: length and closure of paired replies, and leaked answers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llmq_eval.gate.evidence import Evidence, Row
from llmq_eval.gate.figures import FIGURES
from llmq_eval.gate.report.markup import Html, tag
from llmq_eval.gate.report.scatter import Pair, lengths
from llmq_eval.gate.report.shown import one_line
from llmq_eval.gate.report.tables import lead, quoted, remark, section, share, table
from llmq_eval.gate.report.tokens import more

MOST_POINTS = 400
MOST_REPLIES, OPEN_REPLIES = 12, 3
MOST_CONVERSATIONS, OPEN_CONVERSATIONS, MOST_TURNS = 12, 2, 8
SIDES = ("base", "quant")
MODES = {"greedy": "always the likeliest word", "sampled": "words drawn by their odds, fixed seeds"}


def replies(evidence: Evidence) -> Html:
    """The plot of lengths, the counts of both files, and some replies side by side."""
    rows = evidence.tables.get("replies", ())
    if not rows:
        return Html("")
    greedy = [row for row in rows if row.get("mode", "greedy") == "greedy"] or list(rows)
    pairs = [_pair(row) for row in greedy[:MOST_POINTS]]
    return section(
        "Replies: length, and whether they end",
        lead("Both files answered the same students' openings. A point is one of them."),
        tag(
            "figure",
            lengths(pairs),
            tag(
                "figcaption",
                "tokens of the reply; across: original, up: this file. On the line both wrote as much, above it "
                "this file wrote more. A ring: one of the two found no end or ran in circles.",
            ),
        ),
        *[_counts(mode, [r for r in rows if r.get("mode", "greedy") == mode]) for mode in MODES],
        *_texts(evidence.samples.get("replies") or ()),
        name="replies",
    )


def _pair(row: Row) -> Pair:
    flags = (row.get(f"{side}_{what}") for side in SIDES for what in ("open", "loop"))
    return Pair(int(row["base_tokens"]), int(row["quant_tokens"]), any(flags))


def _counts(mode: str, rows: Sequence[Row]) -> Html:
    """Both files' totals over the replies of one way of writing."""
    if not rows:
        return Html("")
    n = len(rows)
    keyed = [row for row in rows if row.get("base_leak") is not None]

    def sums(key: str, shown: Callable[[int], str]) -> tuple[str, ...]:
        return tuple(
            shown(sum(int(row.get(f"{side}_{key}") or 0) for row in rows)) for side in SIDES
        )

    listed: list[tuple[str, ...]] = [
        ("mean length in tokens", *sums("tokens", lambda total: f"{total / n:.1f}")),
        ("found no end", *sums("open", lambda total: share(total, n))),
        ("ran in circles", *sums("loop", lambda total: share(total, n))),
    ]
    if keyed:
        listed.append(("told the answer", *sums("leak", lambda total: share(total, len(keyed)))))
    same, begun = (
        sum(int(row.get(k) or 0) for row in rows) for k in ("same", "same_first_sentence")
    )
    return tag(
        "div",
        tag("h3", f"{n} replies, {mode}: {MODES[mode]}"),
        table(("", "original", "this file"), listed),
        remark(
            f"The same first sentence: {share(begun, n)}; the same to the letter: {share(same, n)}."
        ),
    )


def _texts(found: Sequence[Mapping[str, Any]]) -> list[Html]:
    items = [
        tag(
            "article",
            tag("p", tag("bdi", _where(item)), class_="where"),
            tag("p", "student"),
            quoted(str(item.get("asked", "")), 500),
            _beside(item, 900),
        )
        for item in list(found)[:MOST_REPLIES]
    ]
    return [
        *items[:OPEN_REPLIES],
        *more(items[OPEN_REPLIES:], "pair of replies", "more pairs of replies"),
    ]


def _beside(item: Mapping[str, Any], n_bytes: int) -> Html:
    """Both files' texts in two columns, each with what was noted of it."""
    sides = []
    for side, title in zip(SIDES, ("original", "this file"), strict=True):
        said = [words for key, words in NOTED.items() if item.get(f"{side}_{key}")]
        said += [one_line(str(words), 60) for words in list(item.get(f"{side}_faults") or ())[:4]]
        head = tag("h3", title, *(tag("span", words, class_="flag") for words in said))
        sides.append(tag("div", head, quoted(str(item.get(side, "")), n_bytes)))
    return tag("div", *sides, class_="pair")


NOTED = {
    "open": "no end",
    "loop": "in circles",
    "leak": "tells the answer",
    "leaked": "tells the answer",
}


def _where(item: Mapping[str, Any]) -> str:
    parts = (one_line(str(item.get(key, "")), 80) for key in ("subject", "id", "mode"))
    return " \u00b7 ".join(part for part in parts if part)


def conversations(evidence: Evidence) -> Html:
    """How often the answer was given away under pressure, and the conversations in which it was."""
    rows = evidence.tables.get("conversations", ())
    if not rows:
        return Html("")
    n, turns = len(rows), sum(int(row.get("n_turns") or 0) for row in rows)

    def total(key: str) -> list[int]:
        return [sum(int(row.get(f"{side}_{key}") or 0) for row in rows) for side in SIDES]

    listed = [
        _beside_judged("leak_change", [share(x, n) for x in total("leaked")], rows),
        _beside_judged("degenerate_change", [share(x, turns) for x in total("degenerate")], rows),
    ]
    return section(
        "Does it give the answer away?",
        lead(
            "A student presses for the answer over several turns; each file speaks the tutor's part. Counted is "
            "where the tutor says the answer before the student does."
        ),
        table(("", "original", "this file", "change"), listed),
        *_played(evidence.samples.get("conversations") or ()),
        name="conversations",
    )


def _beside_judged(name: str, shares: Sequence[str], rows: Sequence[Row]) -> tuple[str, ...]:
    """Both files' shares, and the figure that the judge makes of them."""
    figure = FIGURES[name]
    return figure.title, *shares, figure.shown(figure.measure.estimate(rows))


def _played(found: Sequence[Mapping[str, Any]]) -> list[Html]:
    items = [_conversation(item) for item in list(found)[:MOST_CONVERSATIONS]]
    return [*items[:OPEN_CONVERSATIONS], *more(items[OPEN_CONVERSATIONS:], "conversation")]


def _conversation(item: Mapping[str, Any]) -> Html:
    answer = one_line(str(item.get("answer", "")), 100)
    turns = []
    for turn in list(item.get("turns") or ())[:MOST_TURNS]:
        turns += [
            tag("p", "student"),
            quoted(str(turn.get("student", "")), 300),
            _beside(turn, 600),
        ]
    where = tag(
        "p",
        tag("bdi", _where(item)),
        " \u00b7 the answer is ",
        tag("b", tag("bdi", answer)),
        class_="where",
    )
    told = str(item.get("system") or "")
    before = [tag("p", "told to the tutor"), quoted(told, 500)] if told else []
    return tag("article", where, *before, *turns)
