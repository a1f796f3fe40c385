"""The mark with which a chat template closes an assistant's turn.

A file's metadata names the tokens that end a text, but its template may close a turn with another
one. A model trained on that template writes this mark after its reply, and goes on to play the
student where nobody stops there. What the mark is, the template itself shows: it stands directly
after the words of a reply, white space aside. Where a template closes no turn, the mark that opens
the next one follows the reply; it ends the reply just as well.
"""

from collections.abc import Collection

from llmq.errors import ModelError
from llmq.runtime.chat_template import ChatTemplate
from llmq.suites import Message

# Words that no template writes or takes apart.
ASKED, REPLY, NEXT = "Inertquestion", "Inertreply", "Inertanswer"
TALK = (Message("user", ASKED), Message("assistant", REPLY), Message("user", NEXT))


def end_of_turn(template: ChatTemplate, marks: Collection[str]) -> str | None:
    """The one of `marks` that `template` writes directly after a reply, or None.

    `marks` are the texts of control tokens. A template that fails on an ordinary dialogue has none.
    """
    return _after_reply(template, marks, TALK[:2]) or _after_reply(template, marks, TALK)


def _after_reply(
    template: ChatTemplate, marks: Collection[str], talk: tuple[Message, ...]
) -> str | None:
    try:
        text = template.render(talk, add_generation_prompt=False)
    except ModelError:
        return None
    rest = text.rpartition(REPLY)[2].lstrip() if REPLY in text else ""
    return max((mark for mark in marks if mark and rest.startswith(mark)), key=len, default=None)
