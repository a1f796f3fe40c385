"""The figures of the bundled tutor's model card: greedy replies to held-out dialogues.

Every tutor turn of every dialogue is replied to anew, after the dialogue's own turns up to there. A
reply counts as a turn if it ends by itself and llmq.practice can parse it. It judges rightly if,
where the student stated a step, its verdict is that of the dialogue; a reply that does not parse
judges nothing, so it counts as wrong.
"""

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from llmq.planning import make_plan
from llmq.practice.dialogues import Dialogue, dialogues
from llmq.practice.numerals import mentions
from llmq.practice.phrases import Verdict
from llmq.practice.topics import Split
from llmq.practice.turns import TutorTurn, parse_tutor_turn
from llmq.quantize import execute
from llmq.runtime import Model, open_model
from llmq.sources.opening import open_source
from llmq.suites import Message

TUTOR = Path("eval/tutor")
RECIPES = ("BF16", "Q4_0")
SEED = 20_263
LONGEST_REPLY = 60  # tokens; the longest turn of the generators has about 25
BEGIN, END = "<!-- figures: scripts/tutor-card --write -->", "<!-- end of figures -->"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the tutor said where the dialogue has `meant`."""

    dialogue: Dialogue
    meant: TutorTurn
    text: str
    ended: bool

    @property
    def turn(self) -> TutorTurn | None:
        """The reply as a tutor turn, if it is one and ended by itself."""
        return parse_tutor_turn(self.text) if self.ended else None

    @property
    def judged(self) -> Verdict | None:
        """Its verdict, None where it is not a tutor turn."""
        return self.turn.verdict if self.turn else None


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of the table: which replies it is about, and which of them are counted."""

    name: str
    about: Callable[[Reply], bool]
    counts: Callable[[Reply], bool]


def _is(verdict: Verdict) -> Callable[[Reply], bool]:
    return lambda reply: reply.meant.verdict is verdict


def _agrees(reply: Reply) -> bool:
    return reply.judged is reply.meant.verdict


MEASURES = (
    Measure("ends by itself and parses", lambda _: True, lambda reply: reply.turn is not None),
    Measure("judges the step rightly", lambda r: r.meant.verdict is not Verdict.NONE, _agrees),
    Measure("... steps that are correct", _is(Verdict.CORRECT), _agrees),
    Measure("... steps that are incorrect", _is(Verdict.INCORRECT), _agrees),
    Measure("gives no verdict where none is due", _is(Verdict.NONE), _agrees),
    Measure(
        "does not tell the answer",
        lambda reply: reply.meant.kind.value != "praise",
        lambda reply: not mentions(reply.text, reply.dialogue.problem.key),
    ),
)


def replies(model: Model, count: int) -> Iterator[Reply]:
    """The greedy replies to every tutor turn of `count` held-out dialogues."""
    for dialogue in islice(dialogues(SEED, Split.HELD_OUT), count):
        messages = [Message(turn.role, turn.text) for turn in dialogue.turns]
        for number, turn in enumerate(dialogue.turns):
            if turn.meaning:
                yield _reply(model, dialogue, messages[:number], turn.meaning)


def _reply(model: Model, dialogue: Dialogue, before: list[Message], meant: TutorTurn) -> Reply:
    tokens = list(model.generate(model.prompt(before), max_tokens=LONGEST_REPLY))
    text = b"".join(model.piece(token) for token in tokens).decode("utf-8", "replace")
    return Reply(dialogue, meant, text, ended=model.is_end(tokens[-1]))


def measured(recipe: str, count: int, *, show: int) -> list[str]:
    """One column of the table, top to bottom; up to `show` wrong replies go to standard error."""
    with TemporaryDirectory() as folder:
        plan = make_plan(open_source(TUTOR), recipe=recipe)
        path = execute(plan, Path(folder) / "tutor.gguf")
        with open_model(path) as model:
            said = list(replies(model, count))
    for reply in islice((r for r in said if not _agrees(r)), show):
        print(f"{recipe}: meant {str(reply.meant)!r}, said {reply.text!r}", file=sys.stderr)
    return [_cell(measure, said) for measure in MEASURES]


def wilson_interval(hits: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    z = 1.959964
    centre = (hits + z * z / 2) / (total + z * z)
    half = z / (total + z * z) * math.sqrt(hits * (total - hits) / total + z * z / 4)
    return max(0.0, centre - half), min(1.0, centre + half)


def _cell(measure: Measure, said: list[Reply]) -> str:
    about = [reply for reply in said if measure.about(reply)]
    hits = sum(map(measure.counts, about))
    low, high = wilson_interval(hits, len(about))
    share = f"{hits / len(about):.1%}"
    return f"{share} ({low:.1%} to {high:.1%}), {hits:,} of {len(about):,}"


def table(count: int, *, show: int) -> str:
    """The figures in Markdown."""
    columns = [measured(recipe, count, show=show) for recipe in RECIPES]
    rows = [f"| | {' | '.join(RECIPES)} |", "|---|" + "---|" * len(RECIPES)]
    for measure, *cells in zip(MEASURES, *columns, strict=True):
        rows.append(f"| {measure.name} | {' | '.join(cells)} |")
    title = (
        f"Greedy replies to {count} held-out dialogues (seed {SEED}), with Wilson 95 % intervals:"
    )
    return "\n".join([title, "", *rows])


def main() -> int:
    """Measure, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dialogues", type=int, default=300)
    parser.add_argument("--show", type=int, default=0, help="how many wrong replies to show")
    parser.add_argument("--write", action="store_true", help="put the table into the model card")
    arguments = parser.parse_args()
    figures = table(arguments.dialogues, show=arguments.show)
    print(figures)
    if arguments.write:
        card = TUTOR / "README.md"
        before, _, rest = card.read_text(encoding="utf-8").partition(BEGIN)
        after = rest.partition(END)[2]
        text = f"{before}{BEGIN}\n{figures}\n{END}{after}"
        card.write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
