"""A model's words become safe pieces; circles and endless thoughts are stopped."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from llmq.chat.pieces import Kind, Piece
from llmq.chat.speaking import CIRCLES, CUT, ModelSpeaker
from llmq.runtime import Model, open_model
from llmq.suites import Message

ASKED = [Message("system", "Be kind."), Message("user", "7?")]


@pytest.fixture
def tutor(tiny_gguf: dict[str, Path]) -> Iterator[Model]:
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        yield model


@pytest.fixture
def thinker(thinker_gguf: Path) -> Iterator[Model]:
    with open_model(thinker_gguf, threads=1) as model:
        yield model


def text_of(pieces: Sequence[Piece], kind: Kind) -> str:
    return "".join(piece.text for piece in pieces if piece.kind is kind)


def test_the_timings_are_those_of_the_last_reply(tutor: Model) -> None:
    speaker = ModelSpeaker(tutor)
    assert speaker.timings.n_tokens == 0
    list(speaker.speak(ASKED, max_tokens=9))
    first = speaker.timings
    assert first.n_prompt == first.n_read == speaker.count(ASKED)
    assert first.n_tokens == 9
    assert 0 < first.first_seconds < first.last_seconds
    assert first.tokens_per_second == pytest.approx(8 / (first.last_seconds - first.first_seconds))
    list(speaker.speak(ASKED, max_tokens=3))
    assert (speaker.timings.n_read, speaker.timings.n_tokens) == (1, 3)  # the rest was known


def test_what_is_said_next_is_read_alone(tutor: Model) -> None:
    speaker, turns = ModelSpeaker(tutor), list(ASKED)
    for _ in range(4):
        said = text_of(list(speaker.speak(turns, max_tokens=12)), Kind.SPEECH)
        before = len(tutor.prompt(turns))
        turns += [Message("assistant", said.rstrip()), Message("user", "And 8?")]
        list(speaker.speak(turns, max_tokens=1))
        assert speaker.timings.n_read <= len(tutor.prompt(turns)) - before + 1


@pytest.mark.parametrize("budget", [0, 4, 100])
def test_thoughts_are_closed_by_their_budget(thinker: Model, budget: int) -> None:
    pieces = list(ModelSpeaker(thinker, think_budget=budget).speak(ASKED, max_tokens=40))
    n_bytes = len(text_of(pieces, Kind.THOUGHT).strip())  # a token is a byte here
    assert n_bytes <= min(budget, 20)
    assert bool(n_bytes) == bool(budget)
    assert text_of(pieces, Kind.SPEECH)
    assert text_of(pieces, Kind.REMARK) == CUT


def test_what_follows_closed_thoughts_is_what_the_model_says_after_them(thinker: Model) -> None:
    said = text_of(
        list(ModelSpeaker(thinker, think_budget=0).speak(ASKED, max_tokens=8)), Kind.SPEECH
    )
    tag = thinker.tokenize("\n</think>\n\n", special=True)
    tokens = thinker.generate([*thinker.prompt(ASKED), *tag], max_tokens=8)
    raw = b"".join(map(thinker.piece, tokens)).decode("utf-8", "replace")
    assert said.strip() == "".join(c for c in raw if c.isprintable() or c in "\n\t").strip()


def test_a_template_is_asked_for_thoughts_only_with_a_budget(
    save_gguf: Callable[..., Path],
) -> None:
    template = "{% for m in messages %}{{ m.content }}{% endfor %}{{ enable_thinking }}"
    with open_model(save_gguf("asked", "BF16", template), threads=1) as model:
        for budget, word in ((None, "False"), (0, "False"), (9, "True"), (0, "False")):
            ModelSpeaker(model, think_budget=budget).count(ASKED)
            assert model.transcript(ASKED).text.endswith(word)


@pytest.mark.parametrize(
    ("opening", "budget", "remark"),
    [("", None, CIRCLES), ("<think>", None, CIRCLES), ("<think>", 400, CUT)],
)
def test_circles_are_stopped(
    tutor: Model, monkeypatch: pytest.MonkeyPatch, opening: str, budget: int | None, remark: str
) -> None:
    texts = [f"{opening}So: " + "Add the tens. " * 60, "Well done!"]

    def replayed(model: Model, *_: object, **__: object) -> Iterator[int]:
        return iter(model.tokenize(texts.pop(0)))  # no random model would write this

    monkeypatch.setattr(Model, "generate", replayed)
    pieces = list(ModelSpeaker(tutor, think_budget=budget).speak(ASKED, max_tokens=1000))
    kind = Kind.THOUGHT if opening else Kind.SPEECH
    assert 4 <= text_of(pieces, kind).count("Add the tens.") < 20
    assert text_of(pieces, Kind.REMARK).endswith(remark)
    assert ("Well done!" in text_of(pieces, Kind.SPEECH)) == (remark == CUT)
