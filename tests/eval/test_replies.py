"""What both files write to the same prompts: which prompts, when a reply ends, what is counted."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from llmq.chat.conversation import ChatSettings, open_chat
from llmq.cli import main
from llmq.errors import ModelError, SuiteError
from llmq.planning import make_plan
from llmq.quantize import execute
from llmq.runtime import Model, open_model
from llmq.sources.opening import open_source
from llmq.suites import Dialogue, Message, Suite
from llmq_eval.drift import builtin_suite
from llmq_eval.openings import REPLY_TOKENS, Prompt, choose_prompts
from llmq_eval.replies import Replies, compare_replies, write_replies
from llmq_eval.writing import GREEDILY, WAYS, Reply

SUITE = builtin_suite()


@pytest.fixture(scope="module")
def tutor_gguf(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled tutor, which ends its turns."""
    plan = make_plan(open_source(repository / "eval" / "tutor"), recipe="Q8_0")
    return execute(plan, tmp_path_factory.mktemp("tutor") / "tutor.gguf")


def test_prompts_are_openings_spread_over_the_suite(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        found = choose_prompts([model], SUITE, 8)
        assert [prompt.id for prompt in found] == [f"practice-{i:03}" for i in range(0, 80, 10)]
        first = SUITE.dialogues[0].messages
        assert list(found[0].tokens) == model.prompt(first[:2])
        assert [message.role for message in first[:3]] == ["system", "user", "assistant"]


def test_dialogues_that_cannot_be_asked_are_passed_over_and_too_few_are_refused(
    tiny_gguf: dict[str, Path],
) -> None:
    ask, tell = Message("user", "2+2?"), Message("assistant", "Count.")
    system = Message("system", "Be kind.")
    suite = Suite(
        "mixed",
        "",
        (
            Dialogue("tutor first", (system, tell, ask, tell)),
            Dialogue("no tutor", (ask,)),
            Dialogue("too long", (Message("user", "x" * 1000), tell)),
            Dialogue("good", (system, ask, ask, tell, ask, tell)),
        ),
    )
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        (prompt,) = choose_prompts([model, model], suite, 1)
        opening = (system, ask, ask)
        assert prompt == Prompt("good", tuple(model.prompt(opening)), opening)
        assert prompt.asked == "2+2?"
        with pytest.raises(SuiteError, match=r"mixed has 1 dialogue in .* 2 replies need more"):
            choose_prompts([model], suite, 2)


def test_files_that_read_a_prompt_differently_are_refused(
    tiny_gguf: dict[str, Path], save_gguf: Callable[..., Path]
) -> None:
    plain = save_gguf("plain", "BF16", template=None)
    with (
        open_model(tiny_gguf["BF16"]) as base,
        open_model(plain) as other,
        pytest.raises(ModelError, match="dialogue 'practice-000'") as caught,
    ):
        choose_prompts([base, other], SUITE, 2)
    assert str(plain) in str(caught.value)


def test_a_reply_that_never_ends_is_open_at_the_limit(tiny_gguf: dict[str, Path]) -> None:
    with open_model(tiny_gguf["Q4_0"], threads=1) as model:
        prompts = choose_prompts([model], SUITE, 2)
        counted: list[tuple[int, int]] = []
        (found,) = compare_replies(
            [model, model], prompts, progress=lambda *done: counted.append(done)
        )
    assert isinstance(found, Replies)
    assert found.base == found.quant
    assert [(len(reply.tokens), reply.closed) for reply in found.base] == [
        (REPLY_TOKENS, False)
    ] * 4
    assert counted == [(i, 8) for i in range(1, 9)]
    rows = found.rows()
    assert [(row["id"], row["mode"], row["seed"]) for row in rows] == [
        (prompt.id, way.mode, way.seed) for prompt in prompts for way in WAYS
    ]
    assert all(row["same"] and row["base_open"] and row["quant_open"] for row in rows)
    assert found.base[0] != found.base[1]  # chance has its way


def greedy(model: Model, prompts: Sequence[Prompt]) -> tuple[Reply, ...]:
    written = write_replies(model, prompts, [GREEDILY], lambda: None)
    assert not isinstance(written, ModelError)
    return written


def test_replies_are_what_the_tutor_says_in_a_chat(tutor_gguf: Path) -> None:
    with open_model(tutor_gguf, threads=1) as model:
        prompts = choose_prompts([model], SUITE, 4)
        replies = greedy(model, prompts)
        assert all(model.is_end(reply.tokens[-1]) for reply in replies)
    assert all(reply.closed for reply in replies)
    dialogues = {dialogue.id: dialogue for dialogue in SUITE.dialogues}
    for prompt, reply in zip(prompts, replies, strict=True):
        system, student, _ = (message.content for message in dialogues[prompt.id].messages[:3])
        with open_chat(tutor_gguf, settings=ChatSettings(system=system), threads=1) as chat:
            assert chat.say(student).strip() == reply.text != ""


def test_without_a_template_the_line_ends_a_reply(
    save_gguf: Callable[..., Path],
) -> None:
    plain = save_gguf("plain", "BF16", template=None)
    with open_model(plain, threads=1) as model:
        replies = greedy(model, choose_prompts([model], SUITE, 8))
        texts = [b"".join(map(model.piece, reply.tokens)).lstrip() for reply in replies]
    assert {reply.closed for reply in replies} == {True, False}
    for reply, text in zip(replies, texts, strict=True):
        assert text.count(b"\n") == reply.closed
        assert text.endswith(b"\n") == reply.closed
        assert reply.closed or len(reply.tokens) == REPLY_TOKENS


def test_a_file_that_fails_does_not_keep_the_others_from_replying(
    tiny_gguf: dict[str, Path], tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.gguf"
    data = bytearray(tiny_gguf["BF16"].read_bytes())
    data[-60_000:] = b"\xff\x7f" * 30_000  # BF16 NaN
    damaged.write_bytes(data)
    with (
        open_model(tiny_gguf["BF16"], threads=1) as good,
        open_model(damaged, threads=1) as bad,
    ):
        prompts = choose_prompts([good, bad], SUITE, 2)
        failed, found = compare_replies([good, bad, good], prompts)
        assert isinstance(failed, ModelError)
        assert "damaged.gguf computes no number" in str(failed)
        assert isinstance(found, Replies)
        assert found.base == found.quant
        assert all(isinstance(each, ModelError) for each in compare_replies([bad, good], prompts))


def made(n_tokens: int, *, closed: bool = True, token: int = 7, text: str = "") -> Reply:
    return Reply((token,) * n_tokens, text or "x" * min(n_tokens, 20), closed)


def asked(name: str, answer: str = "") -> Prompt:
    return Prompt(name, (1,), (Message("user", "What is 20 - 8?"),), answer=answer)


CIRCLES = "Count back from twenty. " * 8


def test_the_totals_follow_from_the_rows_of_the_report() -> None:
    base = (made(10), made(30), made(20), made(REPLY_TOKENS, closed=False))
    quant = (made(10), made(36, text="It is 12."), made(20, token=8), made(9, text=CIRCLES))
    prompts = (asked("a"), asked("b", "12"), asked("c", "12"), asked("d"))
    replies = Replies(prompts, base, quant, (GREEDILY,))
    report = json.loads(json.dumps(replies.as_json(), allow_nan=False))
    totals = {name: total["value"] for name, total in report["totals"].items()}
    rows = report["dialogues"]
    n = {side: np.array([row[side]["n_tokens"] for row in rows]) for side in ("base", "quant")}
    assert totals == {
        "base_reply_tokens": n["base"].mean(),
        "quant_reply_tokens": n["quant"].mean(),
        "reply_length_ratio": n["quant"].sum() / n["base"].sum(),
        "base_open_rate": 0.25,
        "quant_open_rate": 0,
        "base_loop_rate": 0,
        "quant_loop_rate": 0.25,
        "base_leak_rate": 0,
        "quant_leak_rate": 0.5,  # of the two that have a key
        "same_first_sentence_rate": 0.5,
        "same_reply_rate": 0.25,
    }
    without = (n["quant"].sum() - n["quant"]) / (n["base"].sum() - n["base"])
    error = math.sqrt(3 * np.var(without))
    assert report["totals"]["reply_length_ratio"]["standard_error"] == pytest.approx(error)
    assert [row["id"] for row in rows] == list("abcd")
    counted = [name for name in replies.rows()[1] if name.startswith(("base_", "quant_", "same"))]
    assert [replies.rows()[1][name] for name in counted] == [30, 0, 0, 0, 36, 0, 0, 1, 0, 0]
    assert [row["quant_leak"] for row in replies.rows()] == [None, 1, 0, None]
    assert [sample["id"] for sample in replies.samples()] == ["d", "b", "c", "a"]


def test_the_interval_of_a_share_is_wilsons_over_prompts_also_where_all_agree() -> None:
    prompts = tuple(map(asked, map(str, range(40))))
    base = (made(10),) * 80
    quant = (made(10),) * 60 + (made(REPLY_TOKENS, closed=False),) * 20
    totals = Replies(prompts, base, quant).totals
    assert totals["base_open_rate"].low == totals["base_open_rate"].value == 0
    for name, value in (("base_open_rate", 0.0), ("quant_open_rate", 0.25)):
        for end in (totals[name].low, totals[name].high):
            # Wilson's ends are the shares p from which `value` is 1.96 standard errors of p away.
            assert end is not None
            distance = abs(value - end)
            assert distance == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / 40), rel=1e-6)


def test_thoughts_are_not_told_to_the_student() -> None:
    thought = Reply((1, 2), "<think>20 - 8 = 12.</think>\nCount back from 20. Try it!", closed=True)
    opened = Reply((1, 2), "20 - 8 = 12.</think>Count back from 20.", closed=True, opened=True)
    told = Reply((1, 2), "20 - 8 = 12.", closed=True)
    assert {thought.first_sentence, opened.first_sentence} == {"Count back from 20."}
    found = Replies((asked("a", "12"),) * 3, (told,) * 3, (thought, opened, told), (GREEDILY,))
    assert [row["quant_leak"] for row in found.rows()] == [0, 0, 1]


# The command line


def test_replies_stand_below_the_table_and_in_the_report(
    tutor_gguf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = tmp_path / "report.json"
    records = [asdict(dialogue) for dialogue in SUITE.dialogues[:6]]
    lines = [json.dumps({k: v for k, v in record.items() if v}) for record in records]
    suite = tmp_path / "six.jsonl"
    suite.write_text("\n".join(lines), encoding="utf-8")
    arguments = ["drift", *[str(tutor_gguf)] * 3, "--suite", str(suite), "--generate", "3"]
    assert main([*arguments, "--threads", "1", "--report-json", str(report)]) == 0
    out, err = capsys.readouterr()
    tables = out.splitlines()
    lines_of = (["file", *["tutor.gguf"] * n, ""] for n in (3, 2, 2, 3))  # two have no base
    verdicts = ["tutor.gguf", "", "tutor.gguf"]
    assert [line.partition(" ")[0] for line in tables] == [*chain(*lines_of), *verdicts]
    assert "six: replies to what opens 3 dialogues, each of at most 256 tokens" in err
    assert "note: only 3 documents" in err
    assert "1.000 ± 0.000" in tables[-5]
    assert "100.0 ± 56.1 %" in tables[-5]
    for drift in json.loads(report.read_text(encoding="utf-8"))["drifts"]:
        replies = drift["replies"]
        assert [row["id"] for row in replies["dialogues"]] == [
            f"practice-{i:03}" for i in (0, 0, 2, 2, 4, 4)
        ]
        assert all(row["base"] == row["quant"] for row in replies["dialogues"])
        assert all(row["base"]["closed"] for row in replies["dialogues"])
        assert replies["totals"]["same_reply_rate"]["value"] == 1


def test_more_replies_than_dialogues_are_refused_before_the_work(
    tutor_gguf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["drift", str(tutor_gguf), str(tutor_gguf), "--generate", "81"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("llmq: the suite tutoring has 80 dialogues")
    assert err.count("\n") == 1
