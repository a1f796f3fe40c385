"""Suites: what tutors are measured on, read strictly and known by its hash.

A suite holds dialogues, multiple choice and problems with an exact answer, in any mixture. Its own
form is JSONL, a JSON object a line, whose keys tell its kind:

    {"id": "...", "messages": [{"role": "user", "content": "..."}, ...], "answer": "the key"}
    {"id": "...", "question": "...", "choices": ["...", "..."], "answer": 0}
    {"id": "...", "question": "...", "answer": "3/4"}

Without an id an item is called by the number of its line. `subject` and `source` group items,
`license` is collected; other keys are welcome and ignored. `role` is system, user or assistant,
where the assistant is the tutor. A system turn comes first or not at all. The answer of a dialogue
is what the tutor must not tell. `forms.FORMS` lists the forms of others that are read as well.
"""

from llmq.suites.items import Choice, Dialogue, Item, Message, Problem, Suite, spread
from llmq.suites.reading import is_dataset, read_suite, suite_of

__all__ = [
    "Choice", "Dialogue", "Item", "Message", "Problem", "Suite", "is_dataset", "read_suite",
    "spread", "suite_of",
]  # fmt: skip
