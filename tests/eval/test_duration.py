"""What is said to take how long: by the tokens, and without a trace in the figures."""

from pathlib import Path

import pytest

from llmq.suites import spread
from llmq_eval.drift import builtin_suite, measure_documents
from llmq_eval.duration import REPLY_GUESS, estimated_work
from llmq_eval.material import suite_material
from llmq_eval.measuring import opened, read_alike
from llmq_eval.observer import Observer
from llmq_eval.openings import choose_prompts
from llmq_eval.replies import compare_replies

SUITE = spread(builtin_suite(), 4)


def test_a_document_takes_as_long_as_its_tokens(tiny_gguf: dict[str, Path]) -> None:
    material = suite_material(SUITE)
    files = [tiny_gguf["BF16"], tiny_gguf["Q4_0"]]
    with opened(files, n_ctx=material.n_ctx, threads=1) as models:
        documents = read_alike(models, material)
        prompts = choose_prompts(models, SUITE, 1)
        work = estimated_work(models, documents, ())
        with_replies = estimated_work(models, documents, prompts)
    assert work is not None
    assert with_replies is not None
    read = [sum(max(passage.scored) for passage in document.passages) for document in documents]
    per_token = work.documents[0] / read[0]
    assert work.documents == pytest.approx([n * per_token for n in read])
    assert work.reply == 0
    assert with_replies.reply > REPLY_GUESS * 1e-6


def test_the_try_changes_neither_figures_nor_replies(tiny_gguf: dict[str, Path]) -> None:
    material, results = suite_material(SUITE), []
    files = [tiny_gguf["BF16"], tiny_gguf["Q4_0"]]
    for tried in (False, True):
        with opened(files, n_ctx=material.n_ctx, threads=1) as models:
            documents, prompts = read_alike(models, material), choose_prompts(models, SUITE, 2)
            if tried:
                assert estimated_work(models, documents, prompts) is not None
            observer = Observer(models[1:])
            (drift,) = measure_documents(models[0], material, documents, observer)
            (replies,) = compare_replies(models, prompts)
        results.append((drift.as_json(), replies))  # type: ignore[union-attr]
    assert results[0] == results[1]


def test_a_base_that_fails_is_left_to_the_measurement(
    tiny_gguf: dict[str, Path], damaged_gguf: Path
) -> None:
    material = suite_material(SUITE)
    for files, known in (
        ([damaged_gguf, tiny_gguf["BF16"]], False),
        ([tiny_gguf["BF16"], damaged_gguf], True),
    ):
        with opened(files, n_ctx=material.n_ctx, threads=1) as models:
            documents = read_alike(models, material)
            assert (estimated_work(models, documents, ()) is not None) == known
