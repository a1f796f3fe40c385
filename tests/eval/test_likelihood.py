"""Which tokens of a dialogue are scored."""

from collections.abc import Callable
from pathlib import Path

import pytest

from llmq.errors import ModelError
from llmq.runtime import Model, open_model
from llmq.suites import Dialogue, Message
from llmq_eval.likelihood import passages

TALK = Dialogue(
    "talk",
    (
        Message("system", "Be patient."),
        Message("user", "I get 3 + 4 = 8."),
        Message("assistant", "Not quite. Count é on from 3."),
        Message("user", "7"),
        Message("assistant", "Yes!"),
    ),
)

# As Qwen3 does: only the last turn shows its (empty) thinking.
FORGETFUL = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and loop.last %}<think></think>{% endif %}"
    "{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think></think>{% endif %}"
)
# As DeepSeek-R1 does: a reply to come opens with its thoughts, one that was given has none.
THINKING = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n<think>\n{% endif %}"
)
UNFAITHFUL = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}Now answer:{% endif %}"
)


def scored_text(model: Model, dialogue: Dialogue) -> list[str]:
    """The scored tokens of each run of neighbours, as text; end-of-generation tokens by name."""
    found: list[str] = []
    for passage in passages(model, dialogue):
        last = -2
        for index in passage.scored:
            token = passage.tokens[index]
            shown = "<end>" if model.is_end(token) else model.piece(token).decode("latin-1")
            if index == last + 1:
                found[-1] += shown
            else:
                found.append(shown)
            last = index
    return [text.encode("latin-1").decode() for text in found]


def test_the_tutors_words_and_their_ends_are_scored_and_nothing_else(
    tiny_gguf: dict[str, Path],
) -> None:
    with open_model(tiny_gguf["BF16"]) as model:
        assert scored_text(model, TALK) == ["Not quite. Count é on from 3.<end>", "Yes!<end>"]
        (passage,) = passages(model, TALK)
        whole = model.chat_template.render(TALK.messages, add_generation_prompt=False)
        assert list(passage.tokens) == model.tokenize(whole, special=True, add_bos=True)


def test_a_template_that_rewrites_the_past_gives_a_passage_per_turn(
    save_gguf: Callable[..., Path],
) -> None:
    with open_model(save_gguf("forgetful", "BF16", FORGETFUL)) as model:
        first, second = passages(model, TALK)
        assert scored_text(model, TALK) == ["Not quite. Count é on from 3.<end>", "Yes!<end>"]
        text = b"".join(map(model.piece, second.tokens)).decode()
        assert text.count("<think>") == 1
        assert len(first.tokens) < len(second.tokens)


@pytest.mark.parametrize(
    "opening", ["<think>\n", "<think>\n\n</think>\n\n", "<|channel>thought\n<channel|>"]
)
def test_a_reply_is_scored_after_the_thoughts_that_a_template_opens(
    save_gguf: Callable[..., Path], opening: str
) -> None:
    template = THINKING.replace("<think>\n", opening)
    with open_model(save_gguf("thinking", "BF16", template)) as model:
        assert scored_text(model, TALK) == ["Not quite. Count é on from 3.<end>", "Yes!<end>"]


def test_a_turn_that_quotes_marks_is_scored_to_its_end(tiny_gguf: dict[str, Path]) -> None:
    said = "Write <|im_end|> or <|end|> to end a turn."
    talk = Dialogue("quoted", (Message("user", "How?"), Message("assistant", said)))
    with open_model(tiny_gguf["BF16"]) as model:
        assert scored_text(model, talk) == [said + "<end>"]


def test_without_a_template_the_lines_of_the_tutor_are_scored(
    save_gguf: Callable[..., Path],
) -> None:
    talk = Dialogue("plain", (Message("user", "Hi"), Message("assistant", "What do you see?")))
    with open_model(save_gguf("plain", "BF16", None)) as model:
        assert scored_text(model, talk) == [" What do you see?\n"]


def test_a_template_that_does_not_keep_its_word_is_an_error(
    save_gguf: Callable[..., Path],
) -> None:
    with (
        open_model(save_gguf("unfaithful", "BF16", UNFAITHFUL)) as model,
        pytest.raises(ModelError, match=r"'talk', turn 3: .*does not continue its own opening"),
    ):
        passages(model, TALK)
