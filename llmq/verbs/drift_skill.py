"""`llmq drift` on choices and problems: how many each file has right, and what changed."""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmq.errors import ModelError, SuiteError, printable
from llmq.runtime import Model
from llmq.spelling import counted
from llmq.suites import Suite
from llmq.verbs.drift_bases import Opened
from llmq.verbs.drift_report import finish, report
from llmq.verbs.figures import cells, headings
from llmq.verbs.progress import steps_bar
from llmq.verbs.tables import aligned, terminal_width
from llmq_eval.choices import ChosenBeside, answer_choices
from llmq_eval.drift import Drift, Failure
from llmq_eval.model_file import described
from llmq_eval.problems import SolvedBeside, answer_problems
from llmq_eval.saved_base import SavedBase, is_saved_base
from llmq_eval.skill import SKILL_METRICS, skill_totals
from llmq_eval.statistics import Estimate

NEED_DIALOGUES = ("generate", "show", "save_base", "by")  # options, by their names in arguments


@dataclass(frozen=True)
class Skill:
    """What `quant` has right of the items of one kind, beside `base`."""

    kind: str
    base: str
    quant: str
    found: ChosenBeside | SolvedBeside

    @property
    def totals(self) -> Mapping[str, Estimate]:
        """Every figure of SKILL_METRICS that there is."""
        return skill_totals(self.found.rows())

    def as_json(self) -> dict[str, Any]:
        """What stands in the report."""
        rows = self.found.rows()
        return {
            "kind": self.kind,
            "base": self.base,
            "quant": self.quant,
            "totals": {name: estimate.as_json() for name, estimate in self.totals.items()},
            "items": list(rows),
        }


@dataclass(frozen=True)
class Skills:
    """All that was found, kind by kind, and which files failed."""

    found: tuple[Skill, ...] = ()
    failures: tuple[Failure, ...] = ()

    def as_json(self) -> list[dict[str, Any]]:
        """What stands in the report."""
        return [skill.as_json() for skill in self.found]


def measure_skill(models: Sequence[Model], suite: Suite | None) -> Skills:
    """What the files have right of the choices and problems of `suite`, the base first."""
    found: list[Skill] = []
    failures: list[Failure] = []
    if suite is None or not (suite.choices or suite.problems):
        return Skills()
    base, *alive = models
    with steps_bar() as progress:
        for kind, answer in (("choices", _choices), ("problems", _problems)):
            if not alive or not getattr(suite, kind):
                continue

            def say(done: int, total: int, kind: str = kind) -> None:
                progress(kind, done, total)

            outcomes = dict(zip(alive, answer([base, *alive], suite, say), strict=True))
            for model, outcome in outcomes.items():
                if isinstance(outcome, ModelError):
                    failures.append(Failure(described(model.path), outcome))
                    alive.remove(model)
                else:
                    found.append(Skill(kind, base.path.name, model.path.name, outcome))
    return Skills(tuple(found), tuple(failures))


def _choices(models: Sequence[Model], suite: Suite, progress: Any) -> Sequence[Any]:
    return answer_choices(models, suite.choices, progress=progress)


def _problems(models: Sequence[Model], suite: Suite, progress: Any) -> Sequence[Any]:
    return answer_problems(models, suite.problems, progress=progress)


def skills_beside(files: Opened, results: Sequence[Drift | Failure], suite: Suite | None) -> Skills:
    """`measure_skill` of the base and of those files of which drift was measured."""
    if isinstance(files.base, SavedBase):
        return _without_base(suite)
    pairs = zip(files.quants, results, strict=True)
    alive = [model for model, result in pairs if isinstance(result, Drift)]
    return measure_skill([files.base, *alive], suite)


def _without_base(suite: Suite | None) -> Skills:
    if suite and (suite.choices or suite.problems):
        print(
            f"note: the choices and problems of {printable(suite.name)} are left out: a saved base answers none",
            file=sys.stderr,
        )
    return Skills()


def print_skills(name: str, skills: Skills) -> None:
    """A table for each kind on stdout, with a row for the base and one for each file."""
    for kind in dict.fromkeys(skill.kind for skill in skills.found):
        rows = [skill for skill in skills.found if skill.kind == kind]
        n = len(rows[0].found.rows())
        what = counted(n, kind.removesuffix("s"), kind)
        print(f"{printable(name)}: {what}; ± 95 % intervals over {kind}", file=sys.stderr)
        print()
        sides = "<" + ">" * len(headings(SKILL_METRICS))
        for line in aligned(list(_table(rows)), sides, terminal_width(sys.stdout)):
            print(line)


def _table(rows: Sequence[Skill]) -> Iterator[tuple[str, ...]]:
    kind = rows[0].kind
    yield (kind, *headings(SKILL_METRICS))
    yield (rows[0].base, *cells(SKILL_METRICS, rows[0].totals, "base"))
    for skill in rows:
        yield (skill.quant, *cells(SKILL_METRICS, skill.totals, "quant"))


def check_no_dialogues(arguments: argparse.Namespace, suite: Suite) -> None:
    """Raise SuiteError where options need dialogues, which `suite` has none of."""
    for option in NEED_DIALOGUES:
        if getattr(arguments, option, None):
            shown = f"--{option.replace('_', '-')}"
            raise SuiteError(f"{suite.name} has no dialogues, which {shown} needs; leave it out")
    if is_saved_base(arguments.base):
        raise ModelError(
            f"{arguments.base} is a saved base, which answers no questions; name the original itself"
        )


def only_skill(arguments: argparse.Namespace, models: Sequence[Model], suite: Suite) -> int:
    """Measure and print all there is to say of a suite without dialogues; the exit code."""
    skills = measure_skill(models, suite)
    if not arguments.json:
        print_skills(suite.name, skills)
    return finish(arguments, report([], skills.failures, {}, skills.as_json()), skills.failures)
