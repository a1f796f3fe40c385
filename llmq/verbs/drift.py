"""`llmq drift`: how far quantized files have moved from their base, on what tutors say."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from llmq.drift import chosen_suite, chosen_text
from llmq.errors import LlmqError
from llmq.interrupts import endings_raise
from llmq.suites import Suite
from llmq.verbs.drift_bases import Opened, check_base, opened_base, saved_to, tell_saved
from llmq.verbs.drift_groups import print_groups
from llmq.verbs.drift_options import add_arguments as add_arguments
from llmq.verbs.drift_options import check_options
from llmq.verbs.drift_progress import DriftBar, ahead, drift_bar
from llmq.verbs.drift_replies import print_replies, replies_beside, show_replies
from llmq.verbs.drift_report import check_report, finish, report, write_report
from llmq.verbs.drift_skill import (
    Skills,
    check_no_dialogues,
    only_skill,
    print_skills,
    skills_beside,
)
from llmq.verbs.drift_tables import (
    print_tables,
    print_verdicts,
    tell_calibrated,
    tell_left_out,
    tell_material,
)
from llmq.verbs.models import here
from llmq.verbs.paths import check_drift, check_exists, check_suite
from llmq_eval.drift import BUILTIN_SUITES, Drift, Failure, measure_documents
from llmq_eval.duration import estimated_work
from llmq_eval.material import Document, Material, suite_material
from llmq_eval.observer import Observer
from llmq_eval.openings import Prompt, choose_prompts
from llmq_eval.replies import Replies
from llmq_eval.saved_base import SavedBase
from llmq_eval.text import read_text


def run(arguments: argparse.Namespace) -> int:
    """Measure each file against the base, show one row for each, and say what that means."""
    from llmq.runtime import check_magic

    check_options(arguments)
    arguments.base = here(arguments.base)
    check_drift(arguments.base, arguments.quants)
    check_base(arguments)
    if arguments.text:
        check_exists(arguments.text, "text", what="name a file of plain text")
    else:
        check_suite(arguments.suite, BUILTIN_SUITES)
    for quant in arguments.quants:  # before a folder is converted in vain
        check_magic(quant)
    if arguments.report_json:
        text = arguments.text or Path(arguments.suite)
        check_report(arguments.report_json, [arguments.base, *arguments.quants, text])
    suite, material = _material(arguments)
    if suite and not suite.dialogues:
        check_no_dialogues(arguments, suite)
    with (
        endings_raise(lambda name: LlmqError(f"stopped by {name}")),  # or a converted base stays
        drift_bar() as bar,
        opened_base(arguments, material, suite, bar) as files,
    ):
        if suite and not suite.dialogues:
            bar.stop()
            return only_skill(arguments, files.models, suite)
        return _measured(arguments, files, material, suite, bar)


def _material(arguments: argparse.Namespace) -> tuple[Suite | None, Material]:
    """What is measured on, and its dialogues, if it has any; says which files know it already."""
    if arguments.text:
        tell_calibrated(arguments.quants, read_text(arguments.text))
        return None, chosen_text(arguments.text, arguments.ctx)
    whole = chosen_suite(arguments.suite, columns=arguments.columns)
    tell_calibrated(arguments.quants, whole)
    suite = chosen_suite(whole, quick=arguments.quick)
    return suite, suite_material(suite)


def _measured(
    arguments: argparse.Namespace,
    files: Opened,
    material: Material,
    suite: Suite | None,
    bar: DriftBar,
) -> int:
    """Measure the opened files and print all there is to say; the exit code."""
    models, n = files.models, max(arguments.generate or 0, arguments.show or 0)
    prompts = choose_prompts(models, suite, n) if suite and n else ()
    documents = files.documents(material)
    _begin(bar, files, material, documents, prompts)
    with saved_to(arguments.save_base, models, material, documents) as keep:
        observer = Observer(files.quants, progress=bar.documents_done, keep=keep)
        results = measure_documents(files.base, material, documents, observer, keep_finished=True)
    drifts = [result for result in results if isinstance(result, Drift)]
    failures = [result for result in results if isinstance(result, Failure)]
    with bar.hidden():
        if drifts:
            tell_material(material, drifts[0], n_planned=len(documents), quick=arguments.quick)
            tell_saved(files.base, drifts[0])
            if suite:
                tell_left_out(models[0], suite)
            if not arguments.json:
                print_tables(drifts)
                print_groups(drifts, arguments.by)
        stopped = bool(drifts) and len(drifts[0].documents) < len(documents)
        if prompts and arguments.report_json and not stopped:  # whatever becomes of the replies
            write_report(arguments.report_json, report(drifts, failures, {}))
    try:
        if stopped:
            raise KeyboardInterrupt
        replies, failed = (
            replies_beside(models, results, prompts, bar.replies_done) if prompts else ({}, [])
        )
        bar.stop()
        skills = skills_beside(files, results, suite)
    except KeyboardInterrupt:
        bar.stop()
        if not arguments.json:
            print_verdicts(drifts)
        raise
    _print_rest(arguments, material.name, drifts, replies, skills)
    failures += [*failed, *skills.failures]
    return finish(arguments, report(drifts, failures, replies, skills.as_json()), failures)


def _print_rest(
    arguments: argparse.Namespace,
    name: str,
    drifts: Sequence[Drift],
    replies: Mapping[Drift, Replies],
    skills: Skills,
) -> None:
    """What stands below the figures of drift; the verdicts come last."""
    if replies and arguments.generate and not arguments.json:
        print_replies(name, replies)
    if replies and arguments.show:
        show_replies(replies, arguments.show)
    if not arguments.json:
        print_skills(name, skills)
    if drifts and not arguments.json:
        print_verdicts(drifts)


def _begin(
    bar: DriftBar,
    files: Opened,
    material: Material,
    documents: Sequence[Document],
    prompts: Sequence[Prompt],
) -> None:
    """Say how long it may take, and start the bar."""
    saved = isinstance(files.base, SavedBase)  # which cannot be tried
    work = None if saved else estimated_work(files.models, documents, prompts)
    bar.stop()
    if work:
        n, unit = len(documents), material.unit
        print(ahead(work, n, unit, len(files.models), len(prompts)), file=sys.stderr)
    bar.begin(work, documents, len(prompts))
