"""`llmq gate --explain`: what is measured, by what it is judged, how sure that is."""

import sys
from collections.abc import Iterator

from llmq.verbs.tables import aligned, terminal_width, wrapped
from llmq_eval.gate.against_limits import limit_words
from llmq_eval.gate.evidence import AXES, Axis
from llmq_eval.gate.figures import FIGURES, Figure
from llmq_eval.gate.policy import Policy

AXIS_WORDS: dict[Axis, str] = {
    "integrity": "the file is whole and is of this base: each tensor's hash, it loads and computes, template, "
    "tokens and settings are the base's, and the base is not quantized itself",
    "fidelity": "how far its odds for the next token are from the base's, on what tutors say in the suites",
    "skill": "how many questions and problems it has right, beside how many the base has right of the same ones",
    "behaviour": "what it writes by itself, beside the base: length, replies that never end, circles",
    "pedagogy": "conversations in which a student presses for the answer: whether it is told, and turns that "
    "say nothing",
    "device": "with --device: size, memory, loading, the first word and speed on this machine",
    "privacy": "no address that a program would follow, and no connection while it writes a reply",
}
STATISTICS = (
    "A figure is a sum over documents by another (tokens, turns, questions); the document is what is drawn at random, not the token. Bounds "
    "are one-sided, 95 % each: by the jackknife for ratios, by Newcombe's method for shares, by the score test of "
    "pairs for what is kept.",
    "PASS: both bounds keep the limit. FAIL: both lie beyond it. INCONCLUSIVE: the limit lies between them, and "
    "more documents would tell. SKIPPED: something that the policy asks for has no number.",
    "An axis is as good as its worst row. The verdict: FAIL before SKIPPED (of a mandatory axis), before "
    "INCONCLUSIVE, before PASS.",
    "With --lock every figure is also tested in pairs against the accepted file on the same documents; all these "
    "tests together call it worse by chance with probability {alpha:g} (Holm): p is how likely chance makes such a "
    "change or a worse one, and has to stay above the test's share of that. Of shares, the file's own are compared. What comes nearer to the base is not worse.",
)
LIMITS = (
    "It says how near a file is to its base, not whether the base is a good tutor.",
    "It speaks of the suites: what they do not ask, it does not know. Several limits with a 5 % chance each fail a "
    "file at all of them more often than one does, and pass it less often.",
    "Answers that are told are found by their numbers and words: a hint that gives all away is not.",
)


def explained(policy: Policy) -> str:
    """The whole text."""
    return "\n".join(_lines(policy, terminal_width(sys.stdout)))


def _lines(policy: Policy, width: int | None) -> Iterator[str]:
    yield from wrapped(
        "llmq gate measures a quantized file beside its base and judges by a policy.", width
    )
    yield ""
    rows = [("axis", "what is measured"), *((axis, AXIS_WORDS[axis]) for axis in AXES)]
    yield from aligned(rows, "<~", width)
    yield ""
    yield from wrapped(f"policy {policy.name}: {policy.description}", width)
    yield from wrapped(f"mandatory: {', '.join(policy.mandatory)}", width)
    yield ""
    yield from aligned([("axis", "figure", "limit", "what it is"), *_limits(policy)], "<~~~", width)
    for heading, sentences in (("how sure", STATISTICS), ("what it does not tell", LIMITS)):
        yield ""
        yield f"{heading}:"
        for sentence in sentences:
            yield from wrapped(f"- {sentence.format(alpha=policy.lock_alpha)}", width)
    yield ""
    yield from wrapped(
        "exit codes: 0 PASS, 1 FAIL, 2 something could not be done, 3 INCONCLUSIVE, 4 SKIPPED",
        width,
    )


def _limits(policy: Policy) -> Iterator[tuple[str, str, str, str]]:
    for figure in FIGURES.values():
        if figure.name in policy.limits:
            yield (
                figure.axis,
                f"{figure.heading} ({figure.name})",
                _limit(policy, figure),
                figure.meaning,
            )


def _limit(policy: Policy, figure: Figure) -> str:
    limit = policy.limits[figure.name]
    parts = [limit_words(figure, limit)] if limit.overall else []
    if limit.in_subjects().overall:
        parts.append(f"in each subject {limit_words(figure, limit.in_subjects())}")
    return "; ".join(parts)
