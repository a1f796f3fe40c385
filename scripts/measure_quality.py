"""Make llama-quantize's files and ours of one checkpoint, and measure how far each is from it.

    scripts/measure-quality CHECKPOINT --calibration calib.gguf --recipes Q4_0 IQ4_NL
        --suite dialogues.jsonl --text prose.txt [--tokens 12000] [--ctx 512] [--work DIR]

For each recipe up to five files: llama-quantize's without and with the importance of the
calibration's own tokens, and those of `llmq convert`, fast, good and best. Ours may hold no more
bytes of tensors than llama-quantize's. Each is measured as `llmq drift` does it (F32 cache, no
flash attention) on dialogues of each suite and chunks of each text, spread evenly, until TOKENS
tokens are scored. What counts is mean KL by that of llama-quantize with importance, paired by
document.

Whatever is finished is kept in --work and never computed twice: files, the base's logits (4 bytes a
token of the vocabulary for each scored token), results by file and document. Interrupt it at will,
and begin with the files that there are: --files plain imatrix. A tutor of 135 M weights takes about
7 ms of one processor for each token read, which are 2 to 3 for each that is scored.
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llmq.errors import LlmqError
from llmq.processors import cores
from llmq.suites import read_suite
from llmq_eval.duration import in_words
from llmq_eval.material import CONTEXT_TOKENS
from llmq_eval.measuring import opened
from llmq_eval.openings import choose_prompts
from llmq_eval.text import TEXT_CONTEXT
from scripts.measuring import results, tables
from scripts.measuring.desk import Desk, Subject, desk_for
from scripts.measuring.grounds import grounds
from scripts.measuring.jobs import readings, run_all, writings
from scripts.measuring.keeping import digest_of_files, write_json
from scripts.measuring.kinds import KINDS
from scripts.measuring.making import Made, Workshop, check_sizes, check_tokenizers
from scripts.peer.commands import QUANTIZED


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--calibration", type=Path, help="what llmq calibrate wrote")
    parser.add_argument("--recipes", nargs="+", choices=QUANTIZED, required=True, metavar="NAME")
    parser.add_argument("--files", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--suite", type=Path, action="append", default=[], help="may come again")
    parser.add_argument("--text", type=Path, action="append", default=[], help="likewise")
    parser.add_argument("--ctx", type=int, default=TEXT_CONTEXT, help="tokens of a text's chunk")
    parser.add_argument("--tokens", type=int, default=12_000, help="least of each suite and text")
    parser.add_argument("--refined", type=Path, help="a folder that holds NAME-RECIPE.gguf: best")
    parser.add_argument("--decoded", action="store_true", help="each file decoded to F32 as well")
    parser.add_argument("--replies", type=int, default=0, metavar="N", help="of the first suite")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes of one thread")
    parser.add_argument("--work", type=Path, default=Path("build/quality"))
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    if not (arguments.suite or arguments.text):
        parser.error("name a --suite or a --text to measure on")
    if arguments.replies and not arguments.suite:
        parser.error("--replies takes the openings of dialogues: name a --suite")
    if not arguments.calibration and any(KINDS[kind].calibrated for kind in arguments.files):
        parser.error("files other than plain and fast need a --calibration")
    try:
        report = measured(arguments)
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    print(*tables.full(report), *tables.short(report), sep="\n")
    if arguments.json:
        write_json(arguments.json, report)
    return 0


def measured(arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the files, measure them, and say what was found."""
    work: Path = arguments.work
    workshop = Workshop(arguments.checkpoint, arguments.calibration, work, arguments.refined)
    base = workshop.base
    files = [
        workshop.make(recipe, kind) for recipe in arguments.recipes for kind in arguments.files
    ]
    check_sizes(files)
    check_tokenizers(base, files)
    if arguments.decoded:
        files += [workshop.decoded(made) for made in files]
    desk = desk_for(Subject(base, digest_of_files([base])), work)
    places = grounds(
        desk, arguments.suite, arguments.text, ctx=arguments.ctx, tokens=arguments.tokens
    )
    for ground in places:
        tasks = [task for made in files for task in readings(desk, made.subject, ground)]
        run_all(tasks, arguments.jobs, told(ground.name))
    rows = [
        row
        for ground in places
        for row in results.rows(ground, {m: results.drift_of(desk, m, ground) for m in files})
    ]
    return {
        "checkpoint": arguments.checkpoint.name,
        "base_sha256": desk.base.identity,
        "calibration_sha256": workshop.calibration_digest,
        "runtime": desk.build,
        "texts": [results.described(ground) for ground in places],
        "rows": rows,
        "replies": replies(desk, files, arguments) if arguments.replies else [],
    }


def replies(desk: Desk, files: list[Made], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """The rows of what each packed file replies by itself."""
    suite = read_suite(arguments.suite[0])
    with opened([desk.base.path], n_ctx=CONTEXT_TOKENS, threads=1) as models:
        prompts = choose_prompts(models, suite, arguments.replies)
    packed = [made for made in files if not made.decoded]
    parts = {
        subject: writings(desk, subject, prompts)
        for subject in (desk.base, *(made.subject for made in packed))
    }
    run_all([part for each in parts.values() for part in each], arguments.jobs, told("replies"))
    found = {subject: [r for part in each for r in part.found()] for subject, each in parts.items()}
    written = {made: found[made.subject] for made in packed}
    return results.reply_rows(prompts, found[desk.base], written)


def told(name: str) -> Callable[[int, int], None]:
    """Progress on one line, with the time that is left."""
    start = time.monotonic()

    def tell(done: int, total: int) -> None:
        left = in_words((time.monotonic() - start) / done * (total - done))
        end = "\n" if done == total else ""
        line = f"\r{name}: {done} of {total} parts, {left} left".ljust(78)
        print(line, end=end, file=sys.stderr, flush=True)

    return tell


if __name__ == "__main__":
    sys.exit(main())
