"""What drift prints, at three widths: tables that fit, a legend, verdicts, replies side by side."""

from collections.abc import Callable, Iterator
from random import Random

import numpy as np
import pytest

from llmq.suites import Message
from llmq.verbs.drift_replies import print_replies, show_replies
from llmq.verbs.drift_tables import print_tables, print_verdicts
from llmq_eval.drift import DocumentDrift, Drift
from llmq_eval.likelihood import TOKEN
from llmq_eval.model_file import ModelFile
from llmq_eval.openings import Prompt
from llmq_eval.replies import Replies
from llmq_eval.writing import GREEDILY, Reply

Golden = Callable[[str, str], None]
FILES = {"smoltutor-Q8_0.gguf": (144_810_880, 0.0035), "smoltutor-Q4_K_M.gguf": (105_453_952, 0.05)}
SAID = "You have 12 apples.\nHow many are left when 5 are eaten?"


@pytest.fixture(params=[60, 80, 120])
def width(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """The terminal's width."""
    monkeypatch.setenv("COLUMNS", str(request.param))
    return int(request.param)


def drifts() -> Iterator[Drift]:
    base = ModelFile("smoltutor-BF16.gguf", 270_885_728, "b")
    for name, (size, nats) in FILES.items():
        rng = Random(name)
        documents = tuple(
            DocumentDrift(str(i), 0, np.array([token(rng, nats) for _ in range(60)], TOKEN))
            for i in range(80)
        )
        yield Drift(base, ModelFile(name, size, "q"), "talks", "s", 2048, documents)


def token(rng: Random, nats: float) -> tuple[float, ...]:
    base, kl = rng.expovariate(1), rng.expovariate(1) * nats
    chances = (1 - 2 * nats, 0.8, 0.8 - nats)
    return base, base + rng.gauss(0, kl), kl, *(rng.random() < c for c in chances), rng.randrange(9)  # fmt: skip


def replies() -> dict[Drift, Replies]:
    prompts = (
        Prompt(
            "talk-1",
            (1,),
            (Message("user", "I have 12 apples and eat 5 \x1b[31mof them."),),
            answer="7",
        ),
        Prompt("talk-2", (1,), (Message("user", "Hi!"),)),
    )
    base = Reply((1, 2), SAID, closed=True), Reply((3,), "Hello! What shall we learn?", closed=True)
    other = Reply((1, 4), SAID.replace("are left", "remain"), closed=True)
    first, second = drifts()
    return {
        first: Replies(prompts, base, base, (GREEDILY,)),
        second: Replies(
            prompts,
            base,
            (other, Reply((5,), "\x1b]0;title\x07 \u4f60\u597d" * 20, closed=False)),
            (GREEDILY,),
        ),
    }


def test_golden_tables_and_verdicts(
    width: int, golden: Golden, capsys: pytest.CaptureFixture[str]
) -> None:
    print_tables(list(drifts()))
    print_verdicts(list(drifts()))
    out, err = capsys.readouterr()
    assert max(map(len, (out + err).splitlines())) <= width
    golden(f"drift-{width}", f"{out}\n{err}")


@pytest.mark.parametrize("n_files", [1, 2])
def test_golden_replies(
    width: int, n_files: int, golden: Golden, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = dict(list(replies().items())[-n_files:])
    print_replies("talks", rows)
    show_replies(rows, 2)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    golden(f"drift-replies-{n_files}-{width}", out)
