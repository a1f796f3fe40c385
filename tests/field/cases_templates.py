"""Chat templates, wherever they stand and whatever they do."""

from tests.field.bases import CHATML, LLAMA, METASPACE, QWEN2, QWEN3
from tests.field.case import Case, Converts, refused
from tests.field.folder import file, settings, without

NO_SYSTEM = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system turn') }}{% endif %}"
)
DATED = "<|im_start|>system\n{{ strftime_now('%d %B %Y') }}<|im_end|>\n" + CHATML
TOOLS = "{% if tools is not none %}tools{% endif %}{% if documents %}documents{% endif %}" + CHATML
NAMES = "{{ bos_token }}{{ pad_token }}" + CHATML
MARKED = CHATML.replace(
    "{{ m['content'] }}", "{% generation %}{{ m['content'] }}{% endgeneration %}"
)
LOOPS = (
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% if ns.n > 9 %}{% break %}{% endif %}"
    "{% set ns.n = ns.n + 1 %}<|im_start|>{{ m.role }} {{ ns.n }}\n{{ m.content | trim }}<|im_end|>"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
HUGE = CHATML + "{% if false %}" + "x" * 1_000_000 + "{% endif %}"
UNPROMPTED = CHATML[: CHATML.index("{% if add_generation_prompt")]
NAMED = [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": CHATML}]
UNTOLD = without("tokenizer_config.json", "chat_template")

CASES = (
    Case("template: a file", QWEN2, (UNTOLD, file("chat_template.jinja", CHATML))),
    Case("template: a file before the settings", QWEN2, (file("chat_template.jinja", LOOPS),)),
    Case(
        "template: lines that end as on Windows",
        QWEN2,
        (UNTOLD, file("chat_template.jinja", LOOPS.replace("{% set", "\r\n{% set"))),
    ),
    Case("template: a list of named ones", QWEN2, (settings(chat_template=NAMED),)),
    Case("template: none", LLAMA, (UNTOLD,), Converts(prompts=False)),
    Case("template: null", QWEN2, (settings(chat_template=None),), Converts(prompts=False)),
    Case(
        "template: broken",
        QWEN2,
        (settings(chat_template="{% for m in messages %}{{ m.content }"),),
        Converts(prompts=False),
    ),
    Case("template: refuses a system turn", QWEN2, (settings(chat_template=NO_SYSTEM + CHATML),)),
    Case(
        "template: asks the date", QWEN3, (settings(chat_template=DATED),), Converts(prompts=False)
    ),
    Case("template: asks for tools", QWEN2, (settings(chat_template=TOOLS),)),
    Case("template: names special tokens", QWEN2, (settings(chat_template=NAMES),)),
    Case("template: marks what is generated", QWEN2, (settings(chat_template=MARKED),)),
    Case("template: loops and name spaces", QWEN3, (settings(chat_template=LOOPS),)),
    Case("template: without a generation prompt", QWEN2, (settings(chat_template=UNPROMPTED),)),
    Case("template: a megabyte", QWEN2, (settings(chat_template=HUGE),)),
    Case("template: a number", QWEN2, (settings(chat_template=7),), refused("chat_template")),
    Case(
        "template: a file that is no text",
        LLAMA,
        (file("chat_template.jinja", b"\xff\xfe{\x00"),),
        refused("chat_template.jinja", "UTF-8"),
    ),
    Case(
        "template: turns of Llama 2",
        METASPACE,
        (
            UNTOLD,
            file(
                "chat_template.jinja",
                "{{ bos_token }}{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}",
            ),
        ),
    ),
)
