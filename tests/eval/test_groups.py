"""Drift of a part of the documents."""

from dataclasses import replace

import numpy as np
import pytest

from llmq.verbs.drift_groups import print_groups
from llmq_eval.drift import DocumentDrift, Drift
from llmq_eval.groups import FIGURES, groups
from llmq_eval.likelihood import TOKEN
from llmq_eval.metrics import METRICS
from llmq_eval.model_file import ModelFile


def document(number: int, subject: str, n: int, source: str = "") -> DocumentDrift:
    tokens = np.zeros(n, TOKEN)
    tokens["kl_nats"] = np.arange(n) + number
    tokens["role"][:1] = 1
    return DocumentDrift(str(number), 0, tokens, subject, source)


DOCUMENTS = (
    *(document(1, "algebra", 4), document(2, "algebra", 6), document(3, "reading", 5)),
    *(document(4, "", 2), document(5, "empty", 0)),
)
FILES = ModelFile("base.gguf", 10, "b"), ModelFile("quant.gguf", 5, "q")
DRIFT = Drift(*FILES, "talks", "s", 2048, DOCUMENTS)


def test_a_groups_figures_are_those_of_its_documents() -> None:
    found = {group.name: group for group in groups(DOCUMENTS, "subject")}
    assert list(found) == ["", "algebra", "reading"]
    algebra = found["algebra"]
    assert (algebra.n_documents, algebra.n_tokens) == (2, 10)
    tokens = [d.tokens for d in DOCUMENTS[:2]]
    for metric in (metric for metric in METRICS if metric.name in FIGURES):
        assert algebra.totals[metric.name] == metric.total(tokens)
    report = DRIFT.as_json()["by_subject"]
    assert report["reading"]["totals"]["mean_kl_nats"]["value"] == 5
    assert report["reading"]["totals"]["mean_kl_nats"]["low"] is None  # one document


def test_where_nothing_is_named_there_are_no_groups(capsys: pytest.CaptureFixture[str]) -> None:
    assert groups(DOCUMENTS, "source") == ()
    print_groups([DRIFT], "source")
    out, err = capsys.readouterr()
    assert (out, err) == ("", "note: no dialogue of talks names its source\n")
    print_groups([DRIFT], None)
    assert capsys.readouterr() == ("", "")


def test_each_file_has_a_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    other = replace(DRIFT, quant=ModelFile("other.gguf", 5, "o"))
    print_groups([DRIFT, other], "subject")
    lines = capsys.readouterr().out.splitlines()
    first_words = ["", "quant.gguf", "subject", "(none)", "algebra", "reading"]
    assert [line.partition(" ")[0] for line in lines[:6]] == first_words
    assert lines[5].split() == ["reading", "1", "5", "5.00000", "0.0", "%", "3.00000"]
    assert lines[7].startswith("other.gguf by subject")
