"""Measures the bundled tutor anew for `llmq gate --demo`: eval/llmq_eval/gate/demo.json.

What is kept are the rows, from which every figure follows; the texts are left out.
"""

import argparse
import json
import tempfile
from dataclasses import replace
from pathlib import Path

from llmq import convert
from llmq.gate import measure_evidence
from llmq.gate_plan import gate_plan
from llmq_eval.gate.evidence import Evidence

REPOSITORY = Path(__file__).resolve().parent.parent
DEMO = REPOSITORY / "eval" / "llmq_eval" / "gate" / "demo.json"
RECIPE, SUITES = "Q4_K_M", ("tutoring", "practice")  # what the bundled tutor was trained for


def main() -> None:
    """Convert, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1, help="default: 1")
    arguments = parser.parse_args()
    tutor = REPOSITORY / "eval" / "tutor"
    with tempfile.TemporaryDirectory() as folder:
        base = convert(tutor, Path(folder) / "tutor-BF16.gguf", recipe="BF16")
        quant = convert(tutor, Path(folder) / f"tutor-{RECIPE}.gguf", recipe=RECIPE)
        plan = replace(gate_plan(SUITES), threads=arguments.threads)
        evidence = measure_evidence(base, quant, plan)
    DEMO.write_text(demo_text(evidence), encoding="utf-8", newline="\n")


def demo_text(evidence: Evidence) -> str:
    """The evidence without its samples, a row a line."""
    record = replace(evidence, samples={}).as_json()
    tables = ",\n".join(
        f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]"
        for name, rows in record.pop("tables").items()
    )
    return f'{json.dumps(record)[:-1]},\n"tables": {{\n{tables}\n}}}}\n'


if __name__ == "__main__":
    main()
