"""A model's own chat template: Jinja source out of an untrusted file.

A template is a program, so it runs in Jinja's sandbox: no attribute of a Python object beyond the
harmless ones, nothing mutable, `range` bounded. On top of that no product grows beyond
`LARGEST_RESULT` and no rendering beyond `LONGEST_TEXT`. What this does not stop is a template that
merely loops for a long time without writing anything; Ctrl-C does.

Templates that know no system turn refuse one by raising an error; the system text then goes in
front of the first user turn, as their authors advise.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from llmq.errors import ModelError, one_line
from llmq.suites import Message

FIXED_DATE = date(2026, 1, 1)  # a measurement's today, for templates that write the date
LONGEST_TEXT = 4_000_000  # characters: far beyond any context, far below any memory
LARGEST_RESULT = 1_000_000  # elements or characters of `a * b`, magnitude of `a ** b`
# Methods and filters that pad a text to any width; templates do without.
PADDING = {"center", "expandtabs", "format", "format_map", "indent", "ljust", "rjust", "zfill"}

# For a file without a template: one line per turn, an empty line of its own making never appears.
PLAIN = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


@dataclass(frozen=True)
class ChatTemplate:
    """Jinja source with the texts of the file's own special tokens; `name` is for messages.

    `tokens` are further ones by the names that templates use, such as `pad_token`. `thinks` asks a
    template that knows thoughts (Qwen3's) for some before the reply.
    """

    source: str
    bos: str
    eos: str
    name: str
    tokens: Mapping[str, str] = field(default_factory=dict)
    fixed_date: bool = False
    thinks: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether a turn ends with its line, because no token of this model ends it."""
        return self.source == PLAIN

    def render(self, messages: Sequence[Message], *, add_generation_prompt: bool) -> str:
        """The text of `messages`, with the opening of the assistant's next turn if asked for.

        Raises ModelError for a template that is broken, forbidden or refuses these messages.
        """
        turns = list(messages)
        try:
            return self._render(turns, add_generation_prompt)
        except ModelError:
            if len(turns) < 2 or turns[0].role != "system":
                raise
        joined = Message(turns[1].role, f"{turns[0].content}\n\n{turns[1].content}")
        return self._render([joined, *turns[2:]], add_generation_prompt)

    def check(self) -> None:
        """Raise ModelError where the source is no template."""
        assert self._program

    def _render(self, turns: list[Message], prompt: bool) -> str:
        today = FIXED_DATE if self.fixed_date else datetime.now()
        values = {
            **self.tokens,
            "tools": None,
            "documents": None,
            "strftime_now": today.strftime,
            "messages": [{"role": m.role, "content": m.content} for m in turns],
            "add_generation_prompt": prompt,
            "bos_token": self.bos,
            "eos_token": self.eos,
            "enable_thinking": self.thinks,
        }
        parts: list[str] = []
        size = 0
        try:
            for part in self._program.generate(values):
                parts.append(part)
                size += len(part)
                if size > LONGEST_TEXT:
                    raise ValueError(f"it writes more than {LONGEST_TEXT} characters")
        except ModelError:  # it is no template at all
            raise
        # A hostile template can raise anything: RecursionError, ZeroDivisionError, MemoryError ...
        except Exception as error:
            raise ModelError(_complaint(self.name, error)) from error
        return "".join(parts)

    @cached_property
    def _program(self) -> Any:
        try:
            return _environment().from_string(self.source)
        except Exception as error:
            raise ModelError(_complaint(self.name, error)) from error


def _complaint(name: str, error: Exception) -> str:
    said = one_line(str(error)) or type(error).__name__
    return f"the chat template of {name} fails: {said}"


def _environment() -> Any:
    """Jinja as transformers sets it up for chat templates, with bounds on what grows."""
    from jinja2.ext import Extension, loopcontrols
    from jinja2.nodes import Node
    from jinja2.parser import Parser
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class GenerationTags(Extension):
        """{% generation %} marks the tutor's words for training; here it changes nothing."""

        tags = {"generation"}  # noqa: RUF012 - Jinja's own class attribute

        def parse(self, parser: Parser) -> Node | list[Node]:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    class Bounded(ImmutableSandboxedEnvironment):
        intercepted_binops = frozenset({"*", "**", "%"})

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            _check_size(operator, left, right)
            return super().call_binop(context, operator, left, right)

        def wrap_str_format(self, value: Any) -> Any:  # noqa: ARG002  # Jinja's signature
            return None  # what would make `format` safe to call; here it is not called at all

        def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
            return attr not in PADDING and super().is_safe_attribute(obj, attr, value)

    environment = Bounded(
        trim_blocks=True, lstrip_blocks=True, extensions=[GenerationTags, loopcontrols]
    )
    for name in PADDING & environment.filters.keys():
        del environment.filters[name]
    del environment.globals["lipsum"]
    environment.filters["tojson"] = _to_json
    environment.globals["raise_exception"] = _raise
    return environment


def _check_size(operator: str, left: Any, right: Any) -> None:
    if operator == "%":
        too_large = isinstance(left, str) and any(c.isdigit() or c == "*" for c in left)
    elif operator == "**":
        too_large = abs(left) > 1000 or abs(right) > 100
    else:
        sizes = [abs(v) if isinstance(v, int | float) else len(v) for v in (left, right)]
        too_large = sizes[0] * sizes[1] > LARGEST_RESULT
    if too_large:
        raise ValueError(f"'{operator}' would make something too large")


def _raise(message: str) -> None:
    raise ValueError(message)


def _to_json(value: Any, ensure_ascii: bool = False, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent)
