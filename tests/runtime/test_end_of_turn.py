"""The mark after a reply, for templates that close turns and for those that only open them."""

import pytest

from llmq.runtime.chat_template import PLAIN, ChatTemplate
from llmq.runtime.end_of_turn import end_of_turn
from tests.conftest import CHATML

MARKS = ("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|end|>", "<|end|>x", "<|user|>", "[INST]")
LOOP = "{{% for m in messages %}}{}{{% endfor %}}"
TEMPLATES = {
    "a mark of its own": (CHATML, "<|im_end|>"),
    "the end of text": (
        LOOP.format("{{ m.role }}: {{ m.content | trim }} {{ eos_token }}"),
        "</s>",
    ),
    "the longer of two": (LOOP.format("<|user|>{{ m.content }}<|end|>x"), "<|end|>x"),
    "only between turns": (
        LOOP.format("{{ m.content }}{% if not loop.last %}<|end|>{% endif %}"),
        "<|end|>",
    ),
    "a line further down": (LOOP.format("{{ m.content }}\n\n<|end|>"), "<|end|>"),
    "the next turn's opening": (LOOP.format("<|user|>{{ m.content }}"), "<|user|>"),
    "the next turn's beginning of text": (
        LOOP.format("{% if m.role == 'user' %}{{ bos_token }}Q: {% endif %}{{ m.content }}"),
        "<s>",
    ),
    "none": (PLAIN, None),
    "words before the mark": (LOOP.format("{{ m.content }} over <|end|>"), None),
    "replies left out": ("{{ messages[0].content }}<|end|>", None),
    "a broken template": ("{{ raise_exception('no') }}", None),
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_the_mark_after_a_reply(kind: str) -> None:
    source, mark = TEMPLATES[kind]
    template = ChatTemplate(source, bos="<s>", eos="</s>", name="some.gguf")
    assert end_of_turn(template, MARKS) == mark
