"""The foot of the page: what exactly was measured, and how anyone can judge it again."""

from collections.abc import Iterator, Mapping
from typing import Any

from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.judgement import Judgement
from llmq_eval.gate.report.markup import Html, tag
from llmq_eval.gate.report.shown import one_line
from llmq_eval.gate.report.tables import lead, section, table
from llmq_eval.model_file import ModelFile

MOST_SETTINGS, MOST_SUITES = 60, 30


def provenance(evidence: Evidence, judgement: Judgement) -> Html:
    """Files, suites, settings and hashes."""
    files = (("original", evidence.base), ("this file", evidence.quant))
    suites = [
        (
            tag("bdi", one_line(suite.name, 150)),
            _contents(suite.n_dialogues, suite.n_choices, suite.n_problems),
            one_line(suite.license, 100) or "not said",
            f"{suite.n_bytes / 1000:,.1f} kB",
            _hash(suite.sha256),
        )
        for suite in evidence.suites[:MOST_SUITES]
    ]
    return section(
        "What was measured, exactly",
        table(("file", "name", "size", "SHA-256"), [_file(*file) for file in files]),
        table(("suite", "holds", "licence", "size", "SHA-256"), suites),
        table(("setting", "value"), list(_settings(evidence, judgement))),
        _how_to_check(judgement),
        name="provenance",
    )


def _file(role: str, file: ModelFile) -> tuple[str, ...]:
    name = tag("bdi", one_line(file.name, 200))
    return (role, name, f"{file.size_bytes / 1e6:,.1f} MB", _hash(file.sha256))


def _hash(text: str) -> Html:
    return tag("code", one_line(text, 80), class_="hash")


def _contents(dialogues: int, choices: int, problems: int) -> str:
    counts = ((dialogues, "dialogues"), (choices, "choices"), (problems, "problems"))
    return ", ".join(f"{n:,} {noun}" for n, noun in counts if n)


def _settings(evidence: Evidence, judgement: Judgement) -> Iterator[tuple[str, str]]:
    yield "recipe", one_line(evidence.recipe, 100)
    yield "llmq", one_line(evidence.llmq, 60)
    yield "llama.cpp", one_line(evidence.runtime, 100)
    for name, value in list(_flat(evidence.settings))[:MOST_SETTINGS]:
        yield one_line(name, 100), one_line(value, 200)
    yield "policy", one_line(judgement.policy_name, 150)
    yield "the policy's SHA-256", _hash(judgement.policy_sha256)
    yield "the evidence's SHA-256", _hash(evidence.digest)


def _flat(settings: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name} ")
        else:
            yield f"{before}{name}".replace("_", " "), _said(value)


def _said(value: object) -> str:
    """A value of a setting, lists and mappings as words.

    >>> _said([{"mode": "sampled", "seed": 1}, {"mode": "greedy"}])
    'mode sampled, seed 1; mode greedy'
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(part)}" for name, part in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_said, value[:50]))
    return str(value)


def _how_to_check(judgement: Judgement) -> Html:
    policy = one_line(judgement.policy_name, 150)
    return tag(
        "div",
        tag("h3", "How to check it"),
        lead(
            "Every figure above follows from counts for each document, reply and question, which stand in the JSON "
            "report of the same run (--report-json). Whoever has it can judge them again, without the models, "
            "under this policy or a stricter one:"
        ),
        tag("pre", f"llmq gate --from-report report.json --policy {policy}"),
        lead("Whether a file is the one that was measured, its SHA-256 tells:"),
        tag("pre", "sha256sum FILE"),
    )
