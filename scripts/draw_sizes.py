"""The picture of sizes in README.md: what each recipe costs in closeness, from the gate's reports.

    scripts/draw-sizes REPORT.json... [--picture FILE]

The reports are what `llmq gate --report-json` wrote of several files of one original. It is the
plot of the page's report, as a picture of its own.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from llmq.errors import LlmqError
from llmq_eval.gate.evidence import Evidence
from llmq_eval.gate.record import read_record
from llmq_eval.gate.report.markup import Html, tag
from llmq_eval.gate.report.scatter import size_and_quality
from llmq_eval.gate.report.sizes import measured

PICTURE = Path(__file__).resolve().parent / "pictures" / "sizes.svg"
WIDTH, HEIGHT, MARGIN = 760, 350, 16
CAPTION = "across: size in MB; up: mean KL to the original in nats, with 95 % intervals"


def main() -> int:
    """Draw it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT.json")
    parser.add_argument("--picture", type=Path, default=PICTURE, help=f"default: {PICTURE.name}")
    arguments = parser.parse_args()
    try:
        drawn = picture([read_record(report).evidence for report in arguments.reports])
    except LlmqError as error:
        parser.exit(1, f"{error}\n")
    arguments.picture.write_text(drawn, encoding="utf-8", newline="\n")
    return 0


def picture(evidence: Sequence[Evidence]) -> str:
    """The plot with the page's colours, light or dark as the reader's page is."""
    style = (files("llmq_eval.gate.report") / "page.css").read_text(encoding="utf-8")
    rules = re.findall(r"^(?::root \{.*?\n\}|@media screen.*?\n\}|\.plot .*?$)", style, re.S | re.M)
    font = "text { font-family: system-ui, sans-serif; } .plot { overflow: visible; }"
    ground = tag("rect", width=WIDTH, height=HEIGHT, style="fill: var(--paper)")
    points = [replace(point, is_this=True) for point in measured(evidence)]  # all alike
    inner = tag("svg", size_and_quality(points), x=MARGIN, y=MARGIN, width=WIDTH - 2 * MARGIN)
    words = tag("text", CAPTION, x=MARGIN, y=HEIGHT - MARGIN, class_="tick")
    drawn = tag("g", ground, inner, words, class_="plot")
    sized = {"xmlns": "http://www.w3.org/2000/svg", "viewBox": f"0 0 {WIDTH} {HEIGHT}"}
    return f"{tag('svg', Html(f'<style>{font} {chr(10).join(rules)}</style>'), drawn, **sized)}\n"


if __name__ == "__main__":
    sys.exit(main())
