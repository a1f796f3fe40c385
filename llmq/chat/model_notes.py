"""What is worth saying of a model before the first turn."""

from collections.abc import Iterator

from llmq.errors import ModelError
from llmq.runtime import Model
from llmq.runtime.chat_template import ChatTemplate
from llmq.suites import Message


def model_notes(model: Model, system: str) -> Iterator[str]:
    """Whole sentences about `model` with this system text."""
    template, turn = model.chat_template, Message("system", system)
    if model.remark:
        yield model.remark
    if template.is_plain:
        yield (
            f"{model.path.name} has no chat template: turns are written as plain lines,"
            " which the model may never have seen"
        )
    if turn.content and leaves_out(template, turn):
        yield (
            f"the chat template of {model.path.name} leaves the system text out (--system):"
            " the model is not told how to teach"
        )


def leaves_out(template: ChatTemplate, system: Message) -> bool:
    """Whether the system turn changes nothing in what the template writes."""
    turn = Message("user", "Hello")
    try:
        with_it, without = (
            template.render(turns, add_generation_prompt=True) for turns in ([system, turn], [turn])
        )
    except ModelError:  # which will be said when it matters
        return False
    return with_it == without
