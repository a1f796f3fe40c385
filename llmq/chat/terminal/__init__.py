"""The terminal around a lesson: what is typed, what is shown, and the commands.

`converse` is all that `llmq chat` needs. Text of a model comes here sanitized, and is written by
our own renderer, which only appends: never through a library that gives meaning to brackets.
"""

from llmq.chat.terminal.loop import converse

__all__ = ["converse"]
