"""A template for Ollama writes what the file's own does, or there is none."""

import shutil
from pathlib import Path

import pytest

from llmq.chat.go_template import translated
from llmq.runtime.chat_template import PLAIN, ChatTemplate
from llmq.suites import Message
from tests.oracles.go_templates import rendered, with_go
from tests.oracles.turn_templates import KINDS

QWEN3 = (  # an empty thought stands before the last reply alone
    KINDS["chatml"].template.partition("{% if add")[0]
    + "{% if add_generation_prompt %}<|im_start|>assistant\n"
    + "{% if not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
NO_SYSTEM = (  # Gemma 2's; the system text then goes into the first turn
    "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{% for m in messages %}<start_of_turn>{{ 'model' if m.role == 'assistant' else 'user' }}\n"
    "{{ m.content | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)
LATE_SYSTEM = (  # Mistral 7B Instruct v0.3's: in front of the student's last words
    "{% if messages[0].role == 'system' %}{% set system = messages[0].content %}"
    "{% set messages = messages[1:] %}{% endif %}{{ bos_token }}"
    "{% for m in messages %}{% if m.role == 'user' %}[INST] "
    "{% if system is defined and loop.last %}{{ system }}\n\n{% endif %}{{ m.content }}[/INST]"
    "{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}"
)
PHI = (
    "{% for m in messages %}<|{{ m.role }}|>\n{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)
OWN = {"qwen3": QWEN3, "gemma2": NO_SYSTEM, "mistral v0.3": LATE_SYSTEM, "phi": PHI}
TEMPLATES = {name: KINDS[name].template for name in ("chatml", "llama3", "mistral", "gemma")} | OWN


def template(source: str) -> ChatTemplate:
    return ChatTemplate(source, bos="<s>", eos="</s>", name="some.gguf")


def conversation(n_turns: int, system: str) -> list[Message]:
    talk = [Message("assistant" if i % 2 else "user", f"words {i} {{}}") for i in range(n_turns)]
    return [Message("system", system), *talk] if system else talk


@pytest.mark.parametrize("system", ["", "Teach < gently > & well."])
@pytest.mark.parametrize("name", TEMPLATES)
def test_ollama_writes_what_the_file_does(name: str, system: str) -> None:
    own = template(TEMPLATES[name])
    source = translated(own, without_bos=False)
    assert source
    for n_turns in (1, 3, 7):
        messages = conversation(n_turns, system)
        expected = own.render(messages, add_generation_prompt=True)
        assert rendered(source, messages) == expected


@pytest.mark.skipif(shutil.which("go") is None, reason="needs Go")
@pytest.mark.parametrize("name", TEMPLATES)
def test_go_itself_agrees(name: str, tmp_path: Path) -> None:
    own = template(TEMPLATES[name])
    source = translated(own, without_bos=False)
    assert source
    for n_turns, system in ((1, ""), (5, "Teach < gently > & well.")):
        messages = conversation(n_turns, system)
        expected = own.render(messages, add_generation_prompt=True)
        assert with_go(source, messages, tmp_path) == expected


def test_the_beginning_of_text_is_left_to_llama_cpp() -> None:
    messages = conversation(1, "")
    own = template(TEMPLATES["gemma2"])
    whole, rest = (translated(own, without_bos=without) for without in (False, True))
    assert whole
    assert rest
    assert rendered(whole, messages) == "<s>" + rendered(rest, messages)


def test_chatml_as_people_would_write_it() -> None:
    assert translated(template(TEMPLATES["chatml"]), without_bos=False) == (
        "{{ if .System }}<|im_start|>system\n{{ $.System }}<|im_end|>\n<|im_start|>user\n"
        "{{ else }}<|im_start|>user\n{{ end }}"
        "{{ range $i, $_ := .Messages }}{{ $last := eq (len (slice $.Messages $i)) 1 }}"
        '{{ if eq .Role "user" }}{{ .Content }}<|im_end|>\n<|im_start|>assistant\n'
        '{{ else if eq .Role "assistant" }}{{ .Content }}<|im_end|>\n<|im_start|>user\n'
        "{{ end }}{{ end }}"
    )


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}{{ loop.index }}. {{ m.content }}\n{% endfor %}",  # it counts
        "{% for m in messages %}{{ m.content | upper }}{% endfor %}",  # it changes words
        "{{ messages[-1].content }}",  # it forgets
        "{{ raise_exception('no') }}",
        "{% for m in messages %}{{ '{{' }}{{ m.content }}{% endfor %}",  # Go would read it
    ],
)
def test_what_is_more_than_texts_around_messages_has_no_translation(source: str) -> None:
    assert translated(template(source), without_bos=False) is None


def test_plain_lines_have_one_too() -> None:
    source = translated(template(PLAIN), without_bos=False)
    assert source
    assert rendered(source, conversation(3, "Be kind.")) == (
        "system: Be kind.\nuser: words 0 {}\nassistant: words 1 {}\nuser: words 2 {}\nassistant:"
    )
