"""Records as other people write them become items of ours, or one line says what is amiss."""

import json
from pathlib import Path
from typing import Any

import pytest

from llmq.errors import SuiteError
from llmq.suites import Choice, Dialogue, Message, Problem, Suite, read_suite
from llmq.suites.columns import Columns
from llmq.suites.forms import FORMS

TALK = (Message("user", "What is 3+4?"), Message("assistant", "Count on from 3."))


def suite_of(folder: Path, *records: Any, name: str = "some.jsonl", columns: str = "") -> Suite:
    path = folder / name
    path.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return read_suite(path, columns=Columns.parse(columns) if columns else Columns())


def item_of(folder: Path, record: dict[str, Any], columns: str = "") -> object:
    (item,) = suite_of(folder, record, columns=columns).items
    return item


CHOICE = {"question": "3+4?", "choices": ["6", "7", "8"], "answer": 1}
SAID = {"asked": "What is 3+4?", "said": "Count on from 3."}


@pytest.mark.parametrize(
    "record",
    [
        {"messages": [{"role": "user", "content": "What is 3+4?"},
                      {"role": "assistant", "content": [{"type": "text", "text": "Count on from 3."}]}]},
        {"conversations": [{"from": "human", "value": "What is 3+4?"},
                           {"from": "gpt", "value": "Count on from 3."}]},
        {"conversations": [{"role": "user", "content": "What is 3+4?"},
                           {"role": "assistant", "content": "Count on from 3."}]},
        {"prompt": "What is 3+4?", "completion": "Count on from 3."},
        {"prompt": [{"role": "user", "content": "What is 3+4?"}],
         "completion": [{"role": "assistant", "content": "Count on from 3."}]},
        {"prompt": "What is 3+4?", "response": "Count on from 3."},
        {"instruction": "What is 3+4?", "input": "", "output": "Count on from 3."},
    ],
)  # fmt: skip
def test_a_dialogue_in_each_form(tmp_path: Path, record: dict[str, Any]) -> None:
    assert item_of(tmp_path, record | {"subject": "sums"}) == Dialogue("1", TALK, subject="sums")


def test_alpaca_puts_its_input_behind_the_instruction(tmp_path: Path) -> None:
    record = {
        "instruction": "Add these.",
        "input": "3 and 4",
        "output": "Count.",
        "system": "Help.",
    }
    item = item_of(tmp_path, record)
    assert isinstance(item, Dialogue)
    roles = ["system", "user", "assistant"]
    assert [message.role for message in item.messages] == roles
    assert item.messages[1].content == "Add these.\n\n3 and 4"


@pytest.mark.parametrize(
    "record",
    [
        CHOICE,
        CHOICE | {"choices": [6, 7, 8], "answer": "7"},
        CHOICE | {"answer": "B"},
        CHOICE | {"choices": ["six", "7", "eight"], "answer": "B"},
        {"question": "3+4?", "options": ["6", "7", "8"], "answer": "B", "answer_index": 1},
        {"question": "3+4?", "answerKey": "B",
         "choices": {"text": ["6", "7", "8"], "label": ["A", "B", "C"]}},
        {"question": "3+4?", "answerKey": "2",
         "choices": {"text": ["6", "7", "8"], "label": ["1", "2", "3"]}},
        {"question": "3+4?", "answerKey": "2",
         "choices": [{"text": t, "label": label} for t, label in zip("678", "123", strict=True)]},
    ],
)  # fmt: skip
def test_a_choice_in_each_form(tmp_path: Path, record: dict[str, Any]) -> None:
    item = item_of(tmp_path, record)
    assert isinstance(item, Choice)
    assert (item.question, item.choices[1], item.answer) == ("3+4?", "7", 1)


@pytest.mark.parametrize(
    ("record", "answer"),
    [
        ({"question": "3+4?", "answer": "7"}, "7"),
        ({"question": "3+4?", "answer": 7}, "7"),
        ({"question": "3+4?", "answer": 10**400}, f"1{'0' * 400}"),
        ({"question": "3+4?", "answer": "3+4 is <<3+4=7>>7.\n#### 7"}, "7"),
        ({"problem": "3+4?", "solution": "Add.", "answer": r"\frac{14}{2}"}, r"\frac{14}{2}"),
    ],
)
def test_a_problem_in_each_form(tmp_path: Path, record: dict[str, Any], answer: str) -> None:
    assert item_of(tmp_path, record) == Problem("1", "3+4?", answer)


def test_one_file_may_hold_every_kind(tmp_path: Path) -> None:
    problem = {"question": "3+4?", "answer": "7", "license": "MIT"}
    talk = {"prompt": "Hi", "completion": "Hello", "license": "CC0"}
    suite = suite_of(tmp_path, problem, talk, CHOICE)
    assert [item.id for item in suite.items] == ["2", "3", "1"]
    assert suite.license == "CC0, MIT"


@pytest.mark.parametrize(
    ("record", "columns", "item"),
    [
        ({"stem": "3+4?", "key": 7}, "question=stem,answer=key", Problem("1", "3+4?", "7")),
        (
            {"goal": "Boil water", "sol1": "heat it", "sol2": "cool it", "label": 0},
            "question=goal,choices=sol1+sol2,answer=label",
            Choice("1", "Boil water", ("heat it", "cool it"), 0),
        ),
        (
            {"ctx": "He sat", "endings": ["down.", "up."], "label": "0", "source": "x"},
            "question=ctx, choices=endings, answer=label",
            Choice("1", "He sat", ("down.", "up."), 0, source="x"),
        ),
        (
            {"q": {"stem": "3+4?", "choices": {"text": ["7", "8"], "label": ["A", "B"]}}, "k": "A"},
            "question=q.stem,choices=q.choices,answer=k",
            Choice("1", "3+4?", ("7", "8"), 0),
        ),
        (
            {"a": "What is 3+4?", "b": "Count on from 3.", "messages": "of something else"},
            "prompt=a,completion=b,subject=b",
            Dialogue("1", TALK, subject="Count on from 3."),
        ),
    ],
)
def test_columns_say_what_keys_mean(
    tmp_path: Path, record: dict[str, Any], columns: str, item: object
) -> None:
    assert item_of(tmp_path, record, columns) == item


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ("question", "maps no column; write such as question=stem"),
        ("qestion=stem", "did you mean question"),
        ("nonsense=stem", "known are id, messages"),
        ("question=a,question=b", "'question' is mapped twice"),
        ("question=a,answer=b", "line 1: 'a' is missing"),
        ("question=stem.x,answer=stem", "line 1: 'stem' is no object"),
    ],
)
def test_columns_that_map_nothing(tmp_path: Path, columns: str, complaint: str) -> None:
    with pytest.raises(SuiteError, match=complaint):
        suite_of(tmp_path, {"stem": "3+4?"}, columns=columns)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"answer": 3}, "'answer' is '3', but indices go from 0 to 2"),
        ({"answer": -1}, "'answer' is '-1', but indices go from 0 to 2"),
        ({"answer": 10**400}, "indices go from 0 to 2"),
        ({"answer": True}, "'True', which names no choice"),
        ({"answer": None}, "'None', which names no choice"),
        ({"answer": 1.0}, "'1.0', which names no choice"),
        ({"answer": "D"}, "'D', which names no choice"),
        ({"answer": "1"}, "'1', which names no choice"),  # an index, or a choice's text?
        ({"choices": ["B", "C"], "answer": "B"}, "'B' is one choice's label and another's text"),
        ({"choices": ["6", " 6"]}, "the choice '6' stands twice"),
        ({"choices": [*range(100_000), 7]}, "the choice '7' stands twice"),
        ({"choices": ["6"]}, "1 of 'choices' is no choice"),
        ({"choices": []}, "0 of 'choices' is no choice"),
        ({"choices": ["6", ""]}, "'choices 2' is empty"),
        ({"choices": ["6", None]}, "'choices 2' must be text, not NoneType"),
        ({"choices": "67"}, "'choices' must be a list of texts, not str"),
        ({"choices": {"label": ["A"]}}, "'text' is missing"),
        ({"choices": {"text": ["6", "7"], "label": ["A"]}}, "needs a label of its own"),
        ({"question": " "}, "'question' is empty"),
        ({"question": "\ud800"}, "half a surrogate"),
    ],
)
def test_what_is_amiss_with_a_choice(
    tmp_path: Path, change: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(SuiteError, match=f"some.jsonl, line 1: .*{complaint}") as caught:
        suite_of(tmp_path, CHOICE | change)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        ({"qestion": "3+4?", "answer": "7"}, "'question' is missing; is it 'qestion'?"),
        ({"question": "3+4?", "choices": ["6", "7"]}, "'answer' is missing|choice lacks 'answer'"),
        (
            {"text": "Hello"},
            "a dialogue lacks 'messages'; a choice lacks 'question' and 'choices' and 'answer'; "
            "a problem lacks 'question' and 'answer'; it has id, text: --columns says what they mean",
        ),
        ({"question": "3+4?", "answer": float("nan")}, "'answer' must be text, not float"),
        ({"question": "3+4?", "answer": "so\n####  "}, "'answer' is empty"),
        ({"question": 3, "answer": "7"}, "'question' must be text, not int"),
        ({"prompt": "Hi", "completion": 3}, "'completion' must be text, not int"),
        ({"conversations": [{"from": "tool", "value": ""}]}, "turn 1: unknown role 'tool'"),
        ({"conversations": [{"from": "gpt"}]}, "turn 1: 'value' is missing"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "'text' is missing"),
    ],
)
def test_a_record_that_fits_no_form(tmp_path: Path, record: dict[str, Any], complaint: str) -> None:
    with pytest.raises(SuiteError, match=f"line 1.*({complaint})") as caught:
        suite_of(tmp_path, record)
    assert "\n" not in str(caught.value)


def test_arrays_and_tables(tmp_path: Path) -> None:
    array, table = tmp_path / "array.json", tmp_path / "table.csv"
    array.write_text(json.dumps([CHOICE, {"question": "3+4?", "answer": 7}]), encoding="utf-8")
    table.write_text('q,A,B,key\n"3+4, you say?",7,8,A\n', encoding="utf-8")
    assert [type(item) for item in read_suite(array).items] == [Choice, Problem]
    columns = Columns.parse("question=q,choices=A+B,answer=key")
    suite = read_suite(table, columns=columns)
    assert suite.items == (Choice("1", "3+4, you say?", ("7", "8"), 0),)
    assert suite.name == "table"


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.json", "[", "a.json: not valid JSON"),
        ("a.json", "[" * 100_000, "a.json"),
        ("a.json", "{}", "a.json: a JSON array"),
        ("a.json", "[3]", "a.json, item 1: an object is expected, not int"),
        ("a.json", "[]", "a.json holds no dialogue, choice or problem"),
        ("a.csv", "question,answer\n3+4?\n", "a.csv, row 1: its cells are not the 2"),
        ("a.csv", "question,answer\n3+4?,7,8\n", "a.csv, row 1: its cells are not the 2"),
        ("a.csv", 'question,answer\n"3"+4?,7\n', "a.csv, row 1: "),
        ("a.csv", "question,answer\n" + "x" * 200_000 + ",7\n", "a.csv, row 1: field larger"),
    ],
)
def test_arrays_and_tables_that_are_none(
    tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(SuiteError, match=complaint) as caught:
        read_suite(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_no_form_hides_another() -> None:
    for number, form in enumerate(FORMS):
        for earlier in FORMS[:number]:
            assert not set(earlier.keys) <= set(form.keys)
