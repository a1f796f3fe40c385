"""Measure how quick `llmq chat` is for who sits before it, and hold it against its limits.

    scripts/bench terminal MODEL.gguf [--threads 1] [--runs 5]

On a pseudo-terminal around the command: how long after Enter the tutor's name appears, and after
Ctrl-C the end of a reply, whose beginning has to be kept. In a lesson, with and without an open
problem: the first token of turn 20 beside turn 2. And a reply from the model to the terminal, made
safe, rendered and written, beside a loop that does nothing but call llama.cpp with the same
settings, prompt after prompt in turns; with what showing a token takes of it.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from llmq.chat.lesson import Lesson
from llmq.chat.notebook import Notebook
from llmq.chat.pieces import Piece
from llmq.chat.speaking import ModelSpeaker
from llmq.chat.store import Store
from llmq.chat.terminal.showing import STOPPED, Screen
from llmq.runtime import Model, open_model
from llmq.suites import Message
from llmq.tutor.course import built_in_course
from llmq.tutor.profile import profile_named
from scripts.peer.bench_turns import EARLY, LATE, N_CTX, WRITTEN, Bare
from scripts.peer.typed_chat import PROMPT, TUTOR, TypedChat

PROBLEM = "12*21+19"
ASKED = (
    "Why do we invert and multiply?", "What is a fraction, and what is it good for?",
    "How do I solve an equation?", "Tell me what a percentage is.", "What does the word sum mean?",
)  # fmt: skip
REPLY_TOKENS = 24
STOPS = 20
Row = tuple[str, str, Sequence[float], float]
"""What, in which unit, the values, and the limit: from below where the unit is a share."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{'what':<54}{'n':>6}{'median':>9}{'p95':>9}{'limit':>9}")
    n_missed = sum(not told(row) for row in rows(arguments.model, arguments))
    return 1 if n_missed else 0


def rows(path: Path, arguments: argparse.Namespace) -> Iterator[Row]:
    """Each as soon as it is measured."""
    with TemporaryDirectory() as folder:
        yield from on_a_terminal(path, Path(folder), arguments.threads)
    with open_model(path, n_ctx=N_CTX, threads=arguments.threads) as model:
        bare = Bare(path, arguments.threads)
        pairs, shown = zip(*(replies(model, bare) for _ in range(arguments.runs)), strict=True)
        yield "showing a token", "ms", [1000 * s for run in shown for s in run], 2
        shares = [ours / theirs for run in pairs for ours, theirs in run]
        yield "tokens a second, chat / llama.cpp alone", "share", shares, 0.97
        for problem, words in (("", "no problem open"), (PROBLEM, "a problem open, guarded")):
            ratios = [later_beside_early(model, problem) for _ in range(arguments.runs)]
            yield f"first token, turn {LATE} / {EARLY}, {words}", "ratio", ratios, 1.3


def told(row: Row) -> bool:
    """Print a row of the table; whether it keeps its limit."""
    what, unit, values, limit = row
    ordered = sorted(values)
    middle, late = median(ordered), ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    judged = late if unit == "ms" else middle
    held = middle >= limit if unit == "share" else judged <= limit
    sign = ">=" if unit == "share" else "<="
    print(
        f"{f'{what}, {unit}':<54}{len(values):>6}{middle:>9.3f}{late:>9.3f}{sign:>4} {limit:g}"
        f"{'' if held else '  MISSED'}",
        flush=True,
    )
    return held


def on_a_terminal(model: Path, folder: Path, threads: int) -> Iterator[Row]:
    """The first that is seen after Enter; the end of a reply after Ctrl-C."""
    options = ["--threads", str(threads), "--temperature", "0", "--seed", "1"]
    with TypedChat(model, folder, [*options, "--max-tokens", "24"]) as chat:
        seen = [fed_back(chat, f"{text} ({n})") for n in range(5) for text in ASKED]
    yield "Enter to the tutor's name", "ms", [1000 * s for s in seen], 100
    with TypedChat(model, folder, [*options, "--temperature", "1"]) as chat:
        stopped = [stop(chat, n, folder / f"{n}.json") for n in range(STOPS)]
    yield "Ctrl-C to the end, what was said kept", "ms", [1000 * s for s in stopped], 150


def fed_back(chat: TypedChat, text: str) -> float:
    """The seconds from Enter to the tutor's name."""
    since = len(chat.raw)
    chat.type(text)
    chat.wait_for(text[-6:].encode(), since=since)
    begun = chat.type("\r")
    seen = chat.wait_for(TUTOR, since=since)
    chat.wait_for(PROMPT, since=chat.raw.index(TUTOR, since))
    return seen - begun


def stop(chat: TypedChat, n: int, file: Path) -> float:
    """The seconds from a Ctrl-C within a reply to its end; the part that was shown is kept."""
    rng = random.Random(n)
    while True:  # a reply may end by itself before
        since = len(chat.raw)
        chat.type(f"Tell me a long story about number {rng.randrange(1000)}.\r")
        chat.wait_for(TUTOR, since=since)
        begin = chat.raw.index(TUTOR, since) + len(TUTOR)
        while len(chat.raw[begin:].strip()) < rng.randrange(8, 40):
            chat.wait_for(b" ", since=len(chat.raw))
        pressed = chat.type("\x03")
        ended = chat.wait_for(STOPPED.encode(), PROMPT, since=begin)
        chat.wait_for(PROMPT, since=begin)
        reply = chat.raw[begin:].split(STOPPED.encode())
        if len(reply) > 1:
            break
    since = len(chat.raw)
    chat.type(f"/export json {file}\r")
    chat.wait_for(b"written:", since=since)
    chat.wait_for(PROMPT, since=chat.raw.index(b"written:", since))
    last = json.loads(file.read_text("utf-8"))["turns"][-1]
    if last["role"] != "assistant" or not last["text"]:
        raise SystemExit(f"the beginning of a stopped reply is not kept: {last}")
    return ended - pressed


class Watched(ModelSpeaker):
    """Keeps how long the first token of each prompt took."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.seconds: list[float] = []

    def speak(self, messages: Sequence[Message], *, max_tokens: int) -> Iterator[Piece]:
        is_first = True
        for piece in super().speak(messages, max_tokens=min(max_tokens, REPLY_TOKENS)):
            if is_first:
                self.seconds.append(self.timings.first_seconds)
            is_first = False
            yield piece
        if is_first:  # the model has nothing to say, which takes a token too
            self.seconds.append(self.timings.first_seconds)


def lesson_of(speaker: ModelSpeaker) -> Lesson:
    notebook = Notebook(Store.open(None), "model", "socratic", built_in_course())
    return Lesson(speaker, profile_named("socratic"), notebook)


def later_beside_early(model: Model, problem: str) -> float:
    """How much longer the first token of a late turn takes than that of an early one."""
    list(model.generate([0], max_tokens=1))  # nothing is read of the lesson before
    speaker = Watched(model)
    lesson, firsts = lesson_of(speaker), []
    if problem:
        list(lesson.pose(problem))
    for turn in range(LATE):
        n = len(speaker.seconds)
        list(lesson.reply(ASKED[turn % 2]))  # no number, which would be an answer
        firsts.append(speaker.seconds[n])  # a reply that is withheld is asked for once more
    return firsts[LATE - 1] / firsts[EARLY - 1]


def replies(model: Model, bare: Bare) -> tuple[list[tuple[float, float]], list[float]]:
    """For each question tokens a second of both; the seconds of showing each token."""
    rates: list[tuple[float, float]] = []
    shown: list[float] = []
    for text in ASKED:
        speaker = ModelSpeaker(model)
        lesson = lesson_of(speaker)
        prompt = speaker.prompt([*lesson.pinned(), Message("user", text)])
        written, begun, spent = 0, 0, 0.0
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
            while written < WRITTEN:  # a reply may be short
                lesson = lesson_of(speaker)
                lesson.settings.max_tokens = WRITTEN
                Screen(styled=True, wraps=True).reply(timed(lesson.reply(text), shown))
                times = speaker.timings
                written, begun = written + times.n_tokens, begun + 1
                spent += times.last_seconds - times.first_seconds
        rates.append(((written - begun) / spent, bare.rate(prompt)))
    return rates, shown


def timed(pieces: Iterator[Piece], shown: list[float]) -> Iterator[Piece]:
    """`pieces`; what is done with each takes so many seconds."""
    for piece in pieces:
        begun = time.perf_counter()
        yield piece
        shown.append(time.perf_counter() - begun)


if __name__ == "__main__":
    sys.exit(main())
