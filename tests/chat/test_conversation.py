"""A chat with a real file: what is said is kept, what is safe is shown."""

from itertools import islice
from pathlib import Path

import pytest

from llmq.chat.conversation import ChatSettings, open_chat
from llmq.chat.sanitize import sanitized
from llmq.errors import ModelError
from llmq.runtime import Sampling, open_model
from llmq.suites import Message

WILD = Sampling(temperature=5.0, top_p=1.0, seed=11)  # nearly every byte is equally likely


def test_what_both_said_is_in_the_session(tiny_gguf: dict[str, Path]) -> None:
    settings = ChatSettings(system="Be kind.", max_tokens=20)
    with open_chat(tiny_gguf["BF16"], settings=settings, threads=1) as chat:
        answers = ["".join(chat.reply(text)) for text in ("Hello", "And now?")]
        assert chat.was_cut
    said = [(m.role, m.content) for m in chat.session.messages]
    assert said[0] == ("system", "Be kind.")
    assert [role for role, _ in said[1:]] == ["user", "assistant"] * 2
    assert [content for _, content in said[2::2]] == [answer.rstrip() for answer in answers]


def test_the_bytes_of_a_wild_model_become_safe_text(tiny_gguf: dict[str, Path]) -> None:
    settings = ChatSettings(system="", sampling=WILD, max_tokens=900)
    with open_chat(tiny_gguf["BF16"], settings=settings, threads=1) as chat:
        shown = "".join(chat.reply("Go"))
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
        part = "".join(islice(reply, 3))
        reply.close()  # as a KeyboardInterrupt in the loop would
        assert chat.session.messages[-1] == Message("assistant", part.rstrip())


def test_a_long_chat_forgets_its_beginning(tiny_gguf: dict[str, Path]) -> None:
    settings = ChatSettings(system="Be kind.", max_tokens=10)
    with open_chat(tiny_gguf["BF16"], settings=settings, n_ctx=256, threads=1) as chat:
        for _ in range(8):
            "".join(chat.reply("What is three plus four, please?"))
        assert len(chat.session.messages) == 17
        assert len(chat.model.prompt(chat.session.messages)) > chat.model.n_ctx


def test_a_message_beyond_the_context_is_refused_and_not_kept(tiny_gguf: dict[str, Path]) -> None:
    with open_chat(tiny_gguf["BF16"], n_ctx=256, threads=1) as chat:
        before = chat.session
        with pytest.raises(ModelError, match="larger context"):
            "".join(chat.reply("x" * 500))
        assert chat.session == before


def test_without_a_template_a_reply_is_one_line(stories_gguf: dict[str, Path]) -> None:
    settings = ChatSettings(sampling=Sampling(temperature=1.0, seed=5), max_tokens=300)
    with open_chat(stories_gguf["F16"], settings=settings, threads=1) as chat:
        reply = "".join(chat.reply("Hello"))
    assert reply
    assert "\n" not in reply
    assert reply == reply.lstrip()
