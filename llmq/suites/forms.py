"""The forms in which items are written, a row of FORMS each: the keys of a record tell which it is.

The first row whose keys a record has counts, so that more special ones stand first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from llmq.errors import SuiteError, one_line
from llmq.spelling import nearest
from llmq.suites.choices import read_choice
from llmq.suites.fields import Record, field, label, names, some_text, text, written
from llmq.suites.items import Item, Problem
from llmq.suites.turns import read_pair, read_turns

MOST_HELD = 8  # keys in a message
KEY_MARK = "####"  # what stands before the answer in GSM8K's solutions (Cobbe et al. 2021)


@dataclass(frozen=True)
class Form:
    """`keys` are those that a record of this form must have; `known_as` says where it is seen."""

    kind: str
    keys: tuple[str, ...]
    read: Callable[[Record, str], Item]
    known_as: str
    is_ours: bool = False


def read_problem(
    record: Record, where: str, *, question: str = "question", answer: str = "answer"
) -> Problem:
    """A problem; of a solution that marks its answer as GSM8K does, the answer alone is the key."""
    asked = some_text(record, question, where)
    key = written(field(record, answer, where), answer, where)
    key = written(key.rpartition(KEY_MARK)[2], answer, where)
    groups = label(record, "subject", where), label(record, "source", where)
    return Problem(text(record, "id", where), asked, key, *groups)


FORMS = (
    Form("dialogue", ("messages",), read_turns, "OpenAI and Hugging Face", is_ours=True),
    Form("dialogue", ("conversations",), partial(read_turns, key="conversations"), "ShareGPT"),
    Form("choice", ("question", "choices", "answer"), read_choice, "MMLU", is_ours=True),
    Form(
        "choice",
        ("question", "choices", "answerKey"),
        partial(read_choice, answer="answerKey"),
        "ARC, CommonsenseQA",
    ),
    Form(
        "choice",
        ("question", "options", "answer"),
        partial(read_choice, choices="options"),
        "MMLU-Pro",
    ),
    Form("problem", ("question", "answer"), read_problem, "GSM8K", is_ours=True),
    Form("problem", ("problem", "answer"), partial(read_problem, question="problem"), "MATH-500"),
    Form(
        "dialogue",
        ("prompt", "completion"),
        partial(read_pair, asked="prompt", said="completion"),
        "TRL",
    ),
    Form(
        "dialogue",
        ("prompt", "response"),
        partial(read_pair, asked="prompt", said="response"),
        "prompt and response",
    ),
    Form(
        "dialogue",
        ("instruction", "output"),
        partial(read_pair, asked="instruction", said="output", more="input"),
        "Alpaca",
    ),
)


def read_item(record: Record, where: str) -> Item:
    """The item of a record, by the first form that fits.

    Raises SuiteError where none does, with what is missing for those of our own.
    """
    for form in FORMS:
        if all(key in record for key in form.keys):
            return form.read(record, where)
    for form in FORMS:
        lacking = [key for key in form.keys if key not in record]
        # A misspelled key, where nothing else is amiss.
        if len(lacking) == 1 and (near := nearest(lacking[0], names(record), n=1, cutoff=0.8)):
            raise SuiteError(f"{where}: {lacking[0]!r} is missing; is it {near[0]!r}?")
    raise SuiteError(
        f"{where}: {'; '.join(_lacks(form, record) for form in FORMS if form.is_ours)}; {_held(record)}"
    )


def _lacks(form: Form, record: Record) -> str:
    lacking = " and ".join(repr(key) for key in form.keys if key not in record)
    return f"a {form.kind} lacks {lacking}"


def _held(record: Record) -> str:
    """The keys that there are, and how to say what they mean."""
    held = one_line(", ".join(names(record)[:MOST_HELD]), 120)
    return f"it has {held}: --columns says what they mean"
