"""Templates come from untrusted files: they render in a sandbox or fail in one line."""

from datetime import date

import pytest

from llmq.errors import ModelError
from llmq.runtime.chat_template import PLAIN, ChatTemplate
from llmq.suites import Message

TALK = (Message("system", "Be kind."), Message("user", "Hi"), Message("assistant", "Hello!"))


def template(source: str) -> ChatTemplate:
    return ChatTemplate(source, bos="<s>", eos="</s>", name="some.gguf")


def test_the_plain_fallback_is_a_line_a_turn() -> None:
    plain = template(PLAIN)
    assert plain.is_plain
    assert plain.render(TALK, add_generation_prompt=False) == (
        "system: Be kind.\nuser: Hi\nassistant: Hello!\n"
    )
    assert plain.render(TALK[1:2], add_generation_prompt=True) == "user: Hi\nassistant:"


def test_what_transformers_offers_to_templates_is_there() -> None:
    source = (
        "{{ bos_token }}{% for m in messages %}{% if loop.index0 % 2 == 9 %}{% continue %}{% endif %}"
        "{% generation %}{{ m | tojson }}{% endgeneration %}{% endfor %}{{ strftime_now('%%') }}"
    )
    text = template(source).render(TALK[1:2], add_generation_prompt=False)
    assert text == '<s>{"role": "user", "content": "Hi"}%'


def test_variables_are_those_of_transformers() -> None:
    source = (
        "{{ tools is none }} {{ documents is none }} {{ bos_token }} {{ eos_token }} {{ pad_token }} "
        "{{ unk_token is defined }} {{ strftime_now('%d %B %Y') }}"
    )
    fixed = ChatTemplate(
        source, bos="<s>", eos="</s>", name="x", tokens={"pad_token": "<pad>"}, fixed_date=True
    )
    text = fixed.render(TALK, add_generation_prompt=False)
    assert text == "True True <s> </s> <pad> False 01 January 2026"


def test_today_is_today_but_for_a_measurement() -> None:
    before = date.today()
    text = template("{{ strftime_now('%Y-%m-%d') }}").render(TALK, add_generation_prompt=False)
    assert before.isoformat() <= text <= date.today().isoformat()


def test_a_template_without_system_turns_gets_its_text_in_front() -> None:
    source = (
        "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}"
        "{% endif %}[{{ m.content }}]{% endfor %}"
    )
    assert template(source).render(TALK, add_generation_prompt=False) == "[Be kind.\n\nHi][Hello!]"


@pytest.mark.parametrize(
    "source",
    [
        "{% for m in messages %}",
        "{{ raise_exception('no\n\x1b[31m') }}",
        "{{ messages[9].content.upper() }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
        "{% include '/etc/passwd' %}",
        "{{ 1 / 0 }}",
        "{{ 'a' * 10000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 'x'|center(2000000000) }}",
        "{{ 'x'.ljust(2000000000) }}",
        "{{ 'x\\nx'|indent(2000000000) }}",
        "{{ '{:2000000000}'.format(1) }}",
        "{{ lipsum(n=1000000) }}",
        "{% for i in range(1000000000) %}x{% endfor %}",
        "{% for i in range(99999) %}{{ 'x' * 999 }}{% endfor %}",
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    ],
)
def test_a_hostile_or_broken_template_is_one_line(source: str) -> None:
    with pytest.raises(ModelError, match=r"^the chat template of some\.gguf fails: ") as caught:
        template(source).render(TALK, add_generation_prompt=True)
    assert str(caught.value).isprintable()
