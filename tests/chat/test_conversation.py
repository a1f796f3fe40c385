"""A chat with a real file: what is said is kept, what is safe is shown."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest

from llmq.chat.conversation import ChatSettings, open_chat
from llmq.chat.pieces import Kind, Piece
from llmq.chat.sanitize import sanitized
from llmq.chat.speaking import CUT
from llmq.chat.thinking import UNSAID
from llmq.errors import ModelError
from llmq.runtime import Model, Sampling, open_model
from llmq.suites import Message

WILD = Sampling(temperature=5.0, top_p=1.0, seed=11)  # nearly every byte is equally likely


def test_what_both_said_is_in_the_session(tiny_gguf: dict[str, Path]) -> None:
    settings = ChatSettings(system="Be kind.", max_tokens=20)
    with open_chat(tiny_gguf["BF16"], settings=settings, threads=1) as chat:
        answers = [chat.say(text) for text in ("Hello", "And now?")]
    said = [(m.role, m.content) for m in chat.session.messages]
    assert said[0] == ("system", "Be kind.")
    assert [role for role, _ in said[1:]] == ["user", "assistant"] * 2
    assert [content for _, content in said[2::2]] == [answer.rstrip() for answer in answers]


def test_the_bytes_of_a_wild_model_become_safe_text(tiny_gguf: dict[str, Path]) -> None:
    settings = ChatSettings(system="", sampling=WILD, max_tokens=900)
    with open_chat(tiny_gguf["BF16"], settings=settings, threads=1) as chat:
        shown = chat.say("Go")
    with open_model(tiny_gguf["BF16"], threads=1) as model:
        prompt = model.prompt([Message("user", "Go")])
        tokens = list(model.generate(prompt, max_tokens=900, sampling=WILD))
        raw = b"".join(map(model.piece, tokens))
    assert set(raw) & ({*range(32), 127} - {9, 10})  # or this test would show nothing
    assert raw.strip() != shown.strip().encode()
    assert shown == sanitized(shown)
    assert not {c for c in shown if ord(c) < 32} - {"\n", "\t"}


def test_a_reply_that_is_stopped_stays_as_far_as_it_came(tiny_gguf: dict[str, Path]) -> None:
    with open_chat(tiny_gguf["BF16"], threads=1) as chat:
        reply = chat.reply("Hello")
        part = "".join(piece.text for piece in islice(reply, 3))
        reply.close()  # as a KeyboardInterrupt in the loop would
        assert chat.session.messages[-1] == Message("assistant", part.rstrip())


def test_a_reply_at_its_limit_ends_with_a_remark(tiny_gguf: dict[str, Path]) -> None:
    with open_chat(tiny_gguf["BF16"], settings=ChatSettings(max_tokens=5), threads=1) as chat:
        *spoken, last = chat.reply("Hello")
        assert {piece.kind for piece in spoken} == {Kind.SPEECH}
        assert last == Piece(Kind.REMARK, CUT)
        assert chat.session.messages[-1].content == "".join(p.text for p in spoken).rstrip()


def test_thoughts_that_the_template_opened_are_never_said(thinker_gguf: Path) -> None:
    with open_chat(thinker_gguf, settings=ChatSettings(max_tokens=5), threads=1) as chat:
        before = chat.session
        *thoughts, unsaid, cut = chat.reply("Hello")
        assert thoughts
        assert {piece.kind for piece in thoughts} == {Kind.THOUGHT}
        assert [unsaid, cut] == [Piece(Kind.REMARK, UNSAID), Piece(Kind.REMARK, CUT)]
        assert chat.session == before


@pytest.mark.parametrize("opened_by", ["reply", "template"])
def test_the_session_keeps_no_thoughts(
    opened_by: str, tiny_gguf: dict[str, Path], thinker_gguf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = thinker_gguf if opened_by == "template" else tiny_gguf["BF16"]
    opening = "" if opened_by == "template" else "<think>\n"
    text = f"{opening}3 + 4 = 7.\n</think>\n\nWell done!<|im_end|>"

    def replayed(model: Model, *_: object, **__: object) -> Iterator[int]:
        return iter(model.tokenize(text, special=True))  # no random model would write this

    monkeypatch.setattr(Model, "generate", replayed)
    with open_chat(path, threads=1) as chat:
        pieces = list(chat.reply("7?"))
        assert chat.session.messages[-1] == Message("assistant", "Well done!")
    thought = "".join(piece.text for piece in pieces if piece.kind is Kind.THOUGHT)
    assert thought == "3 + 4 = 7.\n"
    assert not [piece for piece in pieces if piece.kind is Kind.REMARK]


def test_the_prompt_is_rendered_and_tokenized_once(
    tiny_gguf: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    prompt = Model.prompt

    def counted(model: Model, messages: Sequence[Message]) -> list[int]:
        calls.append(messages)
        return prompt(model, messages)

    monkeypatch.setattr(Model, "prompt", counted)
    with open_chat(tiny_gguf["BF16"], settings=ChatSettings(max_tokens=5), threads=1) as chat:
        chat.say("Hello")
    assert len(calls) == 1


def test_a_long_chat_forgets_its_beginning(tiny_gguf: dict[str, Path]) -> None:
    settings = ChatSettings(system="Be kind.", max_tokens=10)
    with open_chat(tiny_gguf["BF16"], settings=settings, n_ctx=256, threads=1) as chat:
        for _ in range(8):
            chat.say("What is three plus four, please?")
        assert len(chat.session.messages) == 17
        assert len(chat.model.prompt(chat.session.messages)) > chat.model.n_ctx


def test_a_message_beyond_the_context_is_refused_and_not_kept(tiny_gguf: dict[str, Path]) -> None:
    with open_chat(tiny_gguf["BF16"], n_ctx=256, threads=1) as chat:
        before = chat.session
        with pytest.raises(ModelError, match="larger context"):
            chat.say("x" * 500)
        assert chat.session == before


def test_without_a_template_a_reply_is_one_line(save_gguf: Callable[..., Path]) -> None:
    settings = ChatSettings(sampling=Sampling(temperature=5.0, seed=5), max_tokens=600)
    with open_chat(save_gguf("plain", "BF16", None), settings=settings, threads=1) as chat:
        pieces = list(chat.reply("Hello"))
    assert {piece.kind for piece in pieces} == {Kind.SPEECH}  # no remark: a newline ended it
    reply = "".join(piece.text for piece in pieces)
    assert "\n" not in reply
    assert reply == reply.lstrip()
